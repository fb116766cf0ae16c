//! The dashboard: what people see in a browser.
//!
//! Every page is made of answers of the API's own operations, called in this process on behalf of whoever looks: no rule
//! is written twice, and nobody sees or does here what they could not by the API.
//!
//! | module    | what it is                                                              |
//! |-----------|-------------------------------------------------------------------------|
//! | `desk`    | calling operations                                                       |
//! | `page`    | one request for a page: who asks, for what, with which fields            |
//! | `fields`  | queries and forms                                                        |
//! | `render`  | templates, and the words they have for times and names                   |
//! | `markdown`| what people write at length                                              |
//! | `assets`  | styles and scripts, from the binary                                      |
//! | `live`    | pages that follow what they show                                         |
//! | `calendar`| the picture of a schedule's calendar                                     |
//! | `when`    | moments as people type them                                              |
//! | `pages`   | the pages themselves                                                     |
//!
//! Pages are plain HTML that works without scripts; htmx makes following links and sending forms smooth.

mod assets;
mod calendar;
mod desk;
mod fields;
mod live;
mod markdown;
mod page;
mod pages;
mod render;
mod when;

use std::sync::Arc;

use web::PageRoute;

pub use desk::Desk;

/// Every page of the dashboard.
pub fn pages(desk: Desk) -> Vec<PageRoute> {
    pages::routes(&Arc::new(desk))
}
