//! Settings: keys to the API, what incidents are described with, and who did what.

mod api_keys;
mod audit_log;
mod custom_roles;
mod ip_allowlist;
mod lists;
mod options;
mod sign_in;

use std::sync::Arc;

use base::Result;
use people::roles::{Level, Role};
use serde_json::{Value as Json, json};
use web::{PageRoute, View};

use crate::desk::Desk;
use crate::page::{Page, pages};
use lists::LISTS;

mod overview {
    use super::{pages, show};

    pages! {
        GET "/settings" => show;
    }
}

/// A part of the settings.
struct Section {
    path: &'static str,
    name: &'static str,
    about: &'static str,
    icon: &'static str,
    scope: &'static str,
}

/// Who may come in, and who did what.
const SECTIONS: &[Section] = &[
    Section {
        path: "/settings/api-keys",
        name: "API keys",
        about: "What lets programs in, and what each of them may do",
        icon: "key",
        scope: "api_keys.view",
    },
    Section {
        path: "/settings/sign-in",
        name: "Sign-in",
        about: "Who vouches for people, beside their passwords",
        icon: "person",
        scope: sign_in::SCOPE,
    },
    Section {
        path: "/settings/custom-roles",
        name: "Custom roles",
        about: "What some people may do beside their base role",
        icon: "people",
        scope: custom_roles::SCOPE,
    },
    Section {
        path: "/settings/ip-allow-list",
        name: "IP allow list",
        about: "Where people and programs may come from",
        icon: "lock",
        scope: "security_settings.update",
    },
    Section {
        path: "/settings/audit-log",
        name: "Audit log",
        about: "Who changed what, and when",
        icon: "clock",
        scope: audit_log::SCOPE,
    },
];

/// Every page of the settings.
pub fn routes(desk: &Arc<Desk>) -> Vec<PageRoute> {
    [
        overview::routes,
        api_keys::routes,
        sign_in::routes,
        custom_roles::routes,
        ip_allowlist::routes,
        audit_log::routes,
        options::routes,
        lists::routes,
    ]
    .into_iter()
    .flat_map(|routes| routes(desk))
    .collect()
}

fn show(page: &Page) -> Result<View> {
    let sections: Vec<_> = SECTIONS.iter().filter(|section| page.may(section.scope)).map(Section::told).collect();
    let lists: Vec<_> = LISTS.iter().filter(|list| page.may(list.scope)).map(lists::List::told).collect();
    Ok(page.show("settings/overview.html", json!({"sections": sections, "lists": lists})))
}

/// The roles at a level that the visitor can give, and those that are held already.
fn roles(page: &Page, level: Level, held: &[&str]) -> Vec<Json> {
    let is_offered = |role: &&Role| held.contains(&role.name) || role.scopes.iter().all(|scope| page.may(scope));
    let told = |role: &Role| json!({"id": role.name, "name": role.about, "code": role.name});
    Role::at(level).filter(is_offered).map(told).collect()
}

impl Section {
    fn told(&self) -> Json {
        json!({"path": self.path, "name": self.name, "about": self.about, "icon": self.icon})
    }
}
