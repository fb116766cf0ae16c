//! Plays the story: turns the clock to each moment, and lets people do what they did then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base::{Access, Actor, Error, Id, Named, Result, SystemClock, Time};
use incidents::incident::Incident;
use people::teams::Team;
use people::users::{BaseRole, User};
use serde_json::{Value, json};
use store::{Origin, Store, Who};
use web::{Assembly, Call, Settings};

use super::story::{self, Field, Happening, Incident as Story};
use crate::open::{operator, progress_bar};

/// A clock that can be turned back.
#[derive(Default)]
pub struct Clock {
    behind_microseconds: AtomicI64,
}

impl Clock {
    fn turn_back(&self, by: Duration) {
        self.behind_microseconds.store(i64::try_from(by.as_micros()).unwrap_or(0), Ordering::Release);
    }
}

/// The same clock, for the world.
pub struct Shared(pub Arc<Clock>);

impl base::Clock for Shared {
    fn now(&self) -> Time {
        let behind = self.0.behind_microseconds.load(Ordering::Acquire);
        SystemClock.now() - Duration::from_micros(behind.unsigned_abs())
    }

    fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration);
    }
}

/// Plays the whole story into an empty store; the clock is right again afterwards.
pub fn play(store: &Store, clock: &Clock) -> Result<Stage> {
    let mut moments: Vec<_> = story::INCIDENTS.iter().flat_map(|incident| incident.moments()).collect();
    moments.sort_by_key(|(ago, _)| std::cmp::Reverse(*ago));
    let bar = progress_bar(moments.len());
    bar.set_message("living through the past");

    clock.turn_back(story::FOUNDED);
    let mut stage = Stage::set(store)?;
    for (ago, moment) in moments {
        clock.turn_back(ago);
        stage.happens(moment)?;
        bar.inc(1);
    }
    clock.turn_back(Duration::ZERO);
    stage.relate()?;
    stage.plan()?;
    bar.finish_and_clear();
    Ok(stage)
}

/// The organisation, and what has happened so far.
pub struct Stage {
    pub(super) store: Store,
    api: Assembly,
    people: HashMap<&'static str, User>,
    pub(super) teams: HashMap<&'static str, Id<Team>>,
    /// The IDs of schedules, by the team that is on call.
    schedules: HashMap<&'static str, String>,
    /// The IDs of what runs, by name.
    pub(super) services: HashMap<&'static str, String>,
    pub(super) settings: HashMap<String, String>,
    incidents: HashMap<&'static str, String>,
}

impl Stage {
    fn set(store: &Store) -> Result<Self> {
        let api = crate::assembly(&Settings::default())?;
        let mut stage = Self {
            store: store.clone(),
            api,
            people: HashMap::new(),
            teams: HashMap::new(),
            schedules: HashMap::new(),
            services: HashMap::new(),
            settings: HashMap::new(),
            incidents: HashMap::new(),
        };
        stage.hire()?;
        stage.configure()?;
        stage.describe()?;
        stage.take_turns()?;
        Ok(stage)
    }

    /// Puts every team on call, a week each.
    fn take_turns(&mut self) -> Result<()> {
        let today = &self.store.world().now().to_string()[..10];
        for (team, timezone, country) in story::ON_CALL {
            let members = story::PEOPLE.iter().filter(|(_, their_team)| *their_team == team);
            let users: Vec<_> = members.map(|(name, _)| json!({"id": self.people[name].id})).collect();
            let rotation = json!({
                "id": "primary", "name": "Primary", "users": users,
                "layers": [{"id": "primary", "name": "Primary"}],
                "handover_start_at": format!("{today}T09:00:00Z"),
                "handovers": [{"interval": 1, "interval_type": "weekly"}],
            });
            let schedule = json!({"schedule": {
                "name": format!("{team} on call"), "timezone": timezone, "team_ids": [self.teams[team]],
                "holidays_public_config": {"country_codes": [country]}, "config": {"rotations": [rotation]},
            }});
            let schedule = self.by_operator("Schedules V2#Create", &[], schedule)?;
            self.schedules.insert(team, text(&schedule["schedule"]["id"]));
        }
        Ok(())
    }

    fn hire(&mut self) -> Result<()> {
        for (index, (name, team)) in story::PEOPLE.iter().enumerate() {
            let role = if index == 0 { BaseRole::Owner } else { BaseRole::Responder };
            let email = story::email_of(name);
            let user = self.store.write(operator(), move |cx| User::add(cx, name, &email, role)).wait()?;
            self.people.insert(*name, user);
            self.teams.entry(*team).or_insert(Id::constant(0));
        }
        for (name, id) in &mut self.teams {
            let members: Vec<_> =
                story::PEOPLE.iter().filter(|(_, team)| team == name).map(|(who, _)| self.people[who].id).collect();
            let name = (*name).to_owned();
            let found = move |cx: &mut store::Cx<'_>| catalog::teams::add(cx, &name, &members);
            *id = self.store.write(operator(), found).wait()?;
        }
        Ok(())
    }

