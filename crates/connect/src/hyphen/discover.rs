//! What is kept of an organisation: a pure function of who the key is and which types the catalog has.
//!
//! Where several types would do, one that bears the plain name goes first, and then the oldest: IDs sort by age. So
//! the same catalog always gives the same answer. What isn't there stays `null`, and what needs it is refused with
//! what is missing, rather than done to something that merely looks like it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::client::{ApiPath, Client, Kind, Trouble};
use crate::connector::{Context, internal};

const NO_SERVICE_TYPE: &str = "the catalog has no type for services: give one the category service, or name it Service";
const NO_USER_TYPE: &str = "the catalog has no type for users: its type name is User, or its category user";
const NO_TEAM_TYPE: &str = "the catalog has no type for teams: choose one as the team type, or name it Team";
const NO_MEMBER_ATTRIBUTE: &str = "it can't be told which attribute of the team type holds the members: give it one named Members that holds several users";

/// What is kept of an organisation, under Hyphen's own names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Config {
    organization_name: String,
    dashboard_url: String,
    catalog_service_type_id: Option<String>,
    catalog_user_type_id: Option<String>,
    catalog_team_type: TeamType,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TeamType {
    id: Option<String>,
    member_attribute_id: Option<String>,
}

/// Something that is kept.
struct Fact<'c> {
    /// Which one, as the configuration names it.
    name: &'static str,
    value: Option<&'c str>,
    /// What is said where there is none.
    missing: &'static str,
}

/// Who a key is.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Identity {
    /// What the key is called: no name of the organisation.
    pub name: String,
    dashboard_url: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    team_roles: Vec<String>,
}

/// A type of the catalog.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CatalogType {
    id: String,
    name: String,
    type_name: String,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    is_team_type: bool,
    schema: Schema,
}

#[derive(Clone, Debug, Deserialize)]
struct Schema {
    attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, Deserialize)]
struct Attribute {
    id: String,
    name: String,
    #[serde(rename = "type")]
    holds: String,
    array: bool,
    mode: String,
}

/// The types of the catalog.
pub(super) fn types(api: &Client) -> Result<Vec<CatalogType>, Trouble> {
    #[derive(Deserialize)]
    struct Body {
        catalog_types: Vec<CatalogType>,
    }
    api.get(ApiPath::of(&["v3", "catalog_types"])).map(|body: Body| body.catalog_types)
}

impl Identity {
    /// Who the key is that the API is asked with.
    pub fn of(api: &Client) -> Result<Self, Trouble> {
        #[derive(Deserialize)]
        struct Body {
            identity: Identity,
        }
        api.get(ApiPath::of(&["v1", "identity"])).map(|body: Body| body.identity)
    }

    /// Whether the key has a role, for the whole organisation or for a team.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().chain(&self.team_roles).any(|known| known == role)
    }

    /// The organisation, as the last step of its dashboard's address names it: `https://app.example/acme`.
    fn organisation(&self) -> String {
        let address = self.dashboard_url.trim_end_matches('/');
        address.rsplit('/').next().unwrap_or(address).to_owned()
    }
}

impl CatalogType {
    fn is_filed_under(&self, category: &str) -> bool {
        self.categories.iter().any(|known| known == category)
    }

    /// Whether it is called `word`, or several of that.
    fn is_called(&self, word: &str) -> bool {
        let custom = self.type_name.strip_prefix("Custom[\"").and_then(|name| name.strip_suffix("\"]"));
        [&self.name, custom.unwrap_or(&self.type_name)].into_iter().any(|name| {
            let name = name.to_lowercase();
            name.strip_suffix('s').unwrap_or(&name) == word
        })
    }

    /// The attribute that holds the members of a team, where `user` is the type of its values: the one named
    /// Members among those that hold several users, or the only one of them.
    fn member_attribute(&self, user: &Self) -> Option<&Attribute> {
        let fits =
            |attribute: &&Attribute| attribute.array && attribute.holds == user.type_name && !attribute.is_derived();
        let fitting: Vec<_> = self.schema.attributes.iter().filter(fits).collect();
        match fitting[..] {
            [only] => Some(only),
            _ => fitting.into_iter().find(|attribute| attribute.name.eq_ignore_ascii_case("members")),
        }
    }
}

