//! What is stored of the hub is read for ever.

use connect::connections::Connection;
use connect::links::Link;
use connect::nexla::pipe::Pipe;
use connect::rules::Rule;
use connect::runs::Run;
use testkit::Goldens;

#[test]
fn what_is_stored_is_read_for_ever() {
    let mut goldens = Goldens::of(env!("CARGO_MANIFEST_DIR"));
    goldens.check::<Connection>();
    goldens.check::<Link>();
    goldens.check::<Pipe>();
    goldens.check::<Rule>();
    goldens.check::<Run>();
    goldens.finish();
}
