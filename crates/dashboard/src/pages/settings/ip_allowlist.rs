//! The IP allow list, as lines of text.

use base::Result;
use serde_json::{Value as Json, json};
use web::View;

use crate::page::{Page, Refused, pages};

pages! {
    GET "/settings/ip-allow-list" => form;
    POST "/settings/ip-allow-list" => set;
}

/// What it takes to change it.
const SCOPE: &str = "security_settings.update";

fn form(page: &Page) -> Result<View> {
    page.require(SCOPE)?;
    with(page, &Refused::default())
}

fn with(page: &Page, refused: &Refused) -> Result<View> {
    let list = page.ask("IPAllowlists V1#ShowIPAllowlist", "", "")?["ip_allowlist"].take();
    let line = |item: &Json| {
        let [value, label] = ["value", "label"].map(|field| item[field].as_str().unwrap_or_default());
        format!("{value} {label}").trim().to_owned()
    };
    let lines: Vec<_> = list["allowlist"].as_array().into_iter().flatten().map(line).collect();
    let variables = json!({"list": list, "lines": lines.join("\n"), "own": page.visit.address});
    Ok(page.form("settings/ip_allowlist.html", variables, refused))
}

fn set(page: &Page) -> Result<View> {
    let item = |line: &str| match line.split_once(char::is_whitespace) {
        Some((value, label)) => json!({"value": value, "label": label.trim()}),
        None => json!({"value": line}),
    };
    let lines = page.form.text("allowlist").lines().map(str::trim).filter(|line| !line.is_empty());
    let body = json!({
        "allowlist": lines.map(item).collect::<Vec<_>>(), "enabled": page.form.text("enabled") == "true",
        "version": page.form.text("version").parse::<i64>().unwrap_or_default(),
    });
    let count = body["allowlist"].as_array().map_or(0, Vec::len);
    match page.submit("IPAllowlists V1#UpdateIPAllowlist", "", body)? {
        Ok(_) => Ok(page.done("/settings/ip-allow-list", "The IP allow list is set")),
        Err(refused) => with(page, &by_line(refused, count)),
    }
}

/// What is wrong with an item is told beside the list, with its line.
fn by_line(mut refused: Refused, count: usize) -> Refused {
    for index in 0..count {
        if let Some(message) = refused.fields.remove(&format!("allowlist.{index}.value")) {
            refused.fields.entry("allowlist".into()).or_insert(format!("entry {} {message}", index + 1));
        }
    }
    refused
}