impl Attribute {
    /// Whether its values follow from others, so that nobody can set them.
    fn is_derived(&self) -> bool {
        matches!(self.mode.as_str(), "backlink" | "path")
    }
}

/// What a type may be known by.
type Rule = fn(&CatalogType) -> bool;

const SERVICE: [Rule; 3] = [
    |one| one.is_filed_under("service") && one.is_called("service"),
    |one| one.is_filed_under("service"),
    |one| one.is_called("service"),
];
const USER: [Rule; 3] = [
    |one| one.type_name == "User",
    |one| one.is_filed_under("user") && one.is_called("user"),
    |one| one.is_filed_under("user"),
];
const TEAM: [Rule; 4] = [
    |one| one.is_team_type,
    |one| one.is_filed_under("team") && one.is_called("team"),
    |one| one.is_filed_under("team"),
    |one| one.is_called("team"),
];

/// The oldest of the types that the first rule knows by which any is known.
fn known_by<'t>(rules: &[Rule], types: &'t [CatalogType]) -> Option<&'t CatalogType> {
    rules.iter().find_map(|rule| types.iter().filter(|one| rule(one)).min_by_key(|one| &one.id))
}

impl Config {
    /// What is kept of the organisation of this key and these types.
    pub fn of(identity: &Identity, types: &[CatalogType]) -> Self {
        let id = |one: &CatalogType| one.id.clone();
        let (user, team) = (known_by(&USER, types), known_by(&TEAM, types));
        let members = team.zip(user).and_then(|(team, user)| team.member_attribute(user));
        Self {
            organization_name: identity.organisation(),
            dashboard_url: identity.dashboard_url.clone(),
            catalog_service_type_id: known_by(&SERVICE, types).map(id),
            catalog_user_type_id: user.map(id),
            catalog_team_type: TeamType {
                id: team.map(id),
                member_attribute_id: members.map(|attribute| attribute.id.clone()),
            },
        }
    }

    /// What was kept when the connection was made.
    pub fn stored(context: &Context<'_>) -> Result<Self, Trouble> {
        Self::deserialize(context.config).map_err(|error| internal(base::Error::internal(error)))
    }

    /// Everything that is kept.
    fn facts(&self) -> [Fact<'_>; 6] {
        let fact = |name, value, missing| Fact { name, value, missing };
        let (services, users) = (self.catalog_service_type_id.as_deref(), self.catalog_user_type_id.as_deref());
        let TeamType { id: teams, member_attribute_id: members } = &self.catalog_team_type;
        [
            fact("organizationName", Some(&self.organization_name), ""),
            fact("dashboardUrl", Some(&self.dashboard_url), ""),
            fact("catalogServiceTypeId", services, NO_SERVICE_TYPE),
            fact("catalogUserTypeId", users, NO_USER_TYPE),
            fact("catalogTeamType.id", teams.as_deref(), NO_TEAM_TYPE),
            fact("catalogTeamType.memberAttributeId", members.as_deref(), NO_MEMBER_ATTRIBUTE),
        ]
    }

    /// The type of services.
    pub fn service_type(&self) -> Result<&str, Trouble> {
        there(self.catalog_service_type_id.as_ref(), NO_SERVICE_TYPE)
    }

    /// The type of users.
    pub fn user_type(&self) -> Result<&str, Trouble> {
        there(self.catalog_user_type_id.as_ref(), NO_USER_TYPE)
    }

    /// The type of teams.
    pub fn team_type(&self) -> Result<&str, Trouble> {
        there(self.catalog_team_type.id.as_ref(), NO_TEAM_TYPE)
    }

    /// The attribute of the team type that holds the members.
    pub fn member_attribute(&self) -> Result<&str, Trouble> {
        there(self.catalog_team_type.member_attribute_id.as_ref(), NO_MEMBER_ATTRIBUTE)
    }
}

fn there<'c>(fact: Option<&'c String>, what_is_missing: &str) -> Result<&'c str, Trouble> {
    let missing = || Trouble::new(Kind::NotFound, format!("{what_is_missing}; then connect again"));
    fact.map(String::as_str).ok_or_else(missing)
}

/// Nothing is needed to verify a connection.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Nothing {}

/// Whether what is known of the organisation still holds.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Verification {
    /// Each thing that is known.
    checks: Vec<Check>,
}

/// Whether one thing that is known of the organisation still holds.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Check {
    /// Which one, as the configuration names it.
    name: &'static str,
    /// Whether it holds.
    ok: bool,
    /// Why not.
    why: Option<String>,
}

