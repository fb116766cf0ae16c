//! The operations on schedules.

use std::mem;
use std::ops::Range;
use std::time::Duration;

use base::{Error, Id, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction};
use web::{Accepted, Body, Counted, Created, Page, PageMeta, Paging, Plain, Query, Show};

use super::body::{EntriesBody, OnCall, People, ScheduleBody};
use super::entries::calendar;
use super::payload::{Optional, SchedulePayload};
use super::record::{Schedule, hold_owned, owned};
use crate::holidays::{self, Holiday};
use crate::rota::{Entries, Shift};
use crate::sync;

web::routes! {
    /// List the schedules that the caller may see, oldest first: all of them, or those of its teams.
    /// Who is on call next is shown on pages of up to 25.
    GET "/v2/schedules" "Schedules V2#List" "schedules.view" => list;
    /// Create a schedule.
    POST "/v2/schedules" "Schedules V2#Create" "schedules.create" => create;
    /// Show a schedule, with who is on call now and next.
    GET "/v2/schedules/{id}" "Schedules V2#Show" "schedules.view" => show;
    /// Replace what a schedule says. Who has been on call stays as it was.
    PUT "/v2/schedules/{id}" "Schedules V2#Update" "schedules.update" => update;
    /// Archive a schedule.
    DELETE "/v2/schedules/{id}" "Schedules V2#Destroy" "schedules.destroy" => delete;
    /// Show who would be on call, for up to 91 days, if the schedule said this.
    POST "/v2/schedules/{id}/actions/preview_entries" "Schedules V2#PreviewScheduleEntries" "schedules.view" => preview;
    /// List who is on call in a window: four weeks from now, unless it says otherwise.
    GET "/v2/schedule_entries" "Schedules V2#ListScheduleEntries" "schedules.view" => entries;
}

/// The window that is shown where nothing is said: four weeks.
const WINDOW: Duration = Duration::from_secs(28 * 86_400);
/// The window that one answer covers at most: 91 days.
pub(crate) const LONGEST_WINDOW: Duration = Duration::from_secs(91 * 86_400);
/// Entries of one list in one answer at most; more if they begin at one moment.
const LARGEST_PAGE: usize = 250;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleCreate")]
struct CreatePayload {
    /// The schedule.
    schedule: SchedulePayload<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ScheduleUpdate")]
struct UpdatePayload {
    /// The schedule: all that it says from now on.
    schedule: SchedulePayload<Optional>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "SchedulePreview")]
