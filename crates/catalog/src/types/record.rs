//! What is stored of a type.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base::{Error, Id, Result, Time, words};
use people::teams::Team;
use serde::{Deserialize, Serialize};
use store::{Cached, Condition, Record, Tx, Value, values};

words! {
    /// What people file a type under.
    pub enum Category {
        /// Who buys.
        Customer = "customer",
        /// Where issues are tracked.
        IssueTracker = "issue-tracker",
        /// What the product can do.
        ProductFeature = "product-feature",
        /// What runs.
        Service = "service",
        /// Who is on call.
        OnCall = "on-call",
        /// Who belongs together.
        Team = "team",
        /// Who there is.
        User = "user",
    }
}

words! {
    /// The colour of a type in the dashboard.
    #[expect(missing_docs, reason = "colours")]
    pub enum Color {
        Yellow = "yellow",
        Green = "green",
        Blue = "blue",
        Violet = "violet",
        Pink = "pink",
        Cyan = "cyan",
        Orange = "orange",
    }
}

words! {
    /// The picture of a type in the dashboard.
    #[expect(missing_docs, reason = "pictures")]
    pub enum Icon {
        Alert = "alert",
        Bolt = "bolt",
        Box = "box",
        Briefcase = "briefcase",
        Browser = "browser",
        Bulb = "bulb",
        Calendar = "calendar",
        Clock = "clock",
        Cog = "cog",
        Components = "components",
        Database = "database",
        Doc = "doc",
        Email = "email",
        EscalationPath = "escalation-path",
        Files = "files",
        Flag = "flag",
        Folder = "folder",
        Globe = "globe",
        IncidentTemplate = "incident-template",
        Money = "money",
        Server = "server",
        Severity = "severity",
        StatusPage = "status-page",
        Store = "store",
        Star = "star",
        Tag = "tag",
        User = "user",
        Users = "users",
    }
}

words! {
    /// Who sets an attribute's values, or what they are derived from.
    pub enum Mode {
        /// Nobody said: as through the API.
        Unset = "",
        /// Programs, through the API.
        Api = "api",
        /// People, in the dashboard; what they set survives a sync.
        Dashboard = "dashboard",
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

/// An attribute of a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its ID in the API, which clients may choose.
    pub id: String,
    /// Under what its values are kept. An attribute that is removed and comes back, or whose type
    /// changes, has another slot, so that what was forgotten stays so.
    pub slot: String,
    /// What it is called; no two of a type have the same name.
    pub name: String,
    /// What it holds: a primitive, or a type's [`CatalogType::type_name`].
    pub holds: String,
    /// Whether it holds several values.
    pub array: bool,
    /// Who sets its values.
    pub mode: Mode,
    /// For a path: the IDs of the attributes to go along.
    #[serde(default)]
    pub path: Vec<String>,
    /// For a backlink: the ID of the attribute of the other type that points here.
    #[serde(default)]
    pub backlink_attribute: Option<String>,
    /// What Wardroom itself knows it by.
    #[serde(default)]
    pub key: Option<String>,
}

impl Attribute {
    /// Whether its values are computed, not stored.
    pub fn is_derived(&self) -> bool {
        matches!(self.mode, Mode::Backlink | Mode::Path)
    }
}

/// Says what is wrong with a text.
pub type Check = fn(&str) -> std::result::Result<(), &'static str>;

/// What the texts of a primitive attribute have to meet; the forms are those of JSON.
pub fn primitive(holds: &str) -> Option<Check> {
    match holds {
        "String" | "Text" => Some(|_| Ok(())),
        "Number" => Some(|text| text.parse::<f64>().ok().filter(|n| n.is_finite()).map(drop).ok_or("is not a number")),
        "Bool" => Some(|text| if matches!(text, "true" | "false") { Ok(()) } else { Err("is neither true nor false") }),
        _ => None,
    }
}

/// The attributes of a type.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Schema {
    /// Counts the changes of the attributes, from 1.
    pub version: i64,
    /// The attributes, in the order they were given in.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The attribute with this ID.
    pub fn attribute(&self, id: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.id == id)
    }

    /// The attribute that Wardroom itself knows by `key`.
    pub fn keyed(&self, key: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.key.as_deref() == Some(key))
    }
}

