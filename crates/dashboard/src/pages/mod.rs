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
mod pickers;
mod settings;
mod sign_in;
mod teams;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use web::{Method, PageRoute, View, Visit};

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
    /// The keys that lead there, one after the other.
    pub keys: &'static str,
    /// What somebody has to hold for it to be of use.
    pub scope: Option<&'static str>,
}

/// The navigation.
pub const NAVIGATION: &[Entry] = &[
    Entry { path: "/", name: "Home", icon: "home", keys: "g h", scope: None },
    Entry { path: "/incidents", name: "Incidents", icon: "flame", keys: "g i", scope: Some("incidents.view") },
    Entry { path: "/on-call", name: "On-call", icon: "phone", keys: "g o", scope: Some("schedules.view") },
    Entry { path: "/catalog", name: "Catalog", icon: "book", keys: "g c", scope: Some("catalog_types.view") },
    Entry { path: "/teams", name: "Teams", icon: "people", keys: "g t", scope: Some("catalog_entries.view") },
    Entry { path: "/people", name: "People", icon: "person", keys: "g p", scope: Some("users.view") },
    Entry { path: "/integrations", name: "Integrations", icon: "plug", keys: "g n", scope: Some("hub.view") },
    Entry { path: "/settings", name: "Settings", icon: "gear", keys: "g s", scope: Some("severities.view") },
];

/// What keys do besides: the keys, what it is called, what it does, and what somebody has to hold for it. The page's
/// script does what the list in the help says; see `app.js` for the words.
pub const SHORTCUTS: &[(&str, &str, &str, Option<&str>)] = &[
    ("g m", "Your account", "go /me", None),
    ("n", "Declare an incident", "go /incidents/new", Some("incidents.create")),
    ("/", "Search or filter", "search", None),
    ("?", "This help", "help", None),
];

/// Every page.
pub fn routes(desk: &Arc<Desk>) -> Vec<PageRoute> {
    let routes = shown(desk);
    let ways_up = ways_up(&routes);
    [routes, ways_up].concat()
}

/// The ways from addresses that forms are sent to, and at which nothing is shown, to the nearest page above: for whoever
/// loads what they were answered once more.
fn ways_up(routes: &[PageRoute]) -> Vec<PageRoute> {
    let pages: HashSet<_> = routes.iter().filter(|route| route.method == Method::GET).map(|route| route.path).collect();
    let is_page = |path: &str| pages.contains(if path.is_empty() { "/" } else { path });
    let way_up = |path: &'static str| {
        let steps = (1..).find(|steps| is_page(above(path, *steps))).unwrap_or_default();
        let show = move |visit: Visit| View::go_to(format!("/{}", above(&visit.path, steps).trim_start_matches('/')));
        PageRoute { method: Method::GET, path, largest_body: 0, show: Arc::new(show) }
    };
    let forms: BTreeSet<_> = routes.iter().map(|route| route.path).filter(|path| !pages.contains(path)).collect();
    forms.into_iter().map(way_up).collect()
}

/// A path without its last steps.
fn above(path: &str, steps: usize) -> &str {
    path.rsplitn(steps + 1, '/').nth(steps).unwrap_or_default()
}

fn shown(desk: &Arc<Desk>) -> Vec<PageRoute> {
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