    /// Describes what runs in the catalog.
    fn describe(&mut self) -> Result<()> {
        let service = json!({
            "name": "Service", "description": "What runs, who looks after it, and what it needs.",
            "color": "blue", "icon": "server", "categories": ["service"], "use_name_as_identifier": true,
            "type_name": "Custom[\"Service\"]", "ranked": false, "annotations": {},
        });
        let service = self.by_operator("Catalog V3#CreateType", &[], service)?;
        let service = service["catalog_type"]["id"].as_str().ok_or_else(base::Error::not_found)?;
        let attribute =
            |id, holds, array| json!({"id": id, "name": id, "type": holds, "array": array, "mode": "dashboard"});
        let attributes = [
            attribute("Owner", "Team", false),
            attribute("Tier", "Number", false),
            attribute("Needs", "Custom[\"Service\"]", true),
            attribute("About", "Text", false),
        ];
        let schema = json!({"version": 1, "attributes": attributes});
        self.by_operator("Catalog V3#UpdateTypeSchema", &[service], schema)?;
        for story::Service { name, about, tier, team, needs } in story::SERVICES {
            let needs: Vec<_> = needs.iter().map(|needed| json!({"literal": needed})).collect();
            let entry = json!({
                "catalog_type_id": service, "name": name, "external_id": name.to_lowercase().replace(' ', "-"),
                "attribute_values": {
                    "Owner": {"value": {"literal": self.teams[team]}}, "Tier": {"value": {"literal": tier}},
                    "About": {"value": {"literal": about}}, "Needs": {"array_value": needs},
                },
            });
            let entry = self.by_operator("Catalog V3#CreateEntry", &[], entry)?;
            self.services.insert(name, text(&entry["catalog_entry"]["id"]));
        }
        Ok(())
    }

    /// Makes the custom fields, and notes the IDs of everything by name.
    fn configure(&mut self) -> Result<()> {
        for Field { name, description, field_type, options } in story::FIELDS {
            let field = json!({"name": name, "description": description, "field_type": field_type});
            let field = self.by_operator("Custom Fields V2#Create", &[], field)?;
            let id = text(&field["custom_field"]["id"]);
            for (index, option) in options.iter().enumerate() {
                let body = json!({"custom_field_id": id, "value": option, "sort_key": 10 * index});
                let option_body = self.by_operator("Custom Field Options V1#Create", &[], body)?;
                self.settings.insert(format!("{name}/{option}"), text(&option_body["custom_field_option"]["id"]));
            }
            self.settings.insert((*name).into(), id);
        }
        for (operation, list) in [
            ("Severities V1#List", "severities"),
            ("Incident Statuses V1#List", "incident_statuses"),
            ("Incident Roles V2#List", "incident_roles"),
        ] {
            let answer = self.by_operator(operation, &[], Value::Null)?;
            for row in answer[list].as_array().into_iter().flatten() {
                self.settings.insert(text(&row["name"]), text(&row["id"]));
            }
        }
        Ok(())
    }

    fn by_operator(&self, operation: &str, segments: &[&str], body: Value) -> Result<Value> {
        self.call(operator(), operation, segments, "", body)
    }

    fn call(&self, who: Who, operation: &str, segments: &[&str], query: &str, body: Value) -> Result<Value> {
        self.api.call(&self.store, who, Call { operation, segments, query, body })
    }

    /// Somebody calls an operation.
    pub(super) fn by(&self, name: &str, operation: &str, segments: &[&str], body: Value) -> Result<Value> {
        let user = &self.people[name];
        let actor = Actor::User(Named { id: user.id.cast(), name: user.name.clone() });
        let access = Access { user: Some(user.id.cast()), ..Access::unlimited() };
        let who = Who { actor, access: Arc::new(access), key: None, origin: Origin::default(), expects: None };
        self.call(who, operation, segments, "", body)
    }

    fn happens(&mut self, (story, happening): (&'static Story, Option<&'static Happening>)) -> Result<()> {
        match happening {
            None => self.declare(story),
            Some(happening) => self.continues(story, happening),
        }
    }

    fn declare(&mut self, story: &'static Story) -> Result<()> {
        let role = |role: &str, name: &str| json!({"incident_role_id": self.settings[role], "assignee": {"id": self.people[name].id}});
        let fields: Vec<_> = story.fields.iter().map(|(field, value)| self.field(field, value)).collect();
        let body = json!({
            "idempotency_key": story.name,
            "name": story.name,
            "summary": story.summary,
            "visibility": if story.private { "private" } else { "public" },
            "severity_id": story.severity.map(|severity| &self.settings[severity]),
            "incident_status_id": self.settings[story.status],
            "custom_field_entries": fields,
            "incident_role_assignments": [role("Incident Lead", story.lead), role("Reporter", story.reporter)],
        });
        let answer = self.by(story.reporter, "Incidents V2#Create", &[], body)?;
        self.incidents.insert(story.name, text(&answer["incident"]["id"]));
        Ok(())
    }

