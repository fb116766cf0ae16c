//! The pages, a module for each part of the navigation.

mod catalog;
mod home;
mod incident;
mod incidents;
mod integrations;
mod me;
mod nowhere;
mod on_call;
mod people;
mod settings;
mod sign_in;
mod teams;

use std::sync::Arc;

use web::PageRoute;

use crate::assets;
use crate::desk::Desk;

/// What the navigation leads to.
pub struct Entry {
    /// Where it is.
    pub path: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Its drawing among the icons.
    pub icon: &'static str,
    /// What somebody has to hold for it to be of use.
    pub scope: Option<&'static str>,
}

/// The navigation.
pub const NAVIGATION: &[Entry] = &[
    Entry { path: "/", name: "Home", icon: "home", scope: None },
    Entry { path: "/incidents", name: "Incidents", icon: "flame", scope: Some("incidents.view") },
    Entry { path: "/on-call", name: "On-call", icon: "phone", scope: Some("schedules.view") },
    Entry { path: "/catalog", name: "Catalog", icon: "book", scope: Some("catalog_types.view") },
    Entry { path: "/teams", name: "Teams", icon: "people", scope: Some("catalog_entries.view") },
    Entry { path: "/people", name: "People", icon: "person", scope: Some("users.view") },
    Entry { path: "/integrations", name: "Integrations", icon: "plug", scope: Some("hub.view") },
    Entry { path: "/settings", name: "Settings", icon: "gear", scope: Some("severities.view") },
];

/// Every page.
pub fn routes(desk: &Arc<Desk>) -> Vec<PageRoute> {
    [
        assets::routes,
        sign_in::routes,
        home::routes,
        me::routes,
        incidents::routes,
        incident::routes,
        incident::fields::routes,
        on_call::routes,
        catalog::routes,
        teams::routes,
        people::routes,
        integrations::routes,
        settings::routes,
        nowhere::routes,
    ]
    .into_iter()
    .flat_map(|routes| routes(desk))
    .collect()
}
