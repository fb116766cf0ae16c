//! Templates, and the words they have for times and names.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde_json::{Value as Json, json};

use crate::assets;
use crate::fields::step;
use crate::markdown;
use crate::page::{Page, Refused};
use crate::pages::{Entry, NAVIGATION, SHORTCUTS};

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../templates/", $name)))),+]
    };
}

/// How many colours there are for people's circles.
const HUES: u32 = 12;

const TEMPLATES: &[(&str, &str)] = templates![
    "layout.html",
    "parts.html",
    "error.html",
    "sign_in.html",
    "sign_in_link.html",
    "sign_in_code.html",
    "home.html",
    "me.html",
    "second_factor.html",
    "recovery_codes.html",
    "incidents/list.html",
    "incidents/declare.html",
    "incidents/show.html",
    "incidents/update.html",
    "incidents/update_form.html",
    "incidents/edit.html",
    "incidents/roles.html",
    "incidents/fields.html",
    "incidents/action.html",
    "incidents/follow_up.html",
    "incidents/attachment.html",
    "incidents/members.html",
    "on_call/tabs.html",
    "on_call/schedules.html",
    "on_call/schedule.html",
    "on_call/calendar.html",
    "on_call/override.html",
    "on_call/covers.html",
    "on_call/own_shifts.html",
    "on_call/cover.html",
    "on_call/cover_form.html",
    "on_call/time_off.html",
    "on_call/time_off_form.html",
    "on_call/feeds.html",
    "on_call/feed.html",
    "catalog/parts.html",
    "catalog/types.html",
    "catalog/entries.html",
    "catalog/entry.html",
    "catalog/edit.html",
    "catalog/import.html",
    "catalog/type_form.html",
    "catalog/type_delete.html",
    "catalog/attributes.html",
    "catalog/attribute.html",
    "teams/list.html",
    "teams/show.html",
    "people/list.html",
    "people/show.html",
    "people/add.html",
    "people/link.html",
    "integrations/overview.html",
    "integrations/product.html",
    "integrations/connect.html",
    "integrations/connection.html",
    "integrations/action.html",
    "integrations/runs.html",
    "integrations/run.html",
    "integrations/run_rows.html",
    "integrations/rules.html",
    "integrations/rule.html",
    "integrations/rule_made.html",
    "integrations/pipes.html",
    "integrations/pipe.html",
    "integrations/pipe_parts.html",
    "integrations/pipe_form.html",
    "settings/overview.html",
    "settings/list.html",
    "settings/item.html",
    "settings/option.html",
    "settings/api_keys.html",
    "settings/api_key_new.html",
    "settings/api_key.html",
    "settings/grant.html",
    "settings/token.html",
    "settings/identifiers.html",
    "settings/ip_allowlist.html",
    "settings/audit_log.html",
    "settings/sign_in.html",
    "settings/custom_role.html",
    "settings/custom_roles.html",
    "settings/identity_provider.html",
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // Answers leave out what there is none of; a page is shown all the same.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters"));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).unwrap_or_else(|error| panic!("{name}: {error:#}"));
    }
    environment.add_filter("day", |text: &str, zone: &str| at(text, zone, "%a %-d %b %Y"));
    environment.add_filter("clock", |text: &str, zone: &str| at(text, zone, "%H:%M"));
    environment.add_filter("moment", |text: &str, zone: &str| at(text, zone, "%-d %b %Y, %H:%M:%S %Z"));
    environment.add_filter("short", |text: &str, zone: &str| at(text, zone, "%a %-d %b, %H:%M"));
    environment.add_filter("ago", ago);
    environment.add_filter("lasted", lasted);
    environment.add_filter("initials", initials);
    environment.add_filter("browser", browser);
    environment
        .add_filter("hue", |text: &str| text.bytes().fold(7_u32, |hue, byte| (hue * 31 + u32::from(byte)) % HUES));
    environment.add_filter("link", |address: &str| if is_web(address) { address.to_owned() } else { String::new() });
    environment.add_filter("markdown", |text: &str| Value::from_safe_string(markdown::html(text)));
    environment.add_filter("step", |text: &str| step(text).into_owned());
    environment.add_filter("truth", |value: bool| if value { "true" } else { "false" });
    environment.add_filter("words", |text: &str| text.replace('_', " "));
    environment
});

/// A page of this template.
pub fn page(page: &Page, template: &str, variables: Json) -> Result<String, Error> {
    let zone = page.zone();
    let zone = zone.iana_name().unwrap_or("UTC");
    let visitor = page.visitor_if_any();
    let me = visitor.map(|visitor| {
        let (id, name, role) = (visitor.user.id, &visitor.user.name, visitor.user.role.as_str());
        json!({"id": id, "name": name, "role": role, "email": visitor.user.email})
    });
    let common = json!({
        "me": me, "csrf_token": visitor.map(|visitor| visitor.session.csrf().reveal().to_owned()), "zone": zone,
        "now": page.desk.store.world().now(), "path": page.visit.path, "address": page.address(),
        "assets": assets::addresses(), "done": page.told(), "organisation": page.desk.store.site().organisation, "refused": Refused::default(),
        "query": page.query.as_json(), "navigation": navigation(page), "shortcuts": shortcuts(page),
    });
    let access = visitor.map(|visitor| Arc::clone(&visitor.who.access));
    let may = move |scope: &str| access.as_ref().is_some_and(|access| access.everywhere(scope));
    let own = minijinja::context! { may => Value::from_function(may), ..Value::from(Serde(variables)) };
    let all = minijinja::context! { ..own, ..Value::from(Serde(common)) };
    ENVIRONMENT.get_template(template)?.render(all)
}

