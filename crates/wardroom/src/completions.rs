//! `wardroom completions`: what makes a shell complete commands.

use std::io::{self, Write};

use clap::Args;
use clap_complete::{Shell, generate};

use crate::Outcome;

/// Print what makes a shell complete commands.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wardroom completions bash > ~/.local/share/bash-completion/completions/wardroom
  wardroom completions zsh > ~/.zfunc/_wardroom
  wardroom completions fish > ~/.config/fish/completions/wardroom.fish")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Runs it, for the command line that `command` describes.
    pub fn run(&self, mut command: clap::Command) -> Outcome {
        let (mut script, name) = (Vec::new(), command.get_name().to_owned());
        generate(self.shell, &mut command, name, &mut script);
        io::stdout().lock().write_all(&script)?;
        Ok(())
    }
}
