//! One incident: what is known of it, and what is done about it.

pub mod fields;

use base::Result;
use serde_json::{Value as Json, json};
use web::View;

use super::incidents::severities;
use super::pickers;
use crate::fields::{is_same_text, query, step};
use crate::live::{self, Moved};
use crate::page::{Page, Refused, pages};

pages! {
    GET "/incidents/{id}" => show;
    GET "/live/incidents/{id}" => follow;
    GET "/incidents/{id}/update" => update_form;
    POST "/incidents/{id}/update" => update;
    GET "/incidents/{id}/edit" => edit_form;
    POST "/incidents/{id}/edit" => edit;
    GET "/incidents/{id}/roles" => roles_form;
    POST "/incidents/{id}/roles" => assign;
    GET "/incidents/{id}/actions/new" => action_form;
    POST "/incidents/{id}/actions/new" => add_action;
    POST "/incidents/{id}/actions/{action}" => move_action;
    GET "/incidents/{id}/follow-ups/new" => follow_up_form;
    POST "/incidents/{id}/follow-ups/new" => add_follow_up;
    POST "/incidents/{id}/follow-ups/{follow_up}" => move_follow_up;
    GET "/incidents/{id}/attachments/new" => attachment_form;
    POST "/incidents/{id}/attachments/new" => attach;
    POST "/incidents/{id}/attachments/{attachment}/remove" => detach;
    GET "/incidents/{id}/members" => members_form;
    POST "/incidents/{id}/members" => change_members;
}

/// What a page of an incident is made of, and whether its lists come in pages.
const PARTS: &[(&str, &str, bool)] = &[
    ("Incident Updates V2#List", "incident_updates", true),
    ("Actions V3#List", "actions", true),
    ("Follow-ups V3#List", "follow_ups", true),
    ("Incident Attachments V1#List", "incident_attachments", false),
    ("Incident Memberships#List", "incident_memberships", false),
];

fn show(page: &Page) -> Result<View> {
    let mut variables = json!({"incident": incident(page)?});
    let id = variables["incident"]["id"].as_str().unwrap_or_default().to_owned();
    for (operation, name, is_paged) in PARTS {
        let of_it = [("incident_id", &*id)];
        variables[name] = if *is_paged {
            page.ask_all_if_allowed(operation, &of_it, name)?.into()
        } else {
            page.ask_if_allowed(operation, "", &query(&of_it))?[name].take()
        };
    }
    variables["has_fields"] = (!fields::all(page)?.is_empty()).into();
    variables["ended_at"] = ended_at(&variables["incident"]);
    if page.may("incident_updates.create") {
        variables["update"] = update_choices(page)?;
    }
    Ok(page.show("incidents/show.html", variables))
}

fn follow(page: &Page) -> Result<View> {
    let id = page.segment(0);
    let parts_query = |is_paged| query(&[("incident_id", id), ("page_size", "250")][..if is_paged { 2 } else { 1 }]);
    let mut operations = vec![("Incidents V2#Show", id.to_owned(), String::new())];
    operations.extend(PARTS.iter().map(|(operation, _, is_paged)| (*operation, String::new(), parts_query(*is_paged))));
    live::follow(page, Moved::ByPeople, &operations)
}

fn incident(page: &Page) -> Result<Json> {
    Ok(page.ask("Incidents V2#Show", page.segment(0), "")?["incident"].take())
}

/// When it was over: resolved, or else closed.
fn ended_at(incident: &Json) -> Json {
    let values = incident["incident_timestamp_values"].as_array().into_iter().flatten();
    let at = |name: &str| {
        values
            .clone()
            .find(|value| value["incident_timestamp"]["name"] == name)
            .map(|value| value["value"]["value"].clone())
    };
    at("Resolved at").filter(|value| !value.is_null()).or_else(|| at("Closed at")).unwrap_or_default()
}

fn home_of(page: &Page) -> String {
    format!("/incidents/{}", step(page.segment(0)))
}

/// Shows a form about the incident, with what it lets choose from.
fn form(page: &Page, template: &str, choices: Json, refused: &Refused) -> Result<View> {
    let mut variables = choices;
    variables["incident"] = incident(page)?;
    Ok(page.form(template, variables, refused))
}

/// Has an operation do what a form asks, and goes back to the incident; where it is refused, or something is only
/// searched for, shows the form again.
fn submit(
    page: &Page,
    (operation, body): (&str, Json),
    told: &str,
    again: impl FnOnce(&Page, &Refused) -> Result<View>,
) -> Result<View> {
    if page.form.has("find") {
        return again(page, &Refused::default());
    }
    match page.submit(operation, "", body)? {
        Ok(_) => Ok(page.done(&home_of(page), told)),
        Err(refused) => again(page, &refused),
    }
}

