//! Users in the API.

use base::{AnyId, Error, Id, Problem, Problems, Result, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, containing};
use web::{Body, NoContent, Page, PageMeta, Paging, Plain, Query, Resource, Show};

use super::record::{BaseRole, Provider, User, find_by_email};
use crate::custom_roles::{CustomRole, CustomRoles};

web::routes! {
    /// List users, oldest first. Those who have been deactivated are left out unless asked for.
    GET "/v2/users" "Users V2#List" "users.view" => list;
    /// The same list, of those who have a text in their names or addresses, in whatever case.
    GET "" "Users#Search" "users.view", inside => search;
    /// Show a user.
    GET "/v2/users/{id}" "Users V2#Show" "users.view" => show;
    /// List the ways in which a user can be notified. Everybody with an address can be reached by
    /// e-mail; that method's ID is the user's own.
    GET "/v2/users/{user_id}/notification_methods" "Users V2#ListNotificationMethods" "notification_methods.view" => list_methods;
    /// List a user's rules for being paged.
    GET "/v2/users/{user_id}/notification_rules" "Users V2#ListNotificationRules" "notification_rules.view" => list_rules;
    /// Show who pages a user: whom they chose, or Wardroom itself where they take part in incidents.
    GET "/v2/users/{user_id}/paging_provider" "Users V2#ShowPagingProvider" "user_preferences.view" => show_provider;
    /// Choose who pages a user.
    POST "/v2/users/{user_id}/paging_provider" "Users V2#UpdatePagingProvider" "users.preferred_paging_provider.edit" => choose_provider;
}

/// A user as other things show them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UserBody {
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The user's ID.
    pub id: Id<User>,
    /// The name.
    pub name: String,
    /// What they may do.
    pub role: BaseRole,
    /// The ID in Slack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack_user_id: Option<String>,
}

impl UserBody {
    /// How `user` is shown.
    pub fn of(user: &User) -> Self {
        Self {
            email: user.email.clone(),
            id: user.id,
            name: user.name.clone(),
            role: user.role,
            slack_user_id: user.slack_user_id.clone(),
        }
    }
}

/// A user with roles and seats.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct UserWithRoles {
    base_role: RbacRole,
    custom_roles: Vec<RbacRole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    id: Id<User>,
    is_active: bool,
    name: String,
    role: BaseRole,
    seats: Seats,
    #[serde(skip_serializing_if = "Option::is_none")]
    slack_user_id: Option<String>,
}

