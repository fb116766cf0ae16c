//! What a program can't compute: the time, chance, and what others do for it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::{Id, Time};

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// The current moment.
    fn now(&self) -> Time;

    /// Waits until this much time has passed.
    fn sleep(&self, duration: Duration);
}

/// A source of bytes nobody can guess.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The clock, the entropy and the services outside that everything in one process shares.
#[derive(Clone)]
pub struct World {
    services: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// The random part of the last identifier.
    last_id: Arc<Mutex<Option<u128>>>,
}

impl World {
    /// A world with this clock and this entropy.
    pub fn new(clock: impl Clock + 'static, entropy: impl Entropy + 'static) -> Self {
        Self { services: HashMap::new(), clock: Arc::new(clock), entropy: Arc::new(entropy), last_id: Arc::default() }
    }

    /// The same world with a service in it, in place of another of its type.
    pub fn with<S: Any + Send + Sync>(mut self, service: S) -> Self {
        self.services.insert(TypeId::of::<S>(), Arc::new(service));
        self
    }

    /// The service of this type, if there is one. Only jobs may use one that waits for others, since no
    /// transaction may; one that doesn't wait may be used anywhere.
    pub fn service<S: Any + Send + Sync>(&self) -> Option<&S> {
        self.services.get(&TypeId::of::<S>())?.downcast_ref()
    }

    /// The machine's clock and its operating system's entropy.
    pub fn system() -> Self {
        Self::new(SystemClock, SystemEntropy)
    }

    /// The current moment.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Waits until this much time has passed. Only what runs outside transactions may.
    pub fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration);
    }

    /// A new identifier, made now.
    pub fn new_id<T: ?Sized>(&self) -> Id<T> {
        self.new_id_at(self.now())
    }

    /// A new identifier that sorts as if made at `moment`. Those of one millisecond sort in the order
    /// they were made in, also when identifiers of other moments were made in between: the random part
    /// only counts up, from where chance has it begin.
    pub fn new_id_at<T: ?Sized>(&self, moment: Time) -> Id<T> {
        let mut last = self.last_id.lock().expect("no one panics holding the last ID");
        let random = match *last {
            Some(random) => random + 1,
            // The highest bit stays clear, so that there is room to count up.
            None => u128::from_be_bytes(self.secret()) & (u128::MAX >> 49),
        };
        *last = Some(random);
        Id::from_parts(moment.milliseconds(), random)
    }

    /// `N` bytes nobody can guess.
    pub fn secret<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Time {
        Time::from_microseconds(jiff::Timestamp::now().as_microsecond())
            .expect("the machine's clock is between the years 0 and 9999")
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// The operating system's entropy.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system for entropy")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives entropy");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AnyId;

    #[test]
    fn ids_made_in_one_millisecond_sort_in_the_order_they_were_made_in() {
        let (world, moment) = (World::system(), "2024-03-01T12:00:00Z".parse().unwrap());
        let make = |_| {
            let id = world.new_id_at(moment);
            world.new_id::<()>(); // somebody else's
            id
        };
        let ids: Vec<AnyId> = (0..1_000).map(make).collect();
        assert!(ids.is_sorted_by(|earlier, later| earlier < later));
    }
}
