//! Integrations: the products that connect, and everything that was asked of them.

mod connections;
mod inputs;
mod pipes;
mod rules;
mod runs;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Result;
use serde_json::{Value as Json, json};
use web::{PageRoute, View};

use crate::desk::Desk;
use crate::fields::query;
use crate::page::Page;

mod products {
    use super::{overview, show};
    use crate::page::pages;

    pages! {
        GET "/integrations" => overview;
        GET "/integrations/{product}" => show;
    }
}

/// Every page of the integrations.
pub fn routes(desk: &Arc<Desk>) -> Vec<PageRoute> {
    [products::routes, connections::routes, runs::routes, rules::routes, pipes::routes]
        .into_iter()
        .flat_map(|routes| routes(desk))
        .collect()
}

/// A tile for each product, under its category.
fn overview(page: &Page) -> Result<View> {
    let products = page.ask("Hub Products V1#List", "", "")?["products"].take();
    let connections = connections::connections(page)?;
    let mut categories: BTreeMap<&str, Vec<Json>> = BTreeMap::new();
    for product in products.as_array().into_iter().flatten() {
        let own = connections.as_array().into_iter().flatten();
        let own: Vec<_> = own.filter(|connection| connection["product"] == product["id"]).collect();
        let is_failing = own.iter().any(|connection| connection["status"] == "failing");
        let tile = json!({"product": product, "connections": own, "is_failing": is_failing});
        categories.entry(product["category"].as_str().unwrap_or_default()).or_default().push(tile);
    }
    let categories: Vec<_> = categories.iter().map(|(name, tiles)| json!({"name": name, "tiles": tiles})).collect();
    Ok(page.show("integrations/overview.html", json!({"categories": categories})))
}

/// A product, by its name in addresses.
fn product(page: &Page, id: &str) -> Result<Json> {
    Ok(page.ask("Hub Products V1#Show", id, "")?["product"].take())
}

fn show(page: &Page) -> Result<View> {
    let product = product(page, page.segment(0))?;
    let wanted = query(&[("product", page.segment(0)), ("page_size", "250")]);
    let connections = page.ask("Hub Connections V1#List", "", &wanted)?["connections"].take();
    Ok(page.show("integrations/product.html", json!({"product": product, "connections": connections})))
}
