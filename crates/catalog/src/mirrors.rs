//! The types that Wardroom itself brings: the teams, and those that reflect what it keeps elsewhere.
//! A feature that keeps something worth pointing at declares a [`Mirror`], and reflects each change in
//! the transaction that makes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{AnyId, Error, Result};
use people::users::User;
use store::{Condition, Cx};

use crate::entries::{self, Draft, Given};
use crate::types::{self, Attribute, CatalogType, Category, Color, Icon, Mode, Schema, Types};

/// A type that Wardroom itself brings.
pub struct Mirror {
    /// The kind of record that its entries reflect ([`store::Record::KIND`]), in the singular.
    pub kind: &'static str,
    /// What attributes call it.
    pub type_name: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its picture.
    pub icon: Icon,
    /// What it is filed under.
    pub categories: &'static [Category],
    /// Its attributes: key, name, what it holds, and whether several.
    pub attributes: &'static [(&'static str, &'static str, &'static str, bool)],
}

const USERS: Mirror = Mirror {
    kind: "user",
    type_name: "User",
    name: "User",
    description: "The people in the organisation.",
    icon: Icon::User,
    categories: &[Category::User],
    attributes: &[("email", "Email", "String", false), ("slack_user_id", "Slack user ID", "String", false)],
};

const SCHEDULES: Mirror = Mirror {
    kind: "schedule",
    type_name: "Schedule",
    name: "Schedule",
    description: "The on-call schedules.",
    icon: Icon::Calendar,
    categories: &[Category::OnCall],
    attributes: &[],
};

const ESCALATION_PATHS: Mirror = Mirror {
    kind: "escalation_path",
    type_name: "EscalationPath",
    name: "Escalation Path",
    description: "Who is paged, and who if they don't answer.",
    icon: Icon::EscalationPath,
    categories: &[Category::OnCall],
    attributes: &[],
};

const ALERT_PRIORITIES: Mirror = Mirror {
    kind: "alert_priority",
    type_name: "AlertPriority",
    name: "Alert Priority",
    description: "How urgent an alert can be.",
    icon: Icon::Alert,
    categories: &[],
    attributes: &[],
};

const SLACK_CHANNELS: Mirror = Mirror {
    kind: "slack_channel",
    type_name: "SlackChannel",
    name: "Slack Channel",
    description: "The channels in Slack.",
    icon: Icon::Tag,
    categories: &[],
    attributes: &[],
};

/// The key of the team type's attribute that says who belongs to a team.
pub(crate) const MEMBERS: &str = "members";

/// Brings Wardroom's own types where they are missing, with an entry for everything there is.
pub(crate) fn upkeep(cx: &mut Cx<'_>) -> Result<()> {
    for mirror in [&USERS, &SCHEDULES, &ESCALATION_PATHS, &ALERT_PRIORITIES, &SLACK_CHANNELS] {
        bring(cx, mirror)?;
    }
    if cx.cached::<Types>()?.of_teams().is_none() {
        bring_teams(cx)?;
    }
    Ok(())
}

fn bring(cx: &mut Cx<'_>, mirror: &Mirror) -> Result<()> {
    if cx.cached::<Types>()?.called(mirror.type_name).is_some() {
        return Ok(());
    }
    let attribute = |(key, name, holds, array): &(&str, &str, &str, bool)| own_attribute(cx, key, name, holds, *array);
    let attributes = mirror.attributes.iter().map(attribute).collect();
    let own = own_type(cx, mirror.type_name, mirror.name, mirror.description, attributes);
    let name_is_taken = cx.any::<CatalogType>(Condition::equal("name", mirror.name))?;
    let own = CatalogType {
        // A type of the organisation's own may have the name already.
        name: if name_is_taken { format!("{} ({})", mirror.name, mirror.type_name) } else { mirror.name.into() },
        icon: mirror.icon,
        categories: mirror.categories.to_vec(),
        mirrors: Some(mirror.kind.into()),
        ..own
    };
    types::store(cx, &own)?;
    if mirror.kind == USERS.kind {
        for user in cx.list::<User>(Condition::everything(), "id")? {
            follow_user(cx, user.id.cast())?;
        }
    }
    Ok(())
}

fn bring_teams(cx: &mut Cx<'_>) -> Result<()> {
    let members = Attribute { mode: Mode::Api, ..own_attribute(cx, MEMBERS, "Members", USERS.type_name, true) };
    let own =
        own_type(cx, "Team", "Team", "Who belongs together: what a team owns, its members look after.", vec![members]);
    let own = CatalogType { icon: Icon::Users, categories: vec![Category::Team], is_team_type: true, ..own };
    types::store(cx, &own)
}

fn own_attribute(cx: &Cx<'_>, key: &str, name: &str, holds: &str, array: bool) -> Attribute {
    Attribute {
        id: cx.new_id::<()>().to_string(),
        slot: cx.new_id::<()>().to_string(),
        name: name.into(),
        holds: holds.into(),
        array,
        mode: Mode::Internal,
        path: Vec::new(),
        backlink_attribute: None,
        key: Some(key.into()),
    }
}

fn own_type(cx: &Cx<'_>, type_name: &str, name: &str, description: &str, attributes: Vec<Attribute>) -> CatalogType {
    CatalogType {
        id: cx.new_id(),
        name: name.into(),
        type_name: type_name.into(),
        description: description.into(),
        color: Color::Violet,
        icon: Icon::Box,
        categories: Vec::new(),
        ranked: false,
        use_name_as_identifier: false,
        annotations: BTreeMap::new(),
        source_repo_url: None,
        owning_teams: Vec::new(),
        schema: Schema { version: 1, attributes },
        mirrors: None,
        is_team_type: false,
        created_at: cx.now(),
        updated_at: cx.now(),
    }
}

/// A reflection of a record.
#[derive(Clone, Debug, Default)]
pub struct Reflection {
    /// What people call it.
    pub name: String,
    /// What else finds it.
    pub aliases: Vec<String>,
    /// The values of its attributes, by key.
    pub values: Vec<(&'static str, Given)>,
}

/// Makes the catalog reflect the record of `kind` with this ID; `None` when it is gone. The entry's
/// external ID is the record's ID.
pub fn reflect(cx: &mut Cx<'_>, kind: &str, id: AnyId, reflection: Option<Reflection>) -> Result<()> {
    let types = cx.cached::<Types>()?;
    let Some(catalog_type) = types.mirroring(kind).map(Arc::clone) else {
        return Err(Error::internal(format!("no type reflects {kind}")));
    };
    let draft = reflection.map(|reflection| {
        let by_id = |(key, given)| Some((catalog_type.schema.keyed(key)?.id.clone(), given));
        Draft {
            name: reflection.name,
            aliases: reflection.aliases,
            values: reflection.values.into_iter().filter_map(by_id).collect(),
            ..Draft::default()
        }
    });
    entries::reflect(cx, &catalog_type, &id.to_string(), draft)
}

/// Users are reflected while they are active; their e-mail address is an alias.
pub(crate) fn follow_user(cx: &mut Cx<'_>, id: AnyId) -> Result<()> {
    let user = cx.find::<User>(id.cast())?.filter(|user| user.active);
    let reflection = user.map(|user| Reflection {
        name: user.name.clone(),
        aliases: user.email.iter().cloned().collect(),
        values: [("email", &user.email), ("slack_user_id", &user.slack_user_id)]
            .into_iter()
            .filter_map(|(key, text)| Some((key, Given::one(text.clone()?))))
            .collect(),
    });
    reflect(cx, USERS.kind, id, reflection)
}
