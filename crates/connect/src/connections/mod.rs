//! Connections: a product, an API, and the key to it.
//!
//! | module    | what it is                                                              |
//! |-----------|-------------------------------------------------------------------------|
//! | `record`  | what is stored of one                                                    |
//! | `draft`   | what one is made of, before it is known whether that will do             |
//! | `reach`   | the API that a connection leads to                                       |
//! | `api`     | the operations                                                           |

mod api;
mod draft;
mod reach;
mod record;

pub use api::ConnectionBody;
pub(crate) use api::routes;
pub use draft::{Draft, NewConnection, Target};
pub(crate) use reach::client_of_draft;
pub use reach::{Paces, client, client_of};
pub use record::{Connection, State, named};