/// A kind of thing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CatalogType {
    /// Which one.
    pub id: Id<CatalogType>,
    /// What people call it.
    pub name: String,
    /// What attributes that point at it call it: `Custom["Service"]`. It never changes.
    pub type_name: String,
    /// What it is for.
    pub description: String,
    /// Its colour in the dashboard.
    pub color: Color,
    /// Its picture in the dashboard.
    pub icon: Icon,
    /// What it is filed under.
    #[serde(default)]
    pub categories: Vec<Category>,
    /// Whether its entries have an order.
    #[serde(default)]
    pub ranked: bool,
    /// Whether the name of an entry finds it too.
    #[serde(default)]
    pub use_name_as_identifier: bool,
    /// What tools noted down on it.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Where it is managed.
    #[serde(default)]
    pub source_repo_url: Option<String>,
    /// The teams that own it.
    #[serde(default)]
    pub owning_teams: Vec<Id<Team>>,
    /// Its attributes.
    pub schema: Schema,
    /// What its entries reflect, if they are Wardroom's own: `user`.
    #[serde(default)]
    pub mirrors: Option<String>,
    /// Whether its entries are the organisation's teams.
    #[serde(default)]
    pub is_team_type: bool,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Record for CatalogType {
    const TABLE: &'static str = "catalog_types";
    const COLUMNS: &'static [&'static str] = &["name", "type_name"];
    const KIND: &'static str = "catalog_type";
    const EPOCH: Option<&'static str> = Some("catalog_types");

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![self.name.as_str(), self.type_name.as_str()].into()
    }
}

impl CatalogType {
    /// Whether people and programs may change it and its entries.
    pub fn is_editable(&self) -> bool {
        self.mirrors.is_none()
    }

    /// Refuses a change of what only Wardroom itself changes.
    pub fn must_be_editable(&self) -> Result<()> {
        match &self.mirrors {
            None => Ok(()),
            Some(kind) => Err(Error::invalid(
                "catalog_type_id",
                format!("{} reflects every {kind} there is, and changes only with them", self.name),
            )),
        }
    }

    /// The form in which an identifier of its entries is compared. People are found by e-mail address,
    /// in whatever case it is written.
    pub fn key_of(&self, identifier: &str) -> String {
        if self.mirrors.as_deref() == Some("user") { identifier.to_lowercase() } else { identifier.to_owned() }
    }
}

/// All types, oldest first.
#[derive(Debug)]
pub struct Types {
    rows: Vec<Arc<CatalogType>>,
    by_id: HashMap<Id<CatalogType>, usize>,
    by_type_name: HashMap<String, usize>,
}

impl Cached for Types {
    const EPOCH: &'static str = "catalog_types";

    fn load(tx: &mut Tx<'_>) -> Result<Self> {
        let rows = tx.list::<CatalogType>(Condition::everything(), "id")?;
        let rows: Vec<_> = rows.into_iter().map(|row| Arc::new(row.into_inner())).collect();
        let by_id = rows.iter().enumerate().map(|(place, row)| (row.id, place)).collect();
        let by_type_name = rows.iter().enumerate().map(|(place, row)| (row.type_name.clone(), place)).collect();
        Ok(Self { rows, by_id, by_type_name })
    }
}

impl Types {
    /// The type with this ID.
    pub fn get(&self, id: Id<CatalogType>) -> Option<&Arc<CatalogType>> {
        self.by_id.get(&id).map(|place| &self.rows[*place])
    }

    /// The type that attributes call so.
    pub fn called(&self, type_name: &str) -> Option<&Arc<CatalogType>> {
        self.by_type_name.get(type_name).map(|place| &self.rows[*place])
    }

    /// The type that the field at `pointer` names.
    pub fn named(&self, pointer: &str, id: &str) -> Result<&Arc<CatalogType>> {
        let found = id.parse().ok().and_then(|id| self.get(id));
        found.ok_or_else(|| Error::invalid(pointer, format!("there is no catalog type with ID {id}")))
    }

    /// The type whose entries reflect records of this kind.
    pub fn mirroring(&self, kind: &str) -> Option<&Arc<CatalogType>> {
        self.iter().find(|row| row.mirrors.as_deref() == Some(kind))
    }

    /// The type whose entries are the teams.
    pub fn of_teams(&self) -> Option<&Arc<CatalogType>> {
        self.iter().find(|row| row.is_team_type)
    }

    /// Every type.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<CatalogType>> {
        self.rows.iter()
    }
}
