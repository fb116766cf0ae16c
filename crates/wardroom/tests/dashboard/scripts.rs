//! What people type is text, wherever they type it and wherever it is shown.

use std::collections::{BTreeSet, VecDeque};

use people::users::BaseRole;
use testkit::{Browser, Shown, json};

use crate::support::{app, declare, signed_in};

/// As long as a short name may be.
const SCRIPT: &str = "\"'><script>alert(1)</script><img src=x onerror=a>";

/// How many pages are walked through at most.
const PAGES: usize = 300;

/// A form of a page, filled in.
struct Form {
    action: String,
    /// The fields, each with whether it has to be filled in.
    fields: Vec<(String, String, bool)>,
}

impl Form {
    /// Sends it: all of it, or where that is refused what it asks for.
    fn send(&self, browser: &Browser) {
        for is_whole in [true, false] {
            browser.get("/");
            let sent = self.fields.iter().filter(|(_, _, is_required)| is_whole || *is_required);
            let fields: Vec<_> = sent.map(|(name, value, _)| (name.as_str(), value.as_str())).collect();
            let answer = browser.submit(&self.action, &fields);
            expect_harmless(&answer, &self.action);
            if answer.status != 422 {
                return;
            }
        }
    }
}

/// What stands in `tag` as the value of this attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split_once('"')?.0;
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}

/// The tags in `html` with this name, each with what follows it.
fn tags<'h>(html: &'h str, name: &str) -> impl Iterator<Item = (&'h str, &'h str)> {
    let start = format!("<{name} ");
    html.match_indices(&start)
        .map(|(at, _)| html[at + start.len() - 1..].split_once('>').expect("an end"))
        .collect::<Vec<_>>()
        .into_iter()
}

/// The forms of a page that ask for texts, with a script in each.
fn forms(page: &Shown) -> Vec<Form> {
    let main = page.text.split_once("<main").map_or("", |(_, rest)| rest.split("</main>").next().unwrap());
    tags(main, "form").filter_map(|(form, rest)| filled(form, rest.split("</form>").next().unwrap())).collect()
}

fn filled(form: &str, content: &str) -> Option<Form> {
    let is_sent = form.contains("method=\"post\"") && !content.contains("type=\"password\"");
    let mut fields = Vec::new();
    let mut has_text = false;
    for (input, _) in tags(content, "input") {
        let Some(name) = attribute(input, "name").filter(|name| name != "csrf" && name != "shown") else { continue };
        let value = match attribute(input, "type").as_deref() {
            Some("hidden") => attribute(input, "value").unwrap_or_default(),
            Some("checkbox" | "radio" | "file") => continue,
            Some("url") => format!("https://a.example/{SCRIPT}"),
            Some("number") => "1".into(),
            Some("datetime-local") => attribute(input, "value").unwrap_or_default(),
            _ => SCRIPT.into(),
        };
        has_text |= value.contains(SCRIPT);
        let is_required = input.contains(" required") || input.contains("hidden");
        fields.push((name, value, is_required));
    }
    for (area, _) in tags(content, "textarea") {
        has_text = true;
        fields.push((
            attribute(area, "name")?,
            format!("{SCRIPT}\n\n[x](javascript:alert(1)) ![x](https://a.example)"),
            true,
        ));
    }
    for (select, options) in tags(content, "select") {
        let options = options.split("</select>").next().unwrap();
        let mut values = tags(options, "option").filter_map(|(option, _)| attribute(option, "value"));
        if select.contains(" required") {
            fields.push((attribute(select, "name")?, values.find(|value| !value.is_empty()).unwrap_or_default(), true));
        }
    }
    let action = attribute(form, "action")?;
    (is_sent && has_text).then_some(Form { action, fields })
}

#[track_caller]
fn expect_harmless(page: &Shown, path: &str) {
    // What is downloaded is no page.
    let is_page = page.says("<html");
    for mark in ["<script>", "<img", "href=\"javascript", "src=x onerror=a>"] {
        assert!(!(is_page && page.says(mark)), "{path}: {mark}\n{}", page.text);
    }
    assert!(page.status < 500, "{path}: {}", page.status);
}

/// Walks through all pages that can be reached, and shows each to `look`.
fn walk(browser: &Browser, mut look: impl FnMut(&str, &Shown)) -> usize {
    let mut known = BTreeSet::from(["/".to_owned()]);
    let mut next = VecDeque::from(["/".to_owned()]);
    while let Some(path) = next.pop_front() {
        let page = browser.get(&path);
        expect_harmless(&page, &path);
        look(&path, &page);
        for (link, _) in tags(&page.text, "a") {
            let Some(address) = attribute(link, "href").filter(|address| address.starts_with('/')) else { continue };
            let address = address.split('#').next().unwrap().to_owned();
            if known.len() < PAGES && known.insert(address.clone()) {
                next.push_back(address);
            }
        }
    }
    known.len()
}

#[test]
fn a_script_that_is_typed_into_any_field_is_shown_as_text_on_every_page() {
    let app = app();
    let browser = signed_in(&app, "Olga", BaseRole::Owner);
    declare(&browser, "Checkout is down");
    let field = json!({"name": SCRIPT, "description": SCRIPT, "field_type": "text"});
    app.admin().post("/v2/custom_fields", field).expect(201);
    let schedule = json!({"schedule": {"name": SCRIPT, "timezone": "UTC"}});
    app.admin().post("/v2/schedules", schedule).expect(201);
    let mut sent: BTreeSet<String> = BTreeSet::new();
    // What one walk has made has forms that the next one finds.
    for _ in 0..2 {
        let mut found = Vec::new();
        walk(&browser, |_, page| found.extend(forms(page)));
        for form in found {
            if sent.insert(form.action.clone()) {
                form.send(&browser);
            }
        }
    }
    for form in ["/update", "/edit", "/fields", "/actions/new", "/follow-ups/new", "/attachments/new"] {
        assert!(sent.iter().any(|action| action.starts_with("/incidents/") && action.ends_with(form)), "{form}");
    }
    let mut shown = 0;
    let pages = walk(&browser, |_, page| shown += page.text.matches("&lt;script&gt;alert").count());
    assert!(sent.len() > 20 && pages > 60 && shown > 50, "{} forms, {pages} pages, shown {shown} times", sent.len());
}
