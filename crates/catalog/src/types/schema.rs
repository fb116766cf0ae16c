//! Changing a type's attributes.

use std::collections::HashSet;

use base::{AnyId, Error, Id, Problems, Result};
use store::{Cx, Stored};

use super::record::{Attribute, CatalogType, Mode, Schema, Types, primitive};
use crate::entries;

/// How far a path may go.
const LONGEST_PATH: usize = 10;

/// An attribute, in a request.
pub(super) struct Draft {
    pub id: Option<String>,
    pub name: String,
    pub holds: String,
    pub array: bool,
    /// `None` keeps the attribute's mode, for the older version, which knows fewer.
    pub mode: Option<Mode>,
    pub path: Vec<String>,
    pub backlink_attribute: Option<String>,
}

/// Gives a type the attributes of `drafts`, and no others. `version` is the one that the caller has
/// seen.
pub(super) fn update(
    cx: &mut Cx<'_>,
    id: Id<CatalogType>,
    version: i64,
    drafts: Vec<Draft>,
) -> Result<Stored<CatalogType>> {
    entries::hold_types(cx, [id])?;
    let mut catalog_type = cx.get(id)?;
    cx.prove_owned(&catalog_type.owning_teams)?;
    catalog_type.must_be_editable()?;
    if version != catalog_type.schema.version {
        return Err(Error::conflict(format!(
            "The schema is at version {}, not {version}: read it again, and repeat the change",
            catalog_type.schema.version
        )));
    }
    let attributes = drafts.into_iter().map(|draft| draft.attribute(cx, &catalog_type.schema)).collect();
    let schema = Schema { version: version + 1, attributes };
    check(&*cx.cached::<Types>()?, &catalog_type, &schema)?;
    entries::forget_slots(cx, &catalog_type.schema, &schema)?;
    catalog_type.schema = schema;
    catalog_type.updated_at = cx.now();
    cx.save(&mut catalog_type)?;
    Ok(catalog_type)
}

impl Draft {
    fn attribute(self, cx: &Cx<'_>, before: &Schema) -> Attribute {
        let known = self.id.as_deref().and_then(|id| before.attribute(id));
        let slot = known.filter(|known| keeps_values(known, &self.holds)).map(|known| known.slot.clone());
        Attribute {
            slot: slot.unwrap_or_else(|| cx.new_id::<()>().to_string()),
            mode: self.mode.or(known.map(|known| known.mode)).unwrap_or(Mode::Dashboard),
            key: known.and_then(|known| known.key.clone()),
            id: self.id.unwrap_or_else(|| AnyId::to_string(&cx.new_id())),
            name: self.name,
            holds: self.holds,
            array: self.array,
            path: self.path,
            backlink_attribute: self.backlink_attribute,
        }
    }
}

/// Whether the values of an attribute stay when it comes to hold `holds`.
fn keeps_values(known: &Attribute, holds: &str) -> bool {
    let is_text = |holds: &str| matches!(holds, "String" | "Text");
    known.holds == holds || (is_text(&known.holds) && is_text(holds))
}

fn check(types: &Types, catalog_type: &CatalogType, schema: &Schema) -> Result<()> {
    let mut problems = Problems::new();
    let (mut ids, mut names) = (HashSet::new(), HashSet::new());
    for (index, attribute) in schema.attributes.iter().enumerate() {
        let at = |field: &str| format!("attributes.{index}.{field}");
        problems.check(!attribute.name.trim().is_empty(), &at("name"), "must not be blank");
        problems.check(names.insert(&attribute.name), &at("name"), "another attribute has this name");
        problems.check(!attribute.id.is_empty(), &at("id"), "must not be empty");
        problems.check(ids.insert(&attribute.id), &at("id"), "another attribute has this ID");
        let is_unchanged =
            catalog_type.schema.attribute(&attribute.id).is_some_and(|known| known.holds == attribute.holds);
        let exists = primitive(&attribute.holds).is_some() || types.called(&attribute.holds).is_some();
        problems.check(exists || is_unchanged, &at("type"), "there is no such type");
        match attribute.mode {
            Mode::Path => {
                let went = go_along(types, catalog_type, schema, &attribute.path);
                problems.keep(went.map_err(|problem| Error::invalid(at(&problem.0), problem.1)))?;
            }
            Mode::Backlink => {
                let points_here = types.called(&attribute.holds).is_some_and(|other| {
                    let pointing = attribute.backlink_attribute.as_deref();
                    let other = if other.id == catalog_type.id { schema } else { &other.schema };
                    let pointing = pointing.and_then(|id| other.attribute(id));
                    pointing.is_some_and(|pointing| pointing.holds == catalog_type.type_name && !pointing.is_derived())
                });
                let message = "is not an attribute of that type which points at this one";
                problems.check(points_here, &at("backlink_attribute"), message);
            }
            _ => {}
        }
    }
    for known in catalog_type.schema.attributes.iter().filter(|known| known.key.is_some()) {
        let stays = schema.attributes.iter().any(|attribute| {
            attribute.key == known.key
                && attribute.holds == known.holds
                && attribute.array == known.array
                && !attribute.is_derived()
        });
        problems.check(stays, "attributes", &format!("{} is Wardroom's own, and has to stay", known.name));
    }
    problems.finish()
}

/// Follows a path from `start`, which is to have the attributes of `after`; the problem says where the
/// path breaks off.
fn go_along(
    types: &Types,
    start: &CatalogType,
    after: &Schema,
    path: &[String],
) -> std::result::Result<(), (String, &'static str)> {
    if path.is_empty() || path.len() > LONGEST_PATH {
        return Err(("path".into(), "has one to ten attributes"));
    }
    let mut schema = Some(after);
    for (step, id) in path.iter().enumerate() {
        let attribute = schema.and_then(|schema| schema.attribute(id));
        let attribute = attribute.ok_or_else(|| {
            (format!("path.{step}.attribute_id"), "is not an attribute of the type that the path has reached")
        })?;
        if attribute.mode == Mode::Path {
            return Err((format!("path.{step}.attribute_id"), "is a path itself"));
        }
        let reached = types.called(&attribute.holds);
        schema = reached.map(|reached| if reached.id == start.id { after } else { &reached.schema });
    }
    Ok(())
}
