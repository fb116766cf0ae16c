//! Calendar feeds: who is on call, for calendar programs that subscribe to a secret address.
//!
//! | file        | what it is                                                             |
//! |-------------|--------------------------------------------------------------------------|
//! | `record.rs` | what is stored of a feed                                                 |
//! | `api.rs`    | the operations on feeds                                                  |
//! | `events.rs` | what is in a feed, and the address it is fetched from                    |
//! | `import.rs` | the other way: a calendar becomes overrides                              |
//!
//! A feed's address is shown once, when the feed is made; whoever knows it may read the feed, until the
//! feed is deleted.

mod api;
mod events;
mod import;
mod record;

pub use record::CalendarFeed;

use web::Route;

/// The operations on feeds, and the feeds.
pub(crate) fn routes() -> Vec<Route> {
    [api::routes(), events::routes(), import::routes()].into_iter().flatten().collect()
}
