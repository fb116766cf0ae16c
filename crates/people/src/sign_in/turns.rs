//! Taking turns: what is dear is done a few times at once, in the order in which it was asked for, and nobody waits in
//! a queue without end.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use base::{Error, Result};

/// How many may wait, unless somebody says otherwise.
const WAITING: u64 = 64;
/// Seconds after which whoever finds the queue full may try again.
const RETRY_AFTER: u64 = 5;

/// A queue before something dear. As a service of the [`World`](base::World) it stands before checking passwords.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    at_once: u64,
    waiting: u64,
    counts: Mutex<Counts>,
    moved: Condvar,
}

/// Who comes gets the next number, and it is their turn once all but the last few before them are done.
#[derive(Debug, Default)]
struct Counts {
    given: u64,
    done: u64,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub struct Turn(Arc<Queue>);

impl Turns {
    /// A queue of which `at_once` have their turn and `waiting` wait at most.
    pub fn new(at_once: u64, waiting: u64) -> Self {
        Self(Arc::new(Queue { at_once, waiting, counts: Mutex::default(), moved: Condvar::new() }))
    }

    /// One turn for each core, and two at least.
    pub fn for_each_core() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        Self::new(cores.max(2), WAITING)
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// That too many wait already.
    pub fn take(&self) -> Result<Turn> {
        let queue = &self.0;
        let mut counts = queue.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.given - counts.done >= queue.at_once + queue.waiting {
            return Err(Error::busy("Too many people sign in at this moment: try again in a few seconds", RETRY_AFTER));
        }
        let number = counts.given;
        counts.given += 1;
        let is_early = |counts: &mut Counts| number >= counts.done + queue.at_once;
        drop(queue.moved.wait_while(counts, is_early).unwrap_or_else(PoisonError::into_inner));
        Ok(Turn(Arc::clone(queue)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner).done += 1;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use base::ErrorKind;

    use super::*;

    fn given(turns: &Turns) -> u64 {
        turns.0.counts.lock().unwrap().given
    }

    #[test]
    fn a_few_have_their_turn_at_once_and_the_others_theirs_in_order() {
        let turns = Turns::new(2, 3);
        let first = [turns.take().unwrap(), turns.take().unwrap()];
        let (tell, told) = mpsc::channel();
        let mut waiting = Vec::new();
        for number in 0..3 {
            let (turns, tell, before) = (turns.clone(), tell.clone(), given(&turns));
            let wait = {
                let turns = turns.clone();
                move || {
                    let turn = turns.take().unwrap();
                    tell.send(number).unwrap();
                    turn
                }
            };
            waiting.push(thread::spawn(wait));
            while given(&turns) == before {
                thread::yield_now();
            }
        }
        assert!(told.try_recv().is_err(), "nobody goes before it is their turn");
        assert!(matches!(turns.take().unwrap_err().kind(), ErrorKind::Busy { retry_after: 5 }));
        drop(first);
        let turns_taken: Vec<_> = waiting.drain(..2).map(|waiting| waiting.join().unwrap()).collect();
        let mut gone = [told.recv().unwrap(), told.recv().unwrap()];
        gone.sort_unstable();
        assert_eq!((gone, told.try_recv().is_err()), ([0, 1], true));
        drop(turns_taken);
        assert_eq!(told.recv().unwrap(), 2);
    }
}
