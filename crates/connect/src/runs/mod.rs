//! Runs: everything that the hub has asked of an API, who wanted it, and what came of it.
//!
//! | module    | what it is                                                              |
//! |-----------|-------------------------------------------------------------------------|
//! | `record`  | what is stored of one                                                    |
//! | `perform` | doing it: outside any transaction, in a job or at the command line       |
//! | `act`     | having a connection do something, and what follows from that             |
//! | `api`     | the operations                                                           |

mod act;
mod api;
mod perform;
mod record;

pub(crate) use act::{Acted, Order, act, action_of, settle, storable};
pub use api::RunBody;
pub(crate) use api::{awaited, name_of, routes};
pub(crate) use perform::{HOUSEKEEPING, JOB, deliver, enqueue, still_ours};
pub use perform::{connect, perform, perform_now, start};
pub use record::{Run, RunError, State, Task};
