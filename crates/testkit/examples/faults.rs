//! A proxy that fails: `faults http://HOST:PORT N` says where it listens, and lets every Nth request go wrong in one
//! way after the other. For benchmarks.

use std::time::Duration;

use base::World;
use testkit::{Fault, Proxy, RetryAfter};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let target = arguments.next().expect("the server to stand before: http://HOST:PORT");
    let every = arguments.next().and_then(|n| n.parse().ok()).expect("how many requests there are for one that fails");
    let proxy = Proxy::to(&target);
    proxy.every(
        every,
        &[
            Fault::LostAnswer,
            Fault::Status(503),
            Fault::Limited(RetryAfter::Seconds(1)),
            Fault::Truncated,
            Fault::AfterStatus(502),
            Fault::HalfChunk,
            Fault::Garbled,
        ],
    );
    println!("listening on {}", proxy.url());
    loop {
        World::system().sleep(Duration::from_secs(1));
        proxy.forget();
    }
}