impl Resource for UserWithRoles {
    const ONE: &'static str = "user";
    const MANY: &'static str = "users";
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct RbacRole {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    id: AnyId,
    name: String,
    slug: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Seats {
    on_call: Seat,
    response: Seat,
}

words! {
    /// How far somebody takes part.
    enum Seat {
        FullAccess = "full_access",
        ViewerOnly = "viewer_only",
        None = "none",
    }
}

impl RbacRole {
    fn of(role: BaseRole) -> Self {
        let (bits, name, about) = match role {
            BaseRole::Viewer => (1, "Viewer", "Looks at everything that is not private"),
            BaseRole::Responder => (2, "Responder", "Declares incidents and responds to them"),
            BaseRole::Administrator => (3, "Administrator", "Changes settings too"),
            BaseRole::Owner => (4, "Owner", "May do everything"),
            BaseRole::Unset => (5, "Unset", "Not decided yet"),
        };
        Self {
            description: Some(about.into()),
            id: AnyId::constant(bits),
            name: name.into(),
            slug: role.as_str().into(),
        }
    }

    fn of_custom(role: &CustomRole) -> Self {
        Self { description: role.description.clone(), id: role.id.cast(), name: role.name.clone(), slug: role.slug() }
    }
}

impl UserWithRoles {
    fn of(user: &User, roles: &CustomRoles) -> Self {
        let seat = match user.role {
            _ if !user.active => Seat::None,
            BaseRole::Viewer => Seat::ViewerOnly,
            BaseRole::Unset => Seat::None,
            _ => Seat::FullAccess,
        };
        Self {
            base_role: RbacRole::of(user.role),
            custom_roles: user.custom_roles.iter().filter_map(|id| roles.get(*id)).map(RbacRole::of_custom).collect(),
            email: user.email.clone(),
            id: user.id,
            is_active: user.active,
            name: user.name.clone(),
            role: user.role,
            seats: Seats { on_call: seat, response: seat },
            slack_user_id: user.slack_user_id.clone(),
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// Only whoever has this address.
    email: Option<String>,
    /// Only whoever has this ID in Slack.
    slack_user_id: Option<String>,
    /// Those who have been deactivated too.
    include_inactive: Option<bool>,
    #[serde(flatten)]
    paging: Paging<10_000>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<UserWithRoles>> {
    listed(cx, query, Condition::everything())
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct SearchQuery {
    /// The text.
    q: String,
    #[serde(flatten)]
    list: ListQuery,
}

fn search(cx: &mut Cx<'_>, Query(query): Query<SearchQuery>) -> Result<Page<UserWithRoles>> {
    let pattern = containing(&query.q.to_lowercase());
    let has = |column: &str| Condition::new(&format!("{column} like ? escape '\\'"), [pattern.as_str().into()]);
    listed(cx, query.list, Condition::any([has("name"), has("email")]))
}

/// One page of the list that is asked for, of those whom the condition fits.
fn listed(cx: &mut Cx<'_>, query: ListQuery, among: Condition) -> Result<Page<UserWithRoles>> {
    let wanted = [
        Some(among),
        query.email.map(|email| Condition::equal("email", email.to_lowercase())),
        query.slack_user_id.map(|id| Condition::equal("slack_user_id", id)),
        (!query.include_inactive.unwrap_or(false)).then(|| Condition::equal("active", true)),
    ];
    let paging = query.paging.read()?;
    let page = cx.page::<User>(Condition::all(wanted.into_iter().flatten()), Direction::Forward, &paging)?;
    let roles = cx.cached()?;
    let rows = page.rows.iter().map(|user| UserWithRoles::of(user, &roles)).collect();
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

fn show(cx: &mut Cx<'_>, id: Id<User>) -> Result<Show<UserWithRoles>> {
    let user = cx.get(id)?;
    Ok(Show(UserWithRoles::of(&user, &*cx.cached()?)))
}

words! {
    /// A way to notify somebody.
    enum MethodType {
        App = "app",
        Email = "email",
        MicrosoftTeams = "microsoft_teams",
        Phone = "phone",
        Slack = "slack",
        WhatsappMessage = "whatsapp_message",
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct NotificationMethods {
    notification_methods: Vec<NotificationMethod>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct NotificationMethod {
    address: String,
    id: AnyId,
    is_usable: bool,
    method_type: MethodType,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_details: Option<PhoneDetails>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PhoneDetails {
    supports_sms: bool,
    supports_voice: bool,
}

fn list_methods(cx: &mut Cx<'_>, id: Id<User>) -> Result<Plain<NotificationMethods>> {
    let user = cx.get(id)?;
    let by_email = user.email.clone().map(|address| NotificationMethod {
        address,
        id: id.cast(),
        is_usable: true,
        method_type: MethodType::Email,
        phone_details: None,
    });
    Ok(Plain(NotificationMethods { notification_methods: by_email.into_iter().collect() }))
}

words! {
    /// How urgent a page is.
    enum RuleType {
        High = "high_urgency",
        Low = "low_urgency",
    }
}
words! {
    /// How loudly the app tells of a page.
    enum Criticality {
        Critical = "critical",
        Active = "active",
    }
}
words! {
    /// How a telephone tells of a page.
    enum PhoneChannel {
        Sms = "sms",
        Voice = "voice",
    }
}
words! {
    /// Which of a user's methods of one type a rule means.
    enum TargetType {
        Specific = "specific",
        All = "all",
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct NotificationRules {
    notification_rules: Vec<NotificationRule>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct NotificationRule {
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<AppDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1200))]
    delay_seconds: Option<i64>,
    id: AnyId,
    method_target: MethodTarget,
    method_type: MethodType,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<PhoneRule>,
    rule_type: RuleType,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AppDetails {
    push_notification_criticality: Criticality,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PhoneRule {
    channel: PhoneChannel,
}

#[derive(Debug, Serialize, JsonSchema)]
struct MethodTarget {
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    specific: Option<SpecificMethod>,
    #[serde(rename = "type")]
    kind: TargetType,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SpecificMethod {
    id: AnyId,
}

/// Nobody has rules until they make some.
fn list_rules(cx: &mut Cx<'_>, id: Id<User>) -> Result<Plain<NotificationRules>> {
    cx.get(id)?;
    Ok(Plain(NotificationRules { notification_rules: Vec::new() }))
}

#[derive(Debug, Serialize, JsonSchema)]
struct PagingProvider {
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_escalation_provider: Option<Provider>,
}

fn show_provider(cx: &mut Cx<'_>, id: Id<User>) -> Result<Plain<PagingProvider>> {
    Ok(Plain(PagingProvider { preferred_escalation_provider: cx.get(id)?.effective_provider() }))
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ProviderChoice {
    preferred_escalation_provider: Provider,
}

fn choose_provider(cx: &mut Cx<'_>, id: Id<User>, Body(choice): Body<ProviderChoice>) -> Result<NoContent> {
    let mut user = cx.get(id)?;
    user.paging_provider = Some(choice.preferred_escalation_provider);
    user.updated_at = cx.now();
    cx.save(&mut user)?;
    Ok(NoContent)
}

/// A user as a request names them: by ID, e-mail address or ID in Slack.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct UserReference {
    /// The e-mail address.
    email: Option<String>,
    /// The user's ID.
    id: Option<String>,
    /// The ID in Slack.
    slack_user_id: Option<String>,
}

impl UserReference {
    /// The active user it names, or a problem that points at it.
    pub fn resolve(&self, cx: &mut Cx<'_>) -> Result<Id<User>> {
        let found = match self {
            Self { id: Some(id), .. } => id.parse().ok().map(|id| cx.find::<User>(id)).transpose()?.flatten(),
            Self { email: Some(email), .. } => find_by_email(cx, email)?,
            Self { slack_user_id: Some(id), .. } => {
                cx.list::<User>(Condition::equal("slack_user_id", id), "id")?.into_iter().next()
            }
            _ => {
                return Err(Error::of_problems(vec![
                    Problem::new("is_required", "one of id, email and slack_user_id is required").at("id"),
                ]));
            }
        };
        let named_by = if self.id.is_some() {
            "id"
        } else if self.email.is_some() {
            "email"
        } else {
            "slack_user_id"
        };
        match found {
            Some(user) if user.active => Ok(user.id),
            Some(_) => Err(Error::invalid(named_by, "this user has been deactivated")),
            None => Err(Error::invalid(named_by, "there is no such user")),
        }
    }

    /// Whether it names nobody at all.
    pub fn is_empty(&self) -> bool {
        self.email.is_none() && self.id.is_none() && self.slack_user_id.is_none()
    }
}

/// The active users with the IDs in the list at `pointer`, each once.
pub fn active_users(cx: &mut Cx<'_>, pointer: &str, ids: &[String]) -> Result<Vec<Id<User>>> {
    let (mut problems, mut users) = (Problems::new(), Vec::new());
    for (index, id) in ids.iter().enumerate() {
        let user = id.parse().ok().map(|id| cx.find::<User>(id)).transpose()?.flatten();
        match user.filter(|user| user.active) {
            Some(user) if users.contains(&user.id) => {}
            Some(user) => users.push(user.id),
            None => problems.check(false, &format!("{pointer}.{index}"), "there is no such active user"),
        }
    }
    problems.finish().map(|()| users)
}