/// Where the visitor may go.
fn navigation(page: &Page) -> Json {
    let shown = NAVIGATION.iter().filter(|entry| entry.scope.is_none_or(|scope| page.may(scope)));
    let entry = |entry: &Entry| {
        let is_here = match entry.path {
            "/" => page.visit.path == "/",
            path => page.visit.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        json!({"path": entry.path, "name": entry.name, "icon": entry.icon, "is_here": is_here})
    };
    shown.map(entry).collect()
}

/// What keys do for the visitor.
fn shortcuts(page: &Page) -> Json {
    let is_of_use = |scope: Option<&str>| scope.is_none_or(|scope| page.may(scope));
    let places = NAVIGATION.iter().map(|entry| (entry.keys, entry.name, format!("go {}", entry.path), entry.scope));
    let others = SHORTCUTS.iter().map(|(keys, name, does, scope)| (*keys, *name, (*does).to_owned(), *scope));
    let shown = places.chain(others).filter(|(.., scope)| is_of_use(*scope));
    shown.map(|(keys, name, does, _)| json!({"keys": keys, "name": name, "does": does})).collect()
}

/// A moment as the reader's clock shows it.
fn at(text: &str, zone: &str, form: &str) -> Result<String, Error> {
    let unreadable = |error: jiff::Error| Error::new(ErrorKind::InvalidOperation, error.to_string());
    let moment: Timestamp = text.parse().map_err(unreadable)?;
    Ok(moment.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC)).strftime(form).to_string())
}

/// Whether an address leads to a page: scripts have addresses, too.
pub fn is_web(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme))
}

/// How long ago a moment was, or how soon it will be: `3 h ago`, `in 2 d`.
fn ago(text: &str, now: &str) -> Result<String, Error> {
    let seconds = seconds_between(text, now)?;
    let span = length(seconds.abs());
    Ok(match seconds {
        -59..60 => "just now".into(),
        ..=-60 => format!("in {span}"),
        _ => format!("{span} ago"),
    })
}

/// How long it is from one moment to another: `3 h 20 min`.
fn lasted(from: &str, to: &str) -> Result<String, Error> {
    let seconds = seconds_between(from, to)?.max(0);
    let (minutes, hours) = (seconds / 60 % 60, seconds / 3_600);
    Ok(match hours {
        0 => format!("{minutes} min"),
        1..48 if minutes > 0 => format!("{hours} h {minutes} min"),
        _ => length(seconds),
    })
}

fn seconds_between(from: &str, to: &str) -> Result<i64, Error> {
    let unreadable = |error: jiff::Error| Error::new(ErrorKind::InvalidOperation, error.to_string());
    let (from, to): (Timestamp, Timestamp) = (from.parse().map_err(unreadable)?, to.parse().map_err(unreadable)?);
    Ok(to.duration_since(from).as_secs())
}

/// A length of time in its largest unit.
fn length(seconds: i64) -> String {
    match seconds {
        ..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `AL` for Ada Lovelace.
pub fn initials(name: &str) -> String {
    let letters: Vec<_> = name.split_whitespace().filter_map(|word| word.chars().next()).collect();
    let chosen = [letters.first(), letters.get(1).and(letters.last())];
    chosen.into_iter().flatten().flat_map(|letter| letter.to_uppercase()).collect()
}

/// What a browser calls itself, in a few words: `Firefox on Linux`.
fn browser(user_agent: &str) -> String {
    let known = |words: &[(&str, &'static str)]| {
        words.iter().find_map(|(mark, name)| user_agent.contains(mark).then_some(*name))
    };
    // Most call themselves by the names of others, too: the first to fit is what they are.
    let names =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iOS"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    match (known(&names), known(&systems)) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        _ => user_agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_by_the_reader_s_clock() {
        let moment = "2026-03-29T01:30:00Z";
        assert_eq!(at(moment, "Europe/Berlin", "%H:%M").unwrap(), "03:30");
        assert_eq!(at(moment, "nowhere", "%H:%M").unwrap(), "01:30");
        for (now, told) in [
            ("2026-03-29T01:30:30Z", "just now"),
            ("2026-03-29T01:35:00Z", "5 min ago"),
            ("2026-03-30T01:30:00Z", "24 h ago"),
            ("2026-04-03T01:30:00Z", "5 d ago"),
            ("2026-03-28T23:30:00Z", "in 2 h"),
        ] {
            assert_eq!(ago(moment, now).unwrap(), told);
        }
        assert_eq!(lasted(moment, "2026-03-29T04:50:00Z").unwrap(), "3 h 20 min");
    }

    #[test]
    fn every_template_can_be_read() {
        assert_eq!(ENVIRONMENT.templates().count(), TEMPLATES.len());
    }

    #[test]
    fn only_addresses_of_pages_become_links() {
        let addresses =
            ["https://a.example", "HTTP://a.example", "javascript:alert(1)", " javascript:x", "data:text/html,x"];
        assert_eq!(addresses.map(is_web), [true, true, false, false, false]);
    }

    #[test]
    fn browsers_have_names() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!([chrome, "curl/8.5"].map(browser), ["Chrome on Linux", "curl/8.5"]);
    }

    #[test]
    fn people_have_initials() {
        assert_eq!(["Ada Lovelace", "Ada", "Ada King Lovelace", ""].map(initials), ["AL", "A", "AL", ""]);
    }
}
