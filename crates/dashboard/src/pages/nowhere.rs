//! Addresses at which there is nothing.

use base::{Error, Result};
use web::{Content, View};

use crate::page::{Page, pages};

pages! {
    GET "/{*address}" public => nothing;
}

/// Says so to people; programs read the status.
fn nothing(page: &Page) -> Result<View> {
    let is_read = page.visit.header("accept").is_some_and(|accept| accept.contains("text/html"));
    if is_read {
        Err(Error::not_found())
    } else {
        Ok(View { status: 404, headers: Vec::new(), content: Content::Whole("text/plain", Vec::new()) })
    }
}
