//! The audit log: who changed what, and when.

use base::{AnyId, Error, Result, Time};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;
use store::Cx;
use store::audit::{Entry, Export, Filter, Format, latest};
use web::{Content, View};

use crate::page::{Page, Refused, pages};

pages! {
    GET "/settings/audit-log" => list;
    GET "/settings/audit-log/export" => export;
}

/// What it takes to read it.
pub const SCOPE: &str = "security_settings.update";
/// Entries on a page.
const AT_ONCE: usize = 50;
/// Entries read at a time for a file.
const BATCH: usize = 1_000;
/// Entries in a file, at most: all of them are in memory while it is made.
const MOST: usize = 50_000;

/// What the address asks for; what can't be read is told of and left out.
fn wanted(page: &Page) -> (Filter, Refused) {
    let mut refused = Refused::default();
    let mut midnight = |name: &str, days_on: i64| {
        let date = page.query.get(name)?.parse::<Date>().ok().and_then(|date| date.checked_add(days_on.days()).ok());
        let read = date.and_then(|date| date.to_zoned(page.zone()).ok());
        let moment = read.and_then(|moment| Time::from_microseconds(moment.timestamp().as_microsecond()));
        if moment.is_none() {
            refused.fields.insert(name.to_owned(), "is not a date".into());
        }
        moment
    };
    // A day ends when the next one begins: twice a year that is not after 24 hours.
    let (from, until) = (midnight("from", 0), midnight("to", 1));
    let text = |name: &str| page.query.get(name).map(str::to_owned);
    let filter = Filter { actor: text("actor"), action: text("action"), target: text("target"), from, until };
    (filter, refused)
}

fn read(page: &Page, filter: Filter, before: Option<AnyId>, limit: usize) -> Result<Vec<Entry>> {
    let look = move |cx: &mut Cx<'_>| latest(cx, &filter, before, limit);
    page.desk.store.read(page.visitor()?.who.clone(), look).wait()
}

fn list(page: &Page) -> Result<View> {
    page.require(SCOPE)?;
    let (filter, refused) = wanted(page);
    let before = page.query.get("after").map(str::parse).transpose().map_err(|_| Error::not_found())?;
    let mut entries = read(page, filter, before, AT_ONCE + 1)?;
    let has_more = entries.len() > AT_ONCE;
    entries.truncate(AT_ONCE);
    let last = entries.last().filter(|_| has_more).map(|entry| json!({"pagination_meta": {"after": entry.id}}));
    let variables = json!({
        "entries": entries, "next": page.next(&last.unwrap_or_default()), "first": page.first(), "most": MOST,
        "export": page.query.with(&[("after", "")]), "is_filtered": page.query.names().any(|name| name != "after"),
    });
    Ok(page.form("settings/audit_log.html", variables, &refused))
}

fn export(page: &Page) -> Result<View> {
    page.require(SCOPE)?;
    let format: Format =
        page.query.text("format").parse().map_err(|problem: &str| Error::invalid("format", problem))?;
    let (filter, _) = wanted(page);
    let mut file = Vec::new();
    let mut out = Export::new(format, &mut file).map_err(Error::internal)?;
    let (mut before, mut written) = (None, 0);
    while written < MOST {
        let batch = read(page, filter.clone(), before, BATCH)?;
        for entry in &batch {
            out.write(entry).map_err(Error::internal)?;
        }
        written += batch.len();
        match batch.last() {
            Some(last) if batch.len() == BATCH => before = Some(last.id),
            _ => break,
        }
    }
    out.finish().map_err(Error::internal)?;
    let kind = match format {
        Format::Jsonl => "application/x-ndjson",
        Format::Csv => "text/csv; charset=utf-8",
    };
    let view = View { status: 200, headers: Vec::new(), content: Content::Whole(kind, file) };
    Ok(view.with_header("content-disposition", format!("attachment; filename=\"audit-log.{format}\"")))
}