/// Whether what was learned when the connection was made still holds.
pub(super) fn verify(context: &Context<'_>, _: Nothing) -> Result<Verification, Trouble> {
    let now = Config::of(&Identity::of(context.api)?, &types(context.api)?);
    Ok(Verification { checks: checks(&Config::stored(context)?, &now) })
}

fn checks(stored: &Config, now: &Config) -> Vec<Check> {
    let check = |(stored, now): (Fact<'_>, Fact<'_>)| {
        let why = match (stored.value, now.value) {
            (Some(stored), Some(now)) if stored == now => None,
            (_, Some(now)) => Some(format!("it is {now} now: connect again to use it")),
            (Some(stored), None) => Some(format!("{stored} will do no more: {}", now.missing)),
            (None, None) => Some(now.missing.to_owned()),
        };
        Check { name: now.name, ok: why.is_none(), why }
    };
    stored.facts().into_iter().zip(now.facts()).map(check).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn identity(dashboard_url: &str) -> Identity {
        let identity =
            json!({"name": "Hyphen Integration", "dashboard_url": dashboard_url, "roles": ["catalog_editor"]});
        serde_json::from_value(identity).unwrap()
    }

    fn a_type(id: &str, name: &str, type_name: &str, categories: &[&str], attributes: &[Json]) -> CatalogType {
        serde_json::from_value(json!({
            "id": id, "name": name, "type_name": type_name, "categories": categories,
            "is_team_type": name == "Squad", "schema": {"version": 1, "attributes": attributes},
        }))
        .unwrap()
    }

    fn attribute(name: &str, holds: &str, array: bool) -> Json {
        json!({"id": name.to_lowercase(), "name": name, "type": holds, "array": array, "mode": "api"})
    }

    fn user() -> CatalogType {
        a_type("U9", "User", "User", &["user"], &[])
    }

    fn found(types: &[CatalogType]) -> Config {
        Config::of(&identity("https://app.example/acme"), types)
    }

    fn members_of(attributes: &[Json]) -> Option<String> {
        found(&[user(), a_type("T", "Team", "Team", &["team"], attributes)]).catalog_team_type.member_attribute_id
    }

    #[test]
    fn hy_4_the_organisation_is_named_by_its_dashboard_and_not_by_the_key() {
        for (address, name) in [
            ("https://app.incident.io/my-org", "my-org"),
            ("https://app.incident.io/my-org/", "my-org"),
            ("https://ops.example/a/b", "b"),
            ("https://ops.example", "ops.example"),
        ] {
            let config = Config::of(&identity(address), &[]);
            assert_eq!(config.organization_name, name);
            assert_eq!(config.dashboard_url, address, "hy_5: byte by byte");
        }
    }

    #[test]
    fn hy_6_the_service_type_is_known_by_its_category_and_then_by_its_name() {
        let service = |types: &[CatalogType]| found(types).catalog_service_type_id;
        let filed = |id, name| a_type(id, name, "Custom[\"X\"]", &["service"], &[]);
        let named = a_type("A", "Services", "Custom[\"Y\"]", &[], &[]);
        assert_eq!(service(&[user()]), None);
        assert_eq!(service(std::slice::from_ref(&named)).as_deref(), Some("A"));
        assert_eq!(service(&[a_type("B", "Dienst", "Custom[\"Service\"]", &[], &[])]).as_deref(), Some("B"));
        assert_eq!(service(&[named.clone(), filed("C", "Component")]).as_deref(), Some("C"));
        let several = [named, filed("E", "Component"), filed("D", "Backend"), filed("F", "Service")];
        assert_eq!(service(&several).as_deref(), Some("F"), "of several the one with the plain name");
        assert_eq!(service(&several[..3]).as_deref(), Some("D"), "and then the oldest, in whatever order they come");
    }

    #[test]
    fn hy_6_without_a_service_type_the_refusal_names_it() {
        let trouble = found(&[]).service_type().unwrap_err();
        assert_eq!(trouble.kind, Kind::NotFound);
        assert!(trouble.message.contains("no type for services"), "{trouble}");
    }

    #[test]
    fn hy_7_the_user_type_is_the_built_in_one_also_beside_those_of_other_systems() {
        let others = [("A", "GitHub User", "GitHubUser"), ("B", "PagerDuty User", "PagerDutyUser")]
            .map(|(id, name, type_name)| a_type(id, name, type_name, &["user"], &[]));
        let all = [others[0].clone(), user(), others[1].clone()];
        assert_eq!(found(&all).catalog_user_type_id.as_deref(), Some("U9"));
        assert_eq!(found(&others).catalog_user_type_id.as_deref(), Some("A"));
        assert_eq!(found(&[]).catalog_user_type_id, None);
    }

    #[test]
    fn hy_8_the_team_type_is_the_designated_one_whatever_others_are_called() {
        let team = |types: &[CatalogType]| found(types).catalog_team_type.id;
        let designated = a_type("Z", "Squad", "Custom[\"Squad\"]", &[], &[]);
        let filed = a_type("Y", "Group", "Custom[\"Group\"]", &["team"], &[]);
        let named = a_type("X", "Teams", "Custom[\"Crew\"]", &[], &[]);
        let all = [named, filed, designated];
        assert_eq!(team(&all).as_deref(), Some("Z"));
        assert_eq!(team(&all[..2]).as_deref(), Some("Y"));
        assert_eq!(team(&all[..1]).as_deref(), Some("X"));
        assert_eq!(team(&[user()]), None);
    }

    #[test]
    fn hy_9_the_member_attribute_holds_several_users_and_is_never_another_one() {
        let (members, manager) = (attribute("Members", "User", true), attribute("Manager", "User", false));
        let (leads, on_call) = (attribute("Leads", "User", true), attribute("On call", "User", true));
        let derived = |mode| json!({"id": "d", "name": "Members", "type": "User", "array": true, "mode": mode});
        assert_eq!(members_of(&[manager.clone(), leads.clone(), members]).as_deref(), Some("members"));
        assert_eq!(members_of(&[manager.clone(), leads.clone()]).as_deref(), Some("leads"), "the only one");
        for none in [
            vec![],
            vec![manager],
            vec![leads, on_call],
            vec![attribute("Members", "String", true)],
            vec![attribute("Members", "GitHubUser", true)],
            vec![derived("backlink")],
            vec![derived("path")],
        ] {
            assert_eq!(members_of(&none), None, "{none:?}");
        }
    }

    #[test]
    fn hy_9_without_a_member_attribute_the_refusal_names_it() {
        let trouble = found(&[user()]).member_attribute().unwrap_err();
        assert!(trouble.message.contains("Members"), "{trouble}");
    }

    #[test]
    fn hy_10_the_configuration_has_exactly_the_names_of_the_product() {
        let team = a_type("T", "Team", "Team", &["team"], &[attribute("Members", "User", true)]);
        let expected = json!({
            "organizationName": "acme", "dashboardUrl": "https://app.example/acme",
            "catalogServiceTypeId": null, "catalogUserTypeId": "U9",
            "catalogTeamType": {"id": "T", "memberAttributeId": "members"},
        });
        assert_eq!(serde_json::to_value(found(&[team, user()])).unwrap(), expected);
    }

    #[test]
    fn what_holds_no_more_is_told_with_what_it_is_now() {
        let team = |id| a_type(id, "Team", "Team", &["team"], &[attribute("Members", "User", true)]);
        let service = a_type("S", "Service", "Custom[\"Service\"]", &["service"], &[]);
        let stored = found(&[user(), team("T1"), service.clone()]);
        assert!(checks(&stored, &stored).iter().all(|check| check.ok && check.why.is_none()));

        let bare = a_type("T2", "Team", "Team", &["team"], &[]);
        let told: Vec<_> = checks(&stored, &found(&[user(), bare])).into_iter().filter(|check| !check.ok).collect();
        assert_eq!(
            told.iter().map(|check| check.name).collect::<Vec<_>>(),
            ["catalogServiceTypeId", "catalogTeamType.id", "catalogTeamType.memberAttributeId"]
        );
        assert!(told[0].why.as_ref().unwrap().starts_with("S will do no more"), "{told:?}");
        assert!(told[1].why.as_ref().unwrap().contains("T2"), "{told:?}");
        let missing = found(&[user(), team("T1")]);
        let told = checks(&missing, &missing);
        assert_eq!(told[2], Check { name: "catalogServiceTypeId", ok: false, why: Some(NO_SERVICE_TYPE.into()) });
    }
}
