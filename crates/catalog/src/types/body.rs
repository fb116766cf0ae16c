//! Types, as both versions of the API show them.

use std::collections::BTreeMap;

use base::{Id, Result, Time, words};
use people::teams::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Cx;
use web::Resource;

use super::record::{Attribute, CatalogType, Category, Color, Icon, Mode, Types};
use super::schema::Draft;
use crate::entries;

words! {
    /// [`Mode`], as the second version of the API has it.
    pub enum ModeV2 {
        /// Nobody said.
        Unset = "",
        /// People, or programs through the API.
        Manual = "manual",
        /// A tool outside.
        External = "external",
        /// Wardroom itself.
        Internal = "internal",
        /// A tool outside that is asked when needed.
        Dynamic = "dynamic",
        /// Derived: the entries that point here through another attribute.
        Backlink = "backlink",
        /// Derived: what is reached by going from attribute to attribute.
        Path = "path",
    }
}

impl From<Mode> for ModeV2 {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Unset => Self::Unset,
            Mode::Api | Mode::Dashboard => Self::Manual,
            Mode::External => Self::External,
            Mode::Internal => Self::Internal,
            Mode::Dynamic => Self::Dynamic,
            Mode::Backlink => Self::Backlink,
            Mode::Path => Self::Path,
        }
    }
}

