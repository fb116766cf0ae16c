//! Where the organisation is kept, and the one way it changes.
//!
//! A feature says what it stores ([`Record`]) and works in a unit of work ([`Cx`]): one transaction,
//! done by somebody ([`Who`]), at one moment, whose changes are all audited and whose announcements
//! and jobs exist exactly when it committed. [`Store`] opens units of work; everything else here
//! serves it:
//!
//! | module     | what it is                                                            |
//! |------------|-----------------------------------------------------------------------|
//! | `store`    | [`Store`], [`Part`]: what a feature brings along                       |
//! | `cx`       | [`Cx`], [`Who`]: the unit of work                                      |
//! | `record`   | [`Record`], [`Stored`]: documents with promoted columns and a version  |
//! | `query`    | [`Condition`], [`Paging`]: filters and pages                           |
//! | `cache`    | [`Cached`]: small tables kept in memory, exact in every transaction    |
//! | `jobs`     | [`Job`], [`JobKind`], [`Runner`]: what waits                           |
//! | `outbox`   | [`Event`]: what others want to hear of                                 |
//! | `audit`    | [`audit::Entry`]: who changed what                                     |
//! | `vault`    | [`Cx::seal`], [`vault::rotate`]: secrets that have to be used again       |
//! | `outside`  | [`outside::Table`]: tables of other databases                          |
//! | `db`       | connections, each on a thread of its own; work comes to them           |
//! | `sqlite`, `postgres` | the only places that know which database it is               |

mod cache;
mod cx;
mod db;
mod migrate;
mod outbox;
mod postgres;
mod query;
mod record;
mod sqlite;
mod store;
mod tls;
mod tx;
mod value;

pub mod audit;
pub mod jobs;
pub mod outside;
pub mod vault;

pub use cache::Cached;
pub use cx::{Cx, Origin, Who};
pub use db::{Location, Pending};
pub use jobs::{After, Job, JobKind, Runner, Waits};
pub use migrate::{Migration, Progress};
pub use outbox::{Event, Subscriber};
pub use query::{Condition, Direction, Paging, Slice, containing};
pub use record::{Record, Stored};
pub use store::{Follower, ManagedKind, Part, Site, Store, Wants, Wiring, while_renewed};
pub use tx::Tx;
pub use value::{Row, Value};
