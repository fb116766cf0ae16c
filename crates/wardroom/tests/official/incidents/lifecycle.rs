//! Incidents V2: declaring, showing and editing.

use std::collections::BTreeSet;

use super::{
    Edit, NO_ID, New, at_once, create, declare, edit, field, give, new, role, severity, show, status, updates,
};
use crate::support::{Server, absent, invalid, lacking, text, word};
use incident_io::models::{
    CustomFieldEntryPayloadV2, CustomFieldValuePayloadV2, IncidentRoleAssignmentPayloadV2,
    IncidentTimestampValuePayloadV2, IncidentV2, RetrospectiveIncidentOptionsV2,
};

/// The holder of a role, by the role's name.
fn holder<'a>(incident: &'a IncidentV2, role: &str) -> Option<&'a str> {
    let assignment = incident.incident_role_assignments.iter().find(|assignment| assignment.role.name == role).unwrap();
    assignment.assignee.as_ref().map(|user| user.name.as_str())
}

/// The timestamps that are set, in order.
fn reached(incident: &IncidentV2) -> Vec<&str> {
    let timestamps = incident.incident_timestamp_values.as_ref().unwrap().iter();
    timestamps.filter(|entry| entry.value.is_some()).map(|entry| entry.incident_timestamp.name.as_str()).collect()
}

/// When this timestamp was reached.
fn moment<'a>(incident: &'a IncidentV2, name: &str) -> impl PartialEq + std::fmt::Debug + use<'a> {
    let mut timestamps = incident.incident_timestamp_values.as_ref().unwrap().iter();
    timestamps.find(|entry| entry.incident_timestamp.name == name).unwrap().value.as_ref().and_then(|value| value.value)
}

fn holding(field: &str, text: &str) -> Vec<CustomFieldEntryPayloadV2> {
    let value = CustomFieldValuePayloadV2::new().set_value_text(text);
    vec![CustomFieldEntryPayloadV2::new(field, vec![value])]
}

#[tokio::test]
async fn an_incident_is_shown_as_it_was_declared() {
    let server = Server::start();
    let root = server.root();
    server.add_user("Ada", "ada@example.com");
    let (region, lead) = (field(&root, "text").await, role(&root, "Incident Lead").await);
    let (major, fixing) = (severity(&root, "Major").await, status(&root, "Fixing").await);
    let declared = new(&root, "The till is down")
        .await
        .set_summary("Nobody can *pay*.")
        .set_severity_id(&major)
        .set_incident_status_id(&fixing)
        .set_incident_role_assignments(give(&lead, "ada@example.com"))
        .set_custom_field_entries(holding(&region, "north"))
        .set_slack_team_id("T1")
        .set_slack_channel_name_override("till");
    let incident = create(&root, declared).await.unwrap();

    assert_eq!((incident.reference.as_str(), incident.name.as_str()), ("INC-1", "The till is down"));
    assert_eq!(incident.summary.as_deref(), Some("Nobody can *pay*."));
    assert_eq!(incident.permalink, Some(format!("{}/incidents/1", server.url())));
    assert_eq!((text(&incident.mode).as_str(), text(&incident.visibility).as_str()), ("standard", "public"));
    assert_eq!((&incident.severity.as_ref().unwrap().id, &incident.incident_status.id), (&major, &fixing));
    assert_eq!((holder(&incident, "Incident Lead"), holder(&incident, "Reporter")), (Some("Ada"), None));
    assert_eq!(incident.custom_field_entries[0].custom_field.id, region);
    assert_eq!(incident.custom_field_entries[0].values[0].value_text.as_deref(), Some("north"));
    assert_eq!(incident.slack_channel_name.as_deref(), Some("till"));
    assert_eq!((incident.slack_team_id.as_str(), incident.slack_channel_id.as_str()), ("T1", ""));
    assert_eq!(reached(&incident), ["Reported at", "Accepted at"]);
    assert!(incident.creator.api_key.is_some() && incident.creator.user.is_none());
    assert_eq!(show(&root, &incident.id).await.unwrap(), incident);
    assert_eq!(show(&root, "1").await.unwrap(), incident, "by the number of its reference");
    absent(show(&root, NO_ID).await);
    absent(show(&root, "2").await);
}

