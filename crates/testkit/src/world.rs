//! Time and chance, under control.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock, Entropy, Time};

/// A clock that stands still until it is told to move, or somebody waits. It starts on a Monday morning.
#[derive(Clone)]
pub struct FakeClock(Arc<AtomicI64>);

impl Default for FakeClock {
    fn default() -> Self {
        let start: Time = "2026-03-02T09:00:00Z".parse().expect("a timestamp");
        Self(Arc::new(AtomicI64::new(start.microseconds())))
    }
}

impl FakeClock {
    /// Moves on.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).expect("less than 292,000 years"), Ordering::AcqRel);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Time {
        Time::from_microseconds(self.0.load(Ordering::Acquire)).expect("a moment in our era")
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}

/// Bytes that look random and are the same on every run. `seed` keeps several nodes apart.
pub struct CountedEntropy(AtomicU64);

impl CountedEntropy {
    /// The sequence that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed << 32))
    }
}

impl Entropy for CountedEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64 (Steele, Lea, Flood 2014).
            let mut z = self.0.fetch_add(1, Ordering::AcqRel).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}