/// The same for the operation that edits the incident itself.
fn edit_incident(
    page: &Page,
    body: Json,
    told: &str,
    again: impl FnOnce(&Page, &Refused) -> Result<View>,
) -> Result<View> {
    if page.form.has("find") {
        return again(page, &Refused::default());
    }
    let mut body = body;
    body["notify_incident_channel"] = false.into();
    match page.submit("Incidents V2#Edit", page.segment(0), body)? {
        Ok(_) => Ok(page.done(&home_of(page), told)),
        Err(refused) => again(page, &refused),
    }
}

fn update_choices(page: &Page) -> Result<Json> {
    let statuses = page.ask_if_allowed("Incident Statuses V1#List", "", "")?["incident_statuses"].take();
    let key = page.desk.store.world().new_id::<()>();
    Ok(json!({"statuses": statuses, "severities": severities(page)?, "idempotency_key": key}))
}

fn update_form(page: &Page) -> Result<View> {
    page.require("incident_updates.create")?;
    update_with(page, &Refused::default())
}

fn update_with(page: &Page, refused: &Refused) -> Result<View> {
    form(page, "incidents/update.html", json!({"update": update_choices(page)?}), refused)
}

fn update(page: &Page) -> Result<View> {
    let mut body = page.form.filled(&["idempotency_key", "message", "to_incident_status_id", "to_severity_id"]);
    body["incident_id"] = page.segment(0).into();
    submit(page, ("Incident Updates V2#Create", body), "The update is posted", update_with)
}

fn edit_form(page: &Page) -> Result<View> {
    page.require("incidents.update_name")?;
    edit_with(page, &Refused::default())
}

/// What can be edited, and the form's fields for it.
const EDITED: [(&str, &str); 2] = [("name", "incident.name"), ("summary", "incident.summary")];

/// The form, with what each field held when it was first shown; or now, where somebody is told what is wrong with it.
fn edit_with(page: &Page, refused: &Refused) -> Result<View> {
    let incident = incident(page)?;
    let mut was = json!({});
    for (name, field) in EDITED {
        let before = format!("was.{field}");
        let stays = page.form.has(&before) && !refused.fields.contains_key(field);
        was[name] = if stays { page.form.text(&before).into() } else { incident[name].clone() };
    }
    Ok(page.form("incidents/edit.html", json!({"incident": incident, "was": was}), refused))
}

/// Sends what the visitor has changed and nothing else, so that it undoes nothing that others did in the meantime.
fn edit(page: &Page) -> Result<View> {
    page.require("incidents.update_name")?;
    let changed: Vec<_> = EDITED.into_iter().filter(|(_, field)| page.form.is_changed(field)).collect();
    if changed.is_empty() {
        return Ok(page.done(&home_of(page), "Nothing was changed"));
    }
    let now = incident(page)?;
    let clashes =
        changed.iter().filter_map(|(name, field)| Some(((*field).to_owned(), clash(page, field, &now[name])?)));
    let refused = Refused { fields: clashes.collect(), ..Refused::default() };
    if !refused.is_empty() {
        return edit_with(page, &refused);
    }
    let fields: Vec<_> = changed.iter().map(|(_, field)| *field).collect();
    edit_incident(page, page.form.given(&fields), "The incident is changed", edit_with)
}

/// What to say of a field that somebody else has changed, too, since the form was shown.
fn clash(page: &Page, field: &str, now: &Json) -> Option<String> {
    let (before, now) = (format!("was.{field}"), now.as_str().unwrap_or_default().trim());
    let is_as = |other: &str| is_same_text(page.form.text(other), now);
    if !page.form.has(&before) || is_as(&before) || is_as(field) {
        return None;
    }
    let told = if now.is_empty() { "emptied it".to_owned() } else { format!("changed it to “{now}”") };
    Some(format!("somebody else has {told} in the meantime: save again to have it as it stands here"))
}

fn roles_form(page: &Page) -> Result<View> {
    page.require("incidents.update_role_assignments")?;
    roles_with(page, &Refused::default())
}

fn roles_with(page: &Page, refused: &Refused) -> Result<View> {
    let roles = page.ask("Incident Roles V2#List", "", "")?["incident_roles"].take();
    let incident = incident(page)?;
    let assignments = incident["incident_role_assignments"].as_array().into_iter().flatten();
    let held = assignments.map(|assignment| assignment["assignee"].clone());
    let people = pickers::people(page, held, page.form.under("role").map(|(_, id)| id))?;
    Ok(page.form("incidents/roles.html", json!({"roles": roles, "people": people, "incident": incident}), refused))
}

/// Assigns those roles that have another assignee in the form than when it was shown.
fn assign(page: &Page) -> Result<View> {
    let is_changed = |(role, _): &(&str, &str)| page.form.is_changed(&format!("role.{role}"));
    let assignment = |(role, assignee): (&str, &str)| match assignee {
        "" => json!({"incident_role_id": role}),
        id => json!({"incident_role_id": role, "assignee": {"id": id}}),
    };
    let assignments: Vec<_> = page.form.under("role").filter(is_changed).map(assignment).collect();
    let body = json!({"incident": {"incident_role_assignments": assignments}});
    edit_incident(page, body, "The roles are assigned", roles_with)
}