struct PreviewPayload {
    /// The end of the window; four weeks after its start if it is left out.
    entry_window_end: Option<Time>,
    /// The start of the window; now if it is left out.
    entry_window_start: Option<Time>,
    /// What the schedule would say.
    schedule: SchedulePayload<Optional>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(super) struct ListQuery {
    #[serde(flatten)]
    paging: Paging<10_000>,
}

/// Schedules on a page that shows who is on call next, at most.
const WITH_NEXT: usize = 25;

pub(super) fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<ScheduleBody, Counted>> {
    let paging = query.paging.read()?;
    let listed = listed(cx)?;
    let total = cx.count::<Schedule>(listed.clone())?;
    let page = cx.page::<Schedule>(listed, Direction::Forward, &paging)?;
    let shows_next = paging.size <= WITH_NEXT;
    let on_call = page.rows.iter().map(|schedule| OnCall::of(cx, schedule, shows_next)).collect::<Result<Vec<_>>>()?;
    let people = People::of(cx, on_call.iter().flat_map(OnCall::shifts))?;
    let body = |(schedule, on_call)| ScheduleBody::of(schedule, on_call, &people, &cx.site().public_url);
    let rows = page.rows.iter().map(|schedule| &**schedule).zip(&on_call).map(body).collect();
    let meta = Counted { page: PageMeta::new(&paging, page.after), total_record_count: Some(total) };
    Ok(Page { rows, meta })
}

/// The schedules in use that the caller may see: all of them, or those of its teams.
pub(crate) fn listed(cx: &mut Cx<'_>) -> Result<Condition> {
    let in_use = Condition::new("archived_at is null", []);
    let Some(teams) = cx.owned() else { return Ok(in_use) };
    let mut theirs = cx.list::<Schedule>(in_use, "id")?;
    theirs.retain(|schedule| schedule.teams.iter().any(|team| teams.contains(&team.cast())));
    Ok(Condition::one_of("id", theirs.iter().map(|schedule| schedule.id)))
}

/// What belongs to them, by its column `schedule_id`.
pub(crate) fn of_listed(cx: &mut Cx<'_>) -> Result<Condition> {
    Ok(listed(cx)?.within("schedule_id in (select id from schedules where ", ")"))
}

fn body(cx: &mut Cx<'_>, schedule: &Schedule) -> Result<ScheduleBody> {
    let on_call = OnCall::of(cx, schedule, true)?;
    let people = People::of(cx, on_call.shifts())?;
    Ok(ScheduleBody::of(schedule, &on_call, &people, &cx.site().public_url))
}

fn create(cx: &mut Cx<'_>, Body(payload): Body<CreatePayload>) -> Result<Created<ScheduleBody>> {
    made(cx, |cx, schedule| payload.schedule.apply(cx, schedule))
}

/// A new schedule, as `apply` has it.
pub(super) fn made(
    cx: &mut Cx<'_>,
    apply: impl FnOnce(&mut Cx<'_>, &mut Schedule) -> Result<()>,
) -> Result<Created<ScheduleBody>> {
    let mut schedule = Schedule::new(cx);
    apply(cx, &mut schedule).map_err(|error| error.within("schedule"))?;
    cx.prove_owned(&schedule.teams)?;
    cx.insert(&schedule)?;
    body(cx, &schedule).map(Created)
}

pub(super) fn show(cx: &mut Cx<'_>, id: Id<Schedule>) -> Result<Show<ScheduleBody>> {
    let schedule = owned(cx, id)?;
    body(cx, &schedule).map(Show)
}

fn update(cx: &mut Cx<'_>, id: Id<Schedule>, Body(payload): Body<UpdatePayload>) -> Result<Show<ScheduleBody>> {
    changed(cx, id, |cx, schedule| payload.schedule.apply(cx, schedule))
}

/// A schedule, changed as `apply` has it from now on.
pub(super) fn changed(
    cx: &mut Cx<'_>,
    id: Id<Schedule>,
    apply: impl FnOnce(&mut Cx<'_>, &mut Schedule) -> Result<()>,
) -> Result<Show<ScheduleBody>> {
    let mut schedule = owned(cx, id)?;
    let before = schedule.configuration.clone();
    apply(cx, &mut schedule).map_err(|error| error.within("schedule"))?;
    cx.prove_owned(&schedule.teams)?;
    schedule.replaces(cx, before);
    cx.save(&mut schedule)?;
    body(cx, &schedule).map(Show)
}

pub(super) fn delete(cx: &mut Cx<'_>, id: Id<Schedule>) -> Result<Accepted> {
    let mut schedule = hold_owned(cx, id)?;
    sync::release(cx, id)?;
    schedule.archived_at = Some(cx.now());
    schedule.updated_at = cx.now();
    cx.save_as("deleted", &mut schedule)?;
    Ok(Accepted)
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SchedulePreviewResult")]
struct PreviewBody {
    schedule_entries: EntriesBody,
}

fn preview(cx: &mut Cx<'_>, id: Id<Schedule>, Body(payload): Body<PreviewPayload>) -> Result<Plain<PreviewBody>> {
    let mut schedule = owned(cx, id)?;
    let start = payload.entry_window_start.unwrap_or_else(|| cx.now());
    let end = payload.entry_window_end.unwrap_or(start + WINDOW);
    let window = start..end.min(start + LONGEST_WINDOW);
    not_backwards(&window)?;
    let configuration = payload.schedule.configuration(cx, schedule.id).map_err(|error| error.within("schedule"))?;
    let before = mem::replace(&mut schedule.configuration, configuration);
    schedule.replaces(cx, before);
    let entries = calendar(cx, &schedule, window.start)?.entries(window);
    Ok(Plain(PreviewBody { schedule_entries: EntriesBody::of(cx, &entries, &schedule)? }))
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct EntriesQuery {
    /// The schedule.
    schedule_id: String,
    /// The start of the window, or the cursor of the page before.
    entry_window_start: Option<String>,
    /// The end of the window, which is not part of it.
    entry_window_end: Option<Time>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleEntriesMeta")]
struct AfterBody {
    after: String,
    after_url: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleEntriesResult")]
struct EntriesResult {
    /// The public holidays of the schedule's countries; beyond the contract.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    holidays: Vec<HolidayBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination_meta: Option<AfterBody>,
    schedule_entries: EntriesBody,
}

/// A public holiday.
#[derive(Debug, Serialize)]
struct HolidayBody {
    country_code: &'static str,
    date: String,
    name: &'static str,
}

impl From<Holiday> for HolidayBody {
    fn from(holiday: Holiday) -> Self {
        Self { country_code: holiday.country, date: holiday.date.to_string(), name: holiday.name }
    }
}

/// The public holidays of a schedule's countries on the days of `window`, by its own clock.
fn holidays_in(schedule: &Schedule, window: &Range<Time>) -> Vec<HolidayBody> {
    let zone = schedule.configuration.zone();
    let last = window.end - Duration::from_micros(1);
    let countries = schedule.holiday_countries.iter().map(String::as_str);
    let found = holidays::on(countries, &(window.start.date_in(&zone)..=last.date_in(&zone)));
    found.into_iter().map(Into::into).collect()
}

/// What a cursor begins with, which no timestamp does; where the page begins and where the window ends follow.
const CURSOR: &str = "after:";

fn entries(cx: &mut Cx<'_>, Query(query): Query<EntriesQuery>) -> Result<Plain<EntriesResult>> {
    let id = query.schedule_id.parse().map_err(|_| Error::not_found())?;
    let schedule = owned(cx, id)?;
    let given = query.entry_window_start.as_deref().filter(|text| !text.is_empty());
    let cursor = given.and_then(|text| text.strip_prefix(CURSOR));
    let read = |text: &str| text.parse::<Time>().map_err(|problem| Error::invalid("entry_window_start", problem));
    let (start, end) = cursor.or(given).map_or((None, None), |text| match text.split_once(" to ") {
        Some((start, end)) if cursor.is_some() => (Some(start), Some(end)),
        _ => (Some(text), None),
    });
    let start = start.map(read).transpose()?.unwrap_or_else(|| cx.now());
    let end = query.entry_window_end.or(end.map(read).transpose()?).unwrap_or(start + WINDOW);
    let window = start..end;
    not_backwards(&window)?;

    let part = window.start..window.end.min(window.start + LONGEST_WINDOW);
    let mut found = calendar(cx, &schedule, window.start)?.entries(part.clone());
    if cursor.is_some() {
        // What began before has been on the page before.
        keep(&mut found, |shift| shift.start_at >= window.start);
    }
    let end = cut(&found).unwrap_or(part.end);
    keep(&mut found, |shift| shift.start_at < end);
    let pagination_meta = (end < window.end).then(|| {
        let after = format!("{CURSOR}{end} to {}", window.end);
        let after_url = format!(
            "{}/v2/schedule_entries?schedule_id={id}&entry_window_start={}&entry_window_end={}",
            cx.site().public_url,
            after.replace(' ', "%20"),
            window.end
        );
        AfterBody { after, after_url }
    });
    let schedule_entries = EntriesBody::of(cx, &found, &schedule)?;
    let holidays = holidays_in(&schedule, &(window.start..end));
    Ok(Plain(EntriesResult { holidays, pagination_meta, schedule_entries }))
}

fn not_backwards(window: &Range<Time>) -> Result<()> {
    if window.start < window.end { Ok(()) } else { Err(Error::invalid("entry_window_end", "is not after the start")) }
}

/// The moment up to which a page holds entries: those that begin then come on the next one.
fn cut(entries: &Entries) -> Option<Time> {
    let cut = |list: &Vec<Shift>| {
        let first = list.first()?.start_at;
        list.get(LARGEST_PAGE..)?.iter().map(|shift| shift.start_at).find(|start| *start > first)
    };
    [&entries.scheduled, &entries.overrides, &entries.r#final].into_iter().filter_map(cut).min()
}

fn keep(entries: &mut Entries, fits: impl Fn(&Shift) -> bool) {
    for list in [&mut entries.scheduled, &mut entries.overrides, &mut entries.r#final] {
        list.retain(&fits);
    }
}
