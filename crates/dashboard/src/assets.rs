//! Styles and scripts, from the binary.

use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

use base::{Error, Result};
use flate2::Compression;
use flate2::read::GzEncoder;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use web::{Content, View};

use crate::page::{Page, pages};

pages! {
    GET "/assets/{name}" everywhere => asset;
}

const ASSETS: &[(&str, &str, &str)] = &[
    ("app.css", "text/css; charset=utf-8", include_str!("../assets/app.css")),
    ("app.js", "text/javascript; charset=utf-8", include_str!("../assets/app.js")),
    ("live.js", "text/javascript; charset=utf-8", include_str!("../assets/live.js")),
    ("oncall.js", "text/javascript; charset=utf-8", include_str!("../assets/oncall.js")),
    // htmx 2.0.11, https://htmx.org, under the Zero-Clause BSD licence.
    ("htmx.js", "text/javascript; charset=utf-8", include_str!("../assets/htmx.min.js")),
    ("icons.svg", "image/svg+xml", include_str!("../assets/icons.svg")),
    ("icon.svg", "image/svg+xml", include_str!("../assets/icon.svg")),
];

/// What is sent of an asset.
struct Asset {
    kind: &'static str,
    content: &'static str,
    zipped: Vec<u8>,
}

/// What stands at each name, which changes with the content: so browsers may keep it for ever.
static BY_NAME: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let asset = |kind, content| Asset { kind, content, zipped: gzip(content) };
    ASSETS.iter().map(|(name, kind, content)| (address(name, content), asset(kind, content))).collect()
});

fn gzip(content: &str) -> Vec<u8> {
    let mut zipped = Vec::new();
    let mut reader = GzEncoder::new(content.as_bytes(), Compression::best());
    reader.read_to_end(&mut zipped).expect("what is in memory can be read");
    zipped
}

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

/// Pages are sent as they are, since what compresses them could tell of the secrets in them; these hold none.
fn asset(page: &Page) -> Result<View> {
    let asset = BY_NAME.get(page.segment(0)).ok_or_else(Error::not_found)?;
    let is_zipped = page.visit.header("accept-encoding").is_some_and(|accepted| accepted.contains("gzip"));
    let content = if is_zipped { asset.zipped.clone() } else { asset.content.as_bytes().to_vec() };
    let view = View { status: 200, headers: Vec::new(), content: Content::Whole(asset.kind, content) };
    let view = view.with_header("cache-control", "public, max-age=31536000, immutable");
    let view = view.with_header("vary", "accept-encoding");
    Ok(if is_zipped { view.with_header("content-encoding", "gzip") } else { view })
}
