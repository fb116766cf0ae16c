//! Styles and scripts, from the binary.

use std::collections::HashMap;
use std::sync::LazyLock;

use base::{Error, Result};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use web::{Content, View};

use crate::page::{Page, pages};

pages! {
    GET "/assets/{name}" public => asset;
}

const ASSETS: &[(&str, &str, &str)] = &[
    ("app.css", "text/css; charset=utf-8", include_str!("../assets/app.css")),
    ("app.js", "text/javascript; charset=utf-8", include_str!("../assets/app.js")),
    ("oncall.js", "text/javascript; charset=utf-8", include_str!("../assets/oncall.js")),
    // htmx 2.0.11, https://htmx.org, under the Zero-Clause BSD licence.
    ("htmx.js", "text/javascript; charset=utf-8", include_str!("../assets/htmx.min.js")),
    ("icons.svg", "image/svg+xml", include_str!("../assets/icons.svg")),
    ("icon.svg", "image/svg+xml", include_str!("../assets/icon.svg")),
];

/// What stands at each name, which changes with the content: so browsers may keep it for ever.
static BY_NAME: LazyLock<HashMap<String, (&str, &str)>> =
    LazyLock::new(|| ASSETS.iter().map(|(name, kind, content)| (address(name, content), (*kind, *content))).collect());

fn address(name: &str, content: &str) -> String {
    let digest = hex::encode(&Sha256::digest(content)[..6]);
    let (stem, kind) = name.split_once('.').unwrap_or((name, ""));
    format!("{stem}-{digest}.{kind}")
}

/// Where each asset is: `{"app_css": "/assets/app-0123.css"}`.
pub fn addresses() -> &'static Json {
    static ADDRESSES: LazyLock<Json> = LazyLock::new(|| {
        let of = |(name, _, content): &(&str, &str, &str)| {
            (name.replace('.', "_"), format!("/assets/{}", address(name, content)).into())
        };
        Json::Object(ASSETS.iter().map(of).collect::<Map<_, _>>())
    });
    &ADDRESSES
}

fn asset(page: &Page) -> Result<View> {
    let (kind, content) = BY_NAME.get(page.segment(0)).ok_or_else(Error::not_found)?;
    let view = View { status: 200, headers: Vec::new(), content: Content::Whole(kind, content.as_bytes().to_vec()) };
    Ok(view.with_header("cache-control", "public, max-age=31536000, immutable"))
}
