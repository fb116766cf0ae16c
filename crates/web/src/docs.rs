//! `/docs`: the OpenAPI document in a browser, with everything it needs from this binary.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::sync::OnceLock;

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Wardroom API</title>
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/start.js"></script>
</body>
</html>
"#;

const START: &str = r##"SwaggerUIBundle({ url: "/v1/openapiV3.json", dom_id: "#swagger-ui", docExpansion: "none", filter: true, deepLinking: true, tagsSorter: "alpha", validatorUrl: null });
"##;

pub(crate) async fn page() -> Html<&'static str> {
    Html(PAGE)
}

pub(crate) async fn asset(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    if name == "start.js" {
        return ([(header::CONTENT_TYPE, "text/javascript")], START).into_response();
    }
    match assets().get(&name) {
        Some(bytes) => {
            let headers = [(header::CONTENT_TYPE, content_type(&name)), (header::CACHE_CONTROL, "max-age=86400")];
            (headers, bytes.as_slice()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

/// The two files of Swagger UI that the page asks for, unpacked when somebody first looks.
fn assets() -> &'static HashMap<String, Vec<u8>> {
    static ASSETS: OnceLock<HashMap<String, Vec<u8>>> = OnceLock::new();
    ASSETS.get_or_init(|| unpack(&["swagger-ui.css", "swagger-ui-bundle.js"]).unwrap_or_default())
}

fn unpack(wanted: &[&str]) -> zip::result::ZipResult<HashMap<String, Vec<u8>>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED))?;
    let mut assets = HashMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let name = file.name()?.rsplit('/').next().unwrap_or_default().to_owned();
        if wanted.contains(&name.as_str()) {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            assets.insert(name, bytes);
        }
    }
    Ok(assets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_finds_all_its_assets_here() {
        assert_eq!(assets().len(), 2);
        assert!(assets().values().all(|bytes| bytes.len() > 10_000));
    }
}