    fn field(&self, field: &str, value: &str) -> Value {
        let value = match self.settings.get(&format!("{field}/{value}")) {
            Some(option) => json!({"value_option_id": option}),
            None if value.starts_with("https://") => json!({"value_link": value}),
            None if value.parse::<f64>().is_ok() => json!({"value_numeric": value}),
            None => json!({"value_text": value}),
        };
        json!({"custom_field_id": self.settings[field], "values": [value]})
    }

    fn continues(&self, story: &Story, happening: &Happening) -> Result<()> {
        let id = &self.incidents[story.name];
        let done = match happening {
            Happening::Update { by, says, status, severity, .. } => self.by(
                by,
                "Incident Updates V2#Create",
                &[],
                json!({
                    "idempotency_key": says,
                    "incident_id": id,
                    "message": says,
                    "to_incident_status_id": status.map(|status| &self.settings[status]),
                    "to_severity_id": severity.map(|severity| &self.settings[severity]),
                }),
            ),
            Happening::Action { by, does, .. } => {
                let body = json!({"incident_id": id, "description": does, "assignee_id": self.people[by].id});
                self.by(story.lead, "Actions V3#Create", &[], body)
            }
            Happening::FollowUp { by, does, team, .. } => {
                let body = json!({
                    "incident_id": id, "title": does, "assignee_id": self.people[by].id, "assignee_team_id": self.teams[team],
                });
                self.by(story.lead, "Follow-ups V3#Create", &[], body)
            }
            Happening::Attachment { by, title, url, .. } => {
                let resource = json!({"resource_type": "arbitrary_url", "title": title, "url": url});
                self.by(by, "Incident Attachments V1#Create", &[], json!({"incident_id": id, "resource": resource}))
            }
            Happening::Postmortem { by, title, content, .. } => {
                let body = json!({"title": title, "content": content});
                self.by(by, "Incidents V2#ImportPostmortemDocument", &[id], body)
            }
        };
        done.map(drop).map_err(|error| Error::internal(format!("{}: {error}", story.name)))
    }

    /// Notes which incidents have to do with each other.
    fn relate(&self) -> Result<()> {
        for (one, other) in story::RELATED {
            let id = |name: &str| self.incidents[name].parse::<Id<Incident>>().map_err(Error::internal);
            let (one, other) = (id(one)?, id(other)?);
            self.store.write(operator(), move |cx| incidents::relationships::relate(cx, one, other)).wait()?;
        }
        Ok(())
    }

    /// What is to come of being on call: who is away, who takes over from whom, and who asks for that.
    fn plan(&self) -> Result<()> {
        let now = self.this_hour();
        for story::TimeOff { who, from, days, note } in story::TIME_OFF {
            let start = now + hours(24 * from);
            let away = json!({"user": {"id": self.people[who].id}, "start_at": start, "end_at": start + hours(24 * days), "note": note});
            self.by(who, "Time Off V1#Create", &[], json!({"time_off": away}))?;
        }
        for story::Override { team, who, from, hours: length } in story::OVERRIDES {
            let start = now + hours(*from);
            let takes_over = json!({
                "schedule_id": self.schedules[team], "rotation_id": "primary", "layer_id": "primary",
                "user": {"id": self.people[who].id}, "start_at": start, "end_at": start + hours(*length),
            });
            self.by(who, "Schedules V2#CreateOverride", &[], takes_over)?;
        }
        self.ask_for_cover()
    }

    /// When this hour began: nobody hands over at seventeen past.
    fn this_hour(&self) -> Time {
        let now = self.store.world().now();
        now - Duration::from_micros(now.microseconds().unsigned_abs() % HOUR_MICROSECONDS)
    }

    fn ask_for_cover(&self) -> Result<()> {
        let (team, who, message) = story::COVER;
        let (schedule, user) = (&self.schedules[team], &self.people[who]);
        let now = self.this_hour();
        let query = format!(
            "schedule_id={schedule}&entry_window_start={now}&entry_window_end={}",
            now + hours(24 * 7 * story::PEOPLE.len() as u64)
        );
        let entries = self.call(operator(), "Schedules V2#ListScheduleEntries", &[], &query, Value::Null)?;
        let shifts = entries["schedule_entries"]["final"].as_array().into_iter().flatten();
        let Some(shift) = shifts.into_iter().find(|shift| shift["user"]["id"] == json!(user.id)) else {
            return Ok(());
        };
        let start: Time = text(&shift["start_at"]).parse().map_err(Error::internal)?;
        let start = start.max(now + hours(24));
        let asked = json!({
            "schedule_id": schedule, "rotation_id": "primary", "layer_id": "primary", "user": {"id": user.id},
            "start_at": start, "end_at": start + hours(24), "message": message,
        });
        self.by(who, "Cover Requests V1#Create", &[], json!({"cover_request": asked})).map(drop)
    }
}

const HOUR_MICROSECONDS: u64 = 3_600_000_000;

const fn hours(n: u64) -> Duration {
    Duration::from_secs(3600 * n)
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
