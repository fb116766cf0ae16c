//! x
use crate::Outcome;
use clap::Args;
/// x
#[derive(Debug, Args)]
pub struct Demo {}
impl Demo {
    /// x
    pub fn run(&self) -> Outcome {
        Ok(())
    }
}
