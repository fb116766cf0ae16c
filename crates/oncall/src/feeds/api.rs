//! The operations on feeds.

use base::{Error, Id, Problem, Result, Time};
use people::users::{User, UserReference};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, Stored};
use web::{Body, Created, Guard, NoContent, Page, PageMeta, Paging, Query, Resource, SecretStep};

use super::record::{CalendarFeed, Subject};
use crate::schedules::{self, Schedule};

/// Who makes and ends feeds: whoever may change the schedule; and everybody for themselves.
const GUARD: Guard = Guard::ScopeOrOwn("schedules.update");

web::routes! {
    /// List the calendar feeds, without their addresses: those of a schedule or a user, if one is named.
    GET "/v1/calendar_feeds" "Calendar Feeds V1#List" "schedules.view" => list;
    /// Make a calendar feed of a schedule, or of a user's shifts on all schedules. Its address is shown only here.
    POST "/v1/calendar_feeds" "Calendar Feeds V1#Create" GUARD => create;
    /// End a calendar feed: its address is not found any more.
    DELETE "/v1/calendar_feeds/{id}" "Calendar Feeds V1#Destroy" GUARD => delete;
}

/// A feed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CalendarFeed")]
struct FeedBody {
    created_at: Time,
    id: Id<CalendarFeed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_id: Option<Id<Schedule>>,
    /// Where to subscribe; shown only when the feed is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Id<User>>,
}

impl Resource for FeedBody {
    const ONE: &'static str = "calendar_feed";
    const MANY: &'static str = "calendar_feeds";
}

impl FeedBody {
    fn of(feed: &CalendarFeed, url: Option<String>) -> Self {
        let (schedule_id, user_id) = match feed.of {
            Subject::Schedule(schedule) => (Some(schedule), None),
            Subject::User(user) => (None, Some(user)),
        };
        Self { created_at: feed.created_at, id: feed.id, schedule_id, url, user_id }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
    /// Only those of this schedule.
    schedule_id: Option<String>,
    /// Only those of this user.
    user_id: Option<String>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<FeedBody>> {
    let paging = query.paging.read()?;
    let seen = match cx.owned() {
        None => Condition::everything(),
        Some(_) => schedules::of_listed(cx)?,
    };
    let listed = seen.and_wanted("schedule_id", query.schedule_id).and_wanted("user_id", query.user_id);
    let page = cx.page::<CalendarFeed>(listed, Direction::Forward, &paging)?;
    let rows = page.rows.iter().map(|feed| FeedBody::of(feed, None)).collect();
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CalendarFeedCreate")]
struct CreatePayload {
    /// The feed: of a schedule, or of a user.
    calendar_feed: FeedPayload,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CalendarFeedPayload")]
struct FeedPayload {
    /// The schedule.
    schedule_id: Option<String>,
    /// The user.
    user: Option<UserReference>,
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<FeedBody>> {
    let of = payload.calendar_feed.subject(cx).map_err(|error| error.within("calendar_feed"))?;
    admit(cx, of)?;
    let secret = SecretStep::new(cx);
    let feed = CalendarFeed { id: cx.new_id(), hash: secret.hash(), of, created_at: cx.now() };
    cx.insert(&feed)?;
    let url = format!("{}/ical/{}.ics", cx.site().public_url, secret.reveal());
    Ok(Created(FeedBody::of(&feed, Some(url))))
}

impl FeedPayload {
    fn subject(&self, cx: &mut Cx<'_>) -> Result<Subject> {
        match (self.schedule_id.as_deref().filter(|id| !id.is_empty()), &self.user) {
            (Some(id), None) => schedules::named(cx, id).map(|schedule| Subject::Schedule(schedule.id)),
            (None, Some(user)) => user.resolve(cx).map(Subject::User).map_err(|error| error.within("user")),
            _ => {
                let message = "either schedule_id or user is required, and not both";
                Err(Error::of_problems(vec![Problem::new("invalid_value", message).at("schedule_id")]))
            }
        }
    }
}

/// Refuses whoever may neither change the schedule nor is the user.
fn admit(cx: &mut Cx<'_>, of: Subject) -> Result<()> {
    match of {
        Subject::Schedule(schedule) => {
            let schedule: Stored<Schedule> = cx.get(schedule)?;
            cx.prove_owned(&schedule.teams)
        }
        Subject::User(user) if cx.prove_own(&[user]) => Ok(()),
        Subject::User(_) => cx.prove_unlimited(),
    }
}

fn delete(cx: &mut Cx<'_>, id: Id<CalendarFeed>) -> Result<NoContent> {
    let feed = cx.get(id)?;
    admit(cx, feed.of)?;
    cx.delete(&feed)?;
    Ok(NoContent)
}
