//! Making, changing and deleting types.

use std::collections::BTreeMap;

use base::{Error, Id, Problems, Result};
use people::teams::Teams;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Condition, Cx, Stored};

use super::record::{CatalogType, Category, Color, Icon, Schema};
use crate::entries;

/// A type, in a request. A field that is absent is cleared.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct TypePayload {
    /// What tools noted down on it.
    pub annotations: Option<BTreeMap<String, String>>,
    /// What it is filed under.
    pub categories: Option<Vec<Category>>,
    /// Its colour in the dashboard.
    pub color: Option<Color>,
    /// What it is for.
    pub description: String,
    /// Its picture in the dashboard.
    pub icon: Option<Icon>,
    /// What people call it.
    pub name: String,
    /// Whether its entries have an order.
    pub ranked: Option<bool>,
    /// Where it is managed.
    pub source_repo_url: Option<String>,
}

/// What only the third version knows of a type; the second one leaves it as it is.
#[derive(Clone, Debug)]
pub(super) struct Extra {
    pub owning_teams: Vec<String>,
    pub use_name_as_identifier: bool,
}

/// Characters that the names of a type have at most.
const LONGEST_NAME: usize = 200;

/// Makes a type.
pub(super) fn create(
    cx: &mut Cx<'_>,
    payload: TypePayload,
    extra: Option<&Extra>,
    type_name: Option<String>,
) -> Result<CatalogType> {
    let type_name = type_name.unwrap_or_else(|| derived_type_name(&payload.name));
    let fits = type_name.len() <= LONGEST_NAME;
    let taken = cx.any::<CatalogType>(Condition::equal("type_name", type_name.as_str()))?;
    let mut catalog_type = CatalogType {
        id: cx.new_id(),
        name: String::new(),
        type_name,
        description: String::new(),
        color: Color::Blue,
        icon: Icon::Box,
        categories: Vec::new(),
        ranked: false,
        use_name_as_identifier: false,
        annotations: BTreeMap::new(),
        source_repo_url: None,
        owning_teams: Vec::new(),
        schema: Schema { version: 1, attributes: Vec::new() },
        mirrors: None,
        is_team_type: false,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    let mut problems = Problems::new();
    problems.keep(payload.apply(cx, extra, &mut catalog_type))?;
    problems.check(is_custom(&catalog_type.type_name), "type_name", "has the form Custom[\"SomeName\"]");
    problems.check(fits, "type_name", &format!("has at most {LONGEST_NAME} characters"));
    problems.check(!taken, "type_name", &format!("there is a type {} already", catalog_type.type_name));
    problems.finish()?;
    cx.prove_owned(&catalog_type.owning_teams)?;
    store(cx, &catalog_type)?;
    Ok(catalog_type)
}

/// Stores a new type.
pub(crate) fn store(cx: &mut Cx<'_>, catalog_type: &CatalogType) -> Result<()> {
    cx.insert(catalog_type)?;
    entries::begin_tally(cx, catalog_type.id)
}

/// Changes a type. Its attributes stay: see [`super::schema`].
pub(super) fn update(
    cx: &mut Cx<'_>,
    id: Id<CatalogType>,
    payload: TypePayload,
    extra: Option<&Extra>,
) -> Result<Stored<CatalogType>> {
    entries::hold_types(cx, [id])?;
    let mut catalog_type = cx.get(id)?;
    cx.prove_owned(&catalog_type.owning_teams)?;
    catalog_type.must_be_editable()?;
    let found_by_name = catalog_type.use_name_as_identifier;
    payload.apply(cx, extra, &mut catalog_type)?;
    cx.prove_owned(&catalog_type.owning_teams)?;
    catalog_type.updated_at = cx.now();
    cx.save(&mut catalog_type)?;
    if catalog_type.use_name_as_identifier != found_by_name {
        entries::index_names(cx, &catalog_type)?;
    }
    Ok(catalog_type)
}

/// Deletes a type with everything in it.
pub(super) fn delete(cx: &mut Cx<'_>, id: Id<CatalogType>) -> Result<()> {
    entries::hold_types(cx, [id])?;
    let catalog_type = cx.get(id)?;
    cx.prove_owned(&catalog_type.owning_teams)?;
    catalog_type.must_be_editable()?;
    if catalog_type.is_team_type {
        return Err(Error::in_use("The organisation's teams are the entries of this type"));
    }
    cx.delete(&catalog_type)
}

impl TypePayload {
    fn apply(self, cx: &mut Cx<'_>, extra: Option<&Extra>, catalog_type: &mut CatalogType) -> Result<()> {
        let mut problems = Problems::new();
        if self.name.trim().is_empty() {
            problems.keep::<()>(Err(Error::required("name")))?;
        }
        let others = Condition::equal("name", self.name.as_str())
            .and(Condition::new("id <> ?", store::values![catalog_type.id]));
        let fits = self.name.chars().count() <= LONGEST_NAME;
        problems.check(fits, "name", &format!("has at most {LONGEST_NAME} characters"));
        let message = format!("there is a type called {} already", self.name);
        problems.check(!cx.any::<CatalogType>(others)?, "name", &message);
        catalog_type.name = self.name;
        catalog_type.description = self.description;
        catalog_type.annotations = self.annotations.unwrap_or_default();
        catalog_type.categories = self.categories.unwrap_or_default();
        catalog_type.color = self.color.unwrap_or(Color::Blue);
        catalog_type.icon = self.icon.unwrap_or(Icon::Box);
        catalog_type.ranked = self.ranked.unwrap_or(false);
        catalog_type.source_repo_url = self.source_repo_url.filter(|url| !url.is_empty());
        if let Some(extra) = extra {
            catalog_type.use_name_as_identifier = extra.use_name_as_identifier;
            catalog_type.owning_teams =
                problems.keep(cx.cached::<Teams>()?.named("owning_team_ids", &extra.owning_teams))?.unwrap_or_default();
        }
        problems.finish()
    }
}

/// `Custom["GitHubRepository"]` for "GitHub repository".
fn derived_type_name(name: &str) -> String {
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    format!("Custom[\"{}\"]", words.map(capitalised).collect::<String>())
}

fn is_custom(type_name: &str) -> bool {
    let inner = type_name.strip_prefix("Custom[\"").and_then(|rest| rest.strip_suffix("\"]"));
    inner.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_says_no_type_name_gets_one_from_its_name() {
        assert_eq!(derived_type_name("GitHub repository"), "Custom[\"GitHubRepository\"]");
        assert!(is_custom(&derived_type_name("on-call rota 2")));
        assert!(!is_custom(&derived_type_name("日本")), "nothing is left of it");
        assert!(!is_custom("User") && !is_custom("Custom[\"a b\"]"));
    }
}
