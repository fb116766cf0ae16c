//! The hub: what other products do with the public API, done here, against this server or any other host that
//! has the same API.
//!
//! | module    | what it is                                                              |
//! |-----------|-------------------------------------------------------------------------|
//! | `client`  | a careful client of the public API                                       |

pub mod client;