#[tokio::test]
async fn what_a_declaration_leaves_out_is_chosen_for_it() {
    let server = Server::start();
    let root = server.root();
    let minor = severity(&root, "Minor").await;
    let incident = create(&root, New::new("Once", word("public")).set_severity_id(minor)).await.unwrap();
    assert_eq!((incident.name.as_str(), incident.summary.as_ref()), ("Untitled incident", None));
    assert_eq!(incident.incident_status.name, "Investigating");
    assert_eq!(incident.incident_type.as_ref().unwrap().name, "Default");
    assert_eq!(text(&incident.mode), "standard");
}

#[tokio::test]
async fn a_declaration_is_told_all_that_is_wrong_with_it() {
    let server = Server::start();
    let root = server.root();
    let (lead, region) = (role(&root, "Incident Lead").await, field(&root, "text").await);
    invalid(create(&root, New::new("", word("public"))).await, "is_required", "idempotency_key");
    invalid(create(&root, New::new("Once", word("public"))).await, "is_required", "severity_id");
    invalid(create(&root, New::new("Once", word("half_open"))).await, "invalid_value", "visibility");
    let unset = vec![CustomFieldEntryPayloadV2::new(region, vec![CustomFieldValuePayloadV2::new()])];
    let wrong = new(&root, "Once")
        .await
        .set_severity_id(NO_ID)
        .set_incident_status_id(NO_ID)
        .set_incident_type_id("default")
        .set_incident_role_assignments(give(&lead, "nobody@example.com"))
        .set_custom_field_entries(unset)
        .set_incident_timestamp_values(vec![IncidentTimestampValuePayloadV2::new(NO_ID)]);
    let refusal = invalid(create(&root, wrong).await, "invalid_value", "severity_id");
    let places: BTreeSet<_> =
        refusal.errors.iter().map(|error| error.source.as_ref().unwrap().pointer.as_str()).collect();
    let expected = [
        "custom_field_entries.0.values.0.value_text",
        "incident_role_assignments.0.assignee.email",
        "incident_status_id",
        "incident_timestamp_values.0.incident_timestamp_id",
        "incident_type_id",
        "severity_id",
    ];
    assert_eq!(places, BTreeSet::from(expected));
    assert_eq!(declare(&root, "Once").await.reference, "INC-1", "refusals leave no gap, and free the key");
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_incident_in_parallel_too() {
    let server = Server::start();
    let root = server.root();
    let till = new(&root, "The till is down").await;
    let incidents = at_once(20, |_| {
        let (key, till) = (root.clone(), till.clone());
        async move { create(&key, till).await.unwrap() }
    })
    .await;
    assert!(incidents.iter().all(|incident| *incident == incidents[0]));
    assert_eq!(create(&root, till.set_name("The door is stuck")).await.unwrap(), incidents[0], "whatever else is said");
    assert_eq!(declare(&root, "Another").await.reference, "INC-2");
}

#[tokio::test]
async fn references_count_up_without_gaps_in_parallel_too() {
    let server = Server::start();
    let root = server.root();
    let incidents = at_once(50, |number| {
        let key = root.clone();
        async move { declare(&key, &format!("Incident {number}")).await }
    })
    .await;
    let references: BTreeSet<_> = incidents.into_iter().map(|incident| incident.reference).collect();
    assert_eq!(references, (1..=50).map(|number| format!("INC-{number}")).collect());
}

#[tokio::test]
async fn an_incident_written_down_afterwards_may_bring_its_number() {
    let server = Server::start();
    let root = server.root();
    let past = async |name, number| {
        let options = RetrospectiveIncidentOptionsV2::new()
            .set_external_id(number)
            .set_postmortem_document_url("https://example.com/postmortem")
            .set_slack_channel_id("C1");
        let new = new(&root, name).await.set_mode(word("retrospective")).set_retrospective_incident_options(options);
        create(&root, new).await
    };
    let incident = past("Long ago", 84).await.unwrap();
    assert_eq!((incident.reference.as_str(), text(&incident.mode).as_str()), ("INC-84", "retrospective"));
    assert_eq!(incident.postmortem_document_url.as_deref(), Some("https://example.com/postmortem"));
    assert_eq!(incident.slack_channel_id, "C1");
    for taken_or_senseless in [84, 0] {
        let refused = past("Another", taken_or_senseless).await;
        invalid(refused, "invalid_value", "retrospective_incident_options.external_id");
    }
    assert_eq!(declare(&root, "Today").await.reference, "INC-85");
}

#[tokio::test]
async fn the_first_time_a_kind_of_status_is_reached_is_kept_and_every_move_is_told() {
    let server = Server::start();
    let root = server.root();
    let triage = status(&root, "Triage").await;
    let new = New::new("Once", word("public")).set_incident_status_id(triage);
    let declared = create(&root, new).await.unwrap();
    assert_eq!((declared.severity.as_ref(), reached(&declared)), (None, vec!["Reported at"]));
    let go =
        async |name| edit(&root, &declared.id, Edit::new().set_incident_status_id(status(&root, name).await)).await;

    invalid(go("Fixing").await, "is_required", "incident.severity_id");
    let minor = severity(&root, "Minor").await;
    edit(&root, &declared.id, Edit::new().set_severity_id(minor)).await.unwrap();
    let accepted = go("Fixing").await.unwrap();
    assert_eq!(reached(&accepted), ["Reported at", "Accepted at"]);
    go("Paused").await.unwrap();
    let resumed = go("Investigating").await.unwrap();
    assert_eq!(moment(&resumed, "Accepted at"), moment(&accepted, "Accepted at"));
    assert_eq!(reached(&go("Documenting").await.unwrap()), ["Reported at", "Accepted at", "Resolved at"]);
    let closed = go("Closed").await.unwrap();
    assert_eq!(reached(&closed), ["Reported at", "Accepted at", "Resolved at", "Closed at"]);

    invalid(go("Fixing").await, "invalid_value", "incident.incident_status_id");
    assert_eq!(go("Closed").await.unwrap(), closed, "it is there already");
    let told = updates(&root, &declared.id).await;
    let told: Vec<_> = told.iter().map(|update| update.new_incident_status.name.as_str()).collect();
    assert_eq!(told, ["Closed", "Documenting", "Investigating", "Paused", "Fixing", "Triage"]);
}

#[tokio::test]
async fn an_edit_changes_what_is_given_and_nothing_else() {
    let server = Server::start();
    let root = server.root();
    server.add_user("Ada", "ada@example.com");
    let (region, lead) = (field(&root, "text").await, role(&root, "Incident Lead").await);
    let before = declare(&root, "The till is down").await;
    let renamed = edit(&root, "1", Edit::new().set_name("Two tills are down")).await.unwrap();
    let expected = before
        .clone()
        .set_name("Two tills are down")
        .set_updated_at(renamed.updated_at)
        .set_last_activity_at(renamed.last_activity_at);
    assert_eq!(renamed, expected);
    assert!(renamed.updated_at > before.updated_at);

    let impact = &before.incident_timestamp_values.as_ref().unwrap()[0].incident_timestamp.id;
    let impact = IncidentTimestampValuePayloadV2::new(impact);
    let all = Edit::new()
        .set_call_url("https://example.com/call")
        .set_summary("Nobody can pay.")
        .set_incident_role_assignments(give(&lead, "ada@example.com"))
        .set_custom_field_entries(holding(&region, "north"))
        .set_incident_timestamp_values(vec![impact.clone().set_value(before.created_at)]);
    let edited = edit(&root, &before.id, all.clone()).await.unwrap();
    assert_eq!(edited.call_url.as_deref(), Some("https://example.com/call"));
    assert_eq!(edited.summary.as_deref(), Some("Nobody can pay."));
    assert_eq!((holder(&edited, "Incident Lead"), edited.custom_field_entries.len()), (Some("Ada"), 1));
    assert_eq!(moment(&edited, "Impact started at"), moment(&before, "Reported at"));
    assert_eq!(show(&root, &before.id).await.unwrap(), edited);
    assert_eq!(updates(&root, &before.id).await.len(), 1, "of the summary people hear");
    assert_eq!(edit(&root, &before.id, all).await.unwrap(), edited, "nothing changes");
    assert_eq!(updates(&root, &before.id).await.len(), 1, "so nobody hears of it");

    let nothing = Edit::new()
        .set_call_url("")
        .set_summary("")
        .set_incident_role_assignments(vec![IncidentRoleAssignmentPayloadV2::new(lead)])
        .set_custom_field_entries(vec![CustomFieldEntryPayloadV2::new(region, vec![])])
        .set_incident_timestamp_values(vec![impact]);
    let cleared = edit(&root, &before.id, nothing).await.unwrap();
    let expected = renamed.set_updated_at(cleared.updated_at).set_last_activity_at(cleared.last_activity_at);
    assert_eq!(cleared, expected);
}

#[tokio::test]
async fn an_edit_that_makes_no_sense_changes_nothing() {
    let server = Server::start();
    let root = server.root();
    server.add_user("Ada", "ada@example.com");
    let reporter = role(&root, "Reporter").await;
    let before = declare(&root, "The till is down").await;
    let change = Edit::new().set_name("Renamed");
    for (edit_of, place) in [
        (change.clone().set_name(" "), "incident.name"),
        (change.clone().set_severity_id(NO_ID), "incident.severity_id"),
        (change.clone().set_incident_status_id(NO_ID), "incident.incident_status_id"),
        (change.clone().set_call_url("on the phone"), "incident.call_url"),
        (
            change.clone().set_incident_role_assignments(give(&reporter, "ada@example.com")),
            "incident.incident_role_assignments.0.incident_role_id",
        ),
        (
            change.clone().set_custom_field_entries(holding(NO_ID, "north")),
            "incident.custom_field_entries.0.custom_field_id",
        ),
    ] {
        invalid(edit(&root, &before.id, edit_of).await, "invalid_value", place);
    }
    absent(edit(&root, NO_ID, change).await);
    assert_eq!(show(&root, &before.id).await.unwrap(), before);
}

#[tokio::test]
async fn every_property_needs_a_scope_of_its_own() {
    let server = Server::start();
    let viewer = server.key_with(&["viewer"]).await;
    let incident = declare(&server.root(), "The till is down").await;
    for (change, scope) in [
        (Edit::new().set_name("Mine"), "incidents.update_name"),
        (Edit::new().set_summary("Mine"), "incidents.update_summary"),
        (Edit::new().set_severity_id(NO_ID), "incidents.update_severity"),
        (Edit::new().set_incident_status_id(NO_ID), "incidents.update_status"),
        (Edit::new().set_custom_field_entries(vec![]), "incidents.update_custom_fields"),
        (Edit::new().set_incident_timestamp_values(vec![]), "incidents.update_timestamps"),
        (Edit::new().set_incident_role_assignments(vec![]), "incidents.update_role_assignments"),
        (Edit::new().set_call_url("https://example.com"), "incident_calls.create"),
    ] {
        lacking(edit(&viewer, &incident.id, change).await, scope);
    }
    lacking(create(&viewer, New::new("Once", word("public"))).await, "incidents.create");
    assert_eq!(show(&viewer, &incident.id).await.unwrap(), incident);
}
