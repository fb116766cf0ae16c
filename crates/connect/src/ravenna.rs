//! Ravenna: whether somebody is on call, so that a ticket finds the right person.

use base::Time;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::client::{ApiPath, Client, Kind, Trouble};
use crate::connector::{Action, Connector, Context, Product};
use crate::schedules::{self, Schedule, Shift, User, timestamp};

/// Ravenna.
pub struct Ravenna;

const PRODUCT: Product = Product {
    id: "ravenna",
    name: "Ravenna",
    category: "Incident Management",
    about: "Says whether somebody is on call, so that a ticket is routed to the right engineer.",
    key_field: "API Token",
    roles: &["viewer", "schedules_reader"],
};

/// What the token has to be able to list.
const LISTS: [&str; 3] = ["incidents", "schedules", "users"];

impl Connector for Ravenna {
    fn product(&self) -> &'static Product {
        &PRODUCT
    }

    fn connect(&self, api: &Client) -> Result<Json, Trouble> {
        for list in LISTS {
            let path = ApiPath::of(&["v2", list]).with("page_size", "1");
            api.get::<IgnoredAny>(path).map_err(|trouble| refused(list, trouble))?;
        }
        Ok(json!({}))
    }

    fn actions(&self) -> Vec<Action> {
        let about = "Says whether somebody is on call for a schedule.";
        vec![Action::new("validate_on_call", about, |context: &Context<'_>, input| {
            validate_on_call(context.api, &input)
        })]
    }
}

/// A refusal in Ravenna's words, and why.
fn refused(list: &str, trouble: Trouble) -> Trouble {
    let why = match (trouble.kind, trouble.scope()) {
        (Kind::NoKey, _) => "there is no token".to_owned(),
        (Kind::InvalidKey, _) => "the token is not accepted".to_owned(),
        (Kind::MissingScope, Some(scope)) => format!("the token lacks the scope {scope}"),
        (Kind::MissingScope, None) => format!("the token may not list {list}"),
        _ => return trouble,
    };
    trouble.saying(format!("Invalid API token or insufficient permissions: {why}"))
}

/// Whether who is on call for what.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ValidateOnCall {
    /// The schedule: its ID, or its exact name.
    #[schemars(length(min = 1))]
    pub schedule: String,
    /// The e-mail address of the person.
    #[schemars(length(min = 1))]
    pub email: String,
    /// At which moment; now when absent.
    pub at: Option<Time>,
}

/// How somebody stands to a schedule at a moment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Standing {
    /// Whether they are on call: by what finally holds, overrides included.
    pub on_call: bool,
    /// Whether they take turns in any rotation.
    pub member: bool,
    /// The moment.
    #[schemars(with = "Time")]
    pub at: Timestamp,
    /// The schedule.
    pub schedule: Named,
    /// Who it is.
    pub user: User,
    /// The shift that they are on call by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<Shift>,
    /// When that shift ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Time>")]
    pub shift_ends_at: Option<Timestamp>,
    /// The shifts of the others who are on call.
    pub on_call_now: Vec<Shift>,
}

/// Something that has a name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Named {
    /// Its ID.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// Says whether somebody is on call.
///
/// # Errors
/// Trouble with the API, or that it knows no such schedule, or no such person: what is unknown is the field that the
/// problem points at.
pub fn validate_on_call(api: &Client, input: &ValidateOnCall) -> Result<Standing, Trouble> {
    let schedule = find(api, input.schedule.trim())?;
    standing(api, &schedule, input.email.trim(), timestamp(input.at.unwrap_or(api.world().now())))
}

/// How whoever has this e-mail address stands to `schedule` at `at`.
///
/// # Errors
/// Trouble with the API, or that there is nobody of that address.
pub fn standing(api: &Client, schedule: &Schedule, email: &str, at: Timestamp) -> Result<Standing, Trouble> {
    let nobody = || unknown("email", format!("there is no user with the address {email}"));
    let user = schedules::user(api, email)?.ok_or_else(nobody)?;
    let end = at.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
    let shifts = schedules::shifts(api, &schedule.id, at..end)?;
    Ok(Standing::of(schedule, user, at, shifts))
}

impl Standing {
    fn of(schedule: &Schedule, user: User, at: Timestamp, mut shifts: Vec<Shift>) -> Self {
        shifts.retain(|shift| shift.covers(at));
        let (own, others): (Vec<_>, Vec<_>) =
            shifts.into_iter().partition(|shift| shift.user.as_ref().is_some_and(|there| there.id == user.id));
        let shift = own.into_iter().next();
        Self {
            on_call: shift.is_some(),
            member: schedule.has_member(&user.id, at),
            at,
            schedule: Named { id: schedule.id.clone(), name: schedule.name.clone() },
            user,
            shift_ends_at: shift.as_ref().map(|shift| shift.end_at),
            shift,
            on_call_now: others,
        }
    }
}

/// The schedule with this ID, or else the only one of this name.
fn find(api: &Client, wanted: &str) -> Result<Schedule, Trouble> {
    if is_id(wanted) {
        match schedules::one(api, wanted) {
            Err(trouble) if trouble.kind == Kind::NotFound => {}
            outcome => return outcome,
        }
    }
    let mut named = schedules::all(api)?.into_iter().filter(|schedule| schedule.name == wanted);
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(unknown("schedule", format!("there is no schedule {wanted:?}"))),
        (Some(_), Some(_)) => {
            Err(unknown("schedule", format!("several schedules are called {wanted:?}: give the ID of one")))
        }
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// That there is nothing of what `field` says.
fn unknown(field: &str, message: String) -> Trouble {
    Trouble::new(Kind::NotFound, message).about(field, "not_found")
}