impl ModeV2 {
    /// `None` for "by hand", which is one of two modes: the one that the attribute has.
    fn mode(self) -> Option<Mode> {
        Some(match self {
            Self::Manual => return None,
            Self::Unset => Mode::Unset,
            Self::External => Mode::External,
            Self::Internal => Mode::Internal,
            Self::Dynamic => Mode::Dynamic,
            Self::Backlink => Mode::Backlink,
            Self::Path => Mode::Path,
        })
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PathItemBody {
    attribute_id: String,
    attribute_name: String,
}

/// A step of a path, in a request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CatalogPathItemPayload")]
pub(crate) struct PathItem {
    /// The attribute to go along.
    attribute_id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(bound = "M: JsonSchema", rename = "CatalogTypeAttribute_{M}")]
pub(crate) struct AttributeBody<M> {
    array: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    backlink_attribute: Option<String>,
    id: String,
    mode: M,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Vec<PathItemBody>>,
    r#type: String,
}

impl<M: From<Mode>> AttributeBody<M> {
    fn of(attribute: &Attribute, catalog_type: &CatalogType, types: &Types) -> Self {
        Self {
            array: attribute.array,
            backlink_attribute: attribute.backlink_attribute.clone(),
            id: attribute.id.clone(),
            mode: attribute.mode.into(),
            name: attribute.name.clone(),
            path: (attribute.mode == Mode::Path).then(|| path(attribute, catalog_type, types)),
            r#type: attribute.holds.clone(),
        }
    }
}

/// The steps of a path, with the names that they have now.
fn path(attribute: &Attribute, start: &CatalogType, types: &Types) -> Vec<PathItemBody> {
    let mut reached = Some(start);
    let step = |id: &String| {
        let next = reached.and_then(|reached| reached.schema.attribute(id));
        reached = next.and_then(|next| types.called(&next.holds)).map(|next| &**next);
        let attribute_name = next.map_or_else(String::new, |next| next.name.clone());
        PathItemBody { attribute_id: id.clone(), attribute_name }
    };
    attribute.path.iter().map(step).collect()
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(bound = "M: JsonSchema", rename = "CatalogTypeSchema_{M}")]
pub(crate) struct SchemaBody<M> {
    attributes: Vec<AttributeBody<M>>,
    version: i64,
}

impl<M: From<Mode>> SchemaBody<M> {
    fn of(catalog_type: &CatalogType, types: &Types) -> Self {
        let attributes = catalog_type.schema.attributes.iter();
        Self {
            attributes: attributes.map(|attribute| AttributeBody::of(attribute, catalog_type, types)).collect(),
            version: catalog_type.schema.version,
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(bound = "M: JsonSchema", rename = "CatalogTypeAttributePayload_{M}")]
pub(super) struct AttributePayload<M> {
    /// Whether it holds several values.
    array: bool,
    /// For a backlink: the attribute of the other type that points here.
    backlink_attribute: Option<String>,
    /// Which attribute; a new one may come with an ID of its own.
    id: Option<String>,
    /// Who sets its values.
    mode: Option<M>,
    /// What it is called.
    name: String,
    /// For a path: the attributes to go along.
    path: Option<Vec<PathItem>>,
    /// What it holds: a primitive, or the name of a type.
    r#type: String,
}

impl<M> AttributePayload<M> {
    fn draft(self, mode: impl Fn(M) -> Option<Mode>) -> Draft {
        Draft {
            id: self.id,
            name: self.name,
            holds: self.r#type,
            array: self.array,
            mode: self.mode.map_or(Some(Mode::Unset), mode),
            path: self.path.unwrap_or_default().into_iter().map(|item| item.attribute_id).collect(),
            backlink_attribute: self.backlink_attribute.filter(|id| !id.is_empty()),
        }
    }
}

/// The attributes of a type, in a request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(bound = "M: JsonSchema", rename = "CatalogTypeSchemaPayload_{M}")]
pub(super) struct SchemaPayload<M> {
    /// All of them: those that are absent are removed.
    attributes: Vec<AttributePayload<M>>,
    /// The version of the schema that this changes.
    pub version: i64,
}

impl SchemaPayload<ModeV2> {
    pub fn drafts(self) -> Vec<Draft> {
        self.attributes.into_iter().map(|attribute| attribute.draft(ModeV2::mode)).collect()
    }
}

impl SchemaPayload<Mode> {
    pub fn drafts(self) -> Vec<Draft> {
        self.attributes.into_iter().map(|attribute| attribute.draft(Some)).collect()
    }
}

/// A type as the second version of the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogTypeV2")]
pub struct TypeBodyV2 {
    annotations: BTreeMap<String, String>,
    categories: Vec<Category>,
    color: Color,
    created_at: Time,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dynamic_resource_parameter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_count: Option<i64>,
    icon: Icon,
    id: Id<CatalogType>,
    is_editable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_synced_at: Option<Time>,
    name: String,
    ranked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_integrations: Option<Vec<String>>,
    schema: SchemaBody<ModeV2>,
    semantic_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_repo_url: Option<String>,
    type_name: String,
    updated_at: Time,
}

impl Resource for TypeBodyV2 {
    const ONE: &'static str = "catalog_type";
    const MANY: &'static str = "catalog_types";
}

/// A type as the third version of the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogTypeV3")]
pub struct TypeBodyV3 {
    annotations: BTreeMap<String, String>,
    categories: Vec<Category>,
    color: Color,
    created_at: Time,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dynamic_resource_parameter: Option<String>,
    engine_resource_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_count: Option<i64>,
    icon: Icon,
    id: Id<CatalogType>,
    is_editable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_team_type: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_synced_at: Option<Time>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owning_team_ids: Option<Vec<Id<Team>>>,
    ranked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_integrations: Option<Vec<String>>,
    schema: SchemaBody<Mode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_repo_url: Option<String>,
    /// Newer than the contract; the client that knows it insists on it.
    #[schemars(skip)]
    supports_custom_aliases: bool,
    type_name: String,
    updated_at: Time,
    use_name_as_identifier: bool,
}

impl Resource for TypeBodyV3 {
    const ONE: &'static str = "catalog_type";
    const MANY: &'static str = "catalog_types";
}

/// How something of a type is shown, which takes all types and the number of its entries.
pub(crate) trait TypeBody: Sized {
    fn shown(catalog_type: &CatalogType, types: &Types, count: i64) -> Self;

    /// How `catalog_type` is shown.
    fn of(cx: &mut Cx<'_>, catalog_type: &CatalogType) -> Result<Self> {
        let types = cx.cached::<Types>()?;
        let count = entries::count(cx, catalog_type.id)?;
        Ok(Self::shown(catalog_type, &types, count))
    }
}

impl TypeBody for TypeBodyV2 {
    fn shown(catalog_type: &CatalogType, types: &Types, count: i64) -> Self {
        let of = catalog_type.clone();
        Self {
            annotations: of.annotations,
            categories: of.categories,
            color: of.color,
            created_at: of.created_at,
            description: of.description,
            dynamic_resource_parameter: None,
            estimated_count: Some(count),
            icon: of.icon,
            id: of.id,
            is_editable: catalog_type.is_editable(),
            last_synced_at: None,
            name: of.name,
            ranked: of.ranked,
            registry_type: catalog_type.mirrors.as_ref().map(|_| of.type_name.clone()),
            required_integrations: None,
            schema: SchemaBody::of(catalog_type, types),
            semantic_type: String::new(),
            source_repo_url: of.source_repo_url,
            type_name: of.type_name,
            updated_at: of.updated_at,
        }
    }
}

impl TypeBody for TypeBodyV3 {
    fn shown(catalog_type: &CatalogType, types: &Types, count: i64) -> Self {
        let of = catalog_type.clone();
        Self {
            annotations: of.annotations,
            categories: of.categories,
            color: of.color,
            created_at: of.created_at,
            description: of.description,
            dynamic_resource_parameter: None,
            engine_resource_type: engine_resource_type(catalog_type),
            estimated_count: Some(count),
            icon: of.icon,
            id: of.id,
            is_editable: catalog_type.is_editable(),
            is_team_type: Some(of.is_team_type),
            last_synced_at: None,
            name: of.name,
            owning_team_ids: Some(of.owning_teams),
            ranked: of.ranked,
            registry_type: catalog_type.mirrors.as_ref().map(|_| of.type_name.clone()),
            required_integrations: None,
            schema: SchemaBody::of(catalog_type, types),
            source_repo_url: of.source_repo_url,
            supports_custom_aliases: false,
            type_name: of.type_name,
            updated_at: of.updated_at,
            use_name_as_identifier: of.use_name_as_identifier,
        }
    }
}

/// What alerts and workflows call the entries of a type: `CatalogEntry["01GVGYJSD39FRKVDWACK9NDS4E"]`.
pub(crate) fn engine_resource_type(catalog_type: &CatalogType) -> String {
    match &catalog_type.mirrors {
        Some(_) => format!("CatalogEntry[\"{}\"]", catalog_type.type_name),
        None => format!("CatalogEntry[\"{}\"]", catalog_type.id),
    }
}