/// Those from whom a field of a form chooses somebody.
fn people(page: &Page, field: &str) -> Result<Json> {
    pickers::people(page, [], page.form.all(field))
}

fn action_form(page: &Page) -> Result<View> {
    page.require("actions.create")?;
    action_with(page, &Refused::default())
}

fn action_with(page: &Page, refused: &Refused) -> Result<View> {
    form(page, "incidents/action.html", json!({"people": people(page, "assignee_id")?}), refused)
}

fn add_action(page: &Page) -> Result<View> {
    let mut body = page.form.filled(&["description", "assignee_id"]);
    body["incident_id"] = incident(page)?["id"].take();
    submit(page, ("Actions V3#Create", body), "The action is added", action_with)
}

/// Changes how far an action has got; all else stays.
fn move_action(page: &Page) -> Result<View> {
    let action = &page.ask("Actions V3#Show", page.segment(1), "")?["action"];
    let mut body = json!({"description": action["description"], "status": page.form.text("status")});
    keep(&mut body, "assignee_id", &action["assignee"]["id"]);
    page.call("Actions V3#Update", page.segment(1), body)?;
    Ok(page.done(&home_of(page), "The action is changed"))
}

/// Sends on what was there, if anything was.
fn keep(body: &mut Json, name: &str, value: &Json) {
    if !value.is_null() {
        body[name] = value.clone();
    }
}

fn follow_up_form(page: &Page) -> Result<View> {
    page.require("follow_ups.create")?;
    follow_up_with(page, &Refused::default())
}

fn follow_up_with(page: &Page, refused: &Refused) -> Result<View> {
    form(page, "incidents/follow_up.html", json!({"people": people(page, "assignee_id")?}), refused)
}

fn add_follow_up(page: &Page) -> Result<View> {
    let mut body = page.form.filled(&["title", "description", "assignee_id"]);
    body["incident_id"] = incident(page)?["id"].take();
    submit(page, ("Follow-ups V3#Create", body), "The follow-up is added", follow_up_with)
}

/// Changes how far a follow-up has got; all else stays.
fn move_follow_up(page: &Page) -> Result<View> {
    let follow_up = &page.ask("Follow-ups V3#Show", page.segment(1), "")?["follow_up"];
    let mut body = json!({"title": follow_up["title"], "status": page.form.text("status")});
    for (name, value) in [
        ("description", &follow_up["description"]),
        ("labels", &follow_up["labels"]),
        ("assignee_id", &follow_up["assignee"]["id"]),
        ("assignee_team_id", &follow_up["assignee_team"]["id"]),
        ("follow_up_priority_option_id", &follow_up["priority"]["id"]),
        ("follow_up_category_id", &follow_up["category"]["id"]),
    ] {
        keep(&mut body, name, value);
    }
    page.call("Follow-ups V3#Update", page.segment(1), body)?;
    Ok(page.done(&home_of(page), "The follow-up is changed"))
}

fn attachment_form(page: &Page) -> Result<View> {
    page.require("attachments.create")?;
    attachment_with(page, &Refused::default())
}

fn attachment_with(page: &Page, refused: &Refused) -> Result<View> {
    form(page, "incidents/attachment.html", json!({}), refused)
}

fn attach(page: &Page) -> Result<View> {
    let mut body = page.form.filled(&["resource.url", "resource.title"]);
    body["incident_id"] = incident(page)?["id"].take();
    body["resource"]["resource_type"] = "arbitrary_url".into();
    submit(page, ("Incident Attachments V1#Create", body), "The link is attached", attachment_with)
}

fn detach(page: &Page) -> Result<View> {
    page.call("Incident Attachments V1#Delete", page.segment(1), Json::Null)?;
    Ok(page.done(&home_of(page), "The link is taken away"))
}

/// The incident, as long as the visitor sees it.
fn home_or_list(page: &Page) -> Result<String> {
    let is_seen = !page.ask_if_allowed("Incidents V2#Show", page.segment(0), "")?.is_null();
    Ok(if is_seen { home_of(page) } else { "/incidents".to_owned() })
}

fn members_form(page: &Page) -> Result<View> {
    page.require("incident_memberships.grant")?;
    members_with(page, &Refused::default())
}

fn members_with(page: &Page, refused: &Refused) -> Result<View> {
    form(page, "incidents/members.html", json!({"people": people(page, "user_id")?}), refused)
}

fn change_members(page: &Page) -> Result<View> {
    if page.form.has("find") {
        return members_with(page, &Refused::default());
    }
    let mut body = page.form.filled(&["user_id"]);
    body["incident_id"] = incident(page)?["id"].take();
    let (operation, told) = match page.form.text("change") {
        "revoke" => ("Incident Memberships V1#Revoke", "They see the incident no more"),
        _ => ("Incident Memberships V1#Create", "They may see the incident now"),
    };
    let submitted = page.submit(operation, "", body)?;
    match submitted {
        Ok(_) => Ok(page.done(&home_or_list(page)?, told)),
        Err(refused) => members_with(page, &refused),
    }
}
