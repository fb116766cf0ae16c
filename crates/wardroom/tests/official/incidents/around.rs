//! What hangs on an incident: attachments, relationships, post-mortems and an issue.

use std::fmt::Debug;
use std::process::Command;

use incident_io::apis::Error;
use incident_io::apis::incident_attachments_v1_api::*;
use incident_io::apis::incident_relationships_v1_api::*;
use incident_io::apis::incidents_v2_api::*;
use incident_io::models::{
    IncidentAttachmentV1, IncidentAttachmentsCreatePayloadV1, IncidentAttachmentsCreatePayloadV1Resource as Resource,
    IncidentRelationshipV1, IncidentsConnectExternalIssuePayloadV2 as Issue,
    IncidentsImportPostmortemDocumentPayloadV2 as Postmortem, PostmortemDocumentV1,
};
use testkit::Running;

use super::{NO_ID, at_once, declare, show};
use crate::support::{Key, Server, absent, invalid, lacking, text, word};

async fn attach(key: &Key, incident: &str, resource: Resource) -> Result<IncidentAttachmentV1, Error<impl Debug>> {
    let payload = IncidentAttachmentsCreatePayloadV1::new(incident, resource);
    let made = incident_attachments_v1_create(key, IncidentAttachmentsV1CreateParams::new(payload)).await;
    made.map(|made| *made.incident_attachment)
}

async fn detach(key: &Key, id: &str) -> Result<(), Error<impl Debug>> {
    incident_attachments_v1_delete(key, IncidentAttachmentsV1DeleteParams::new(id)).await
}

async fn attachments(
    key: &Key,
    params: IncidentAttachmentsV1ListParams,
) -> Result<Vec<IncidentAttachmentV1>, Error<impl Debug>> {
    incident_attachments_v1_list(key, params).await.map(|listed| listed.incident_attachments)
}

fn of_incident(id: &str) -> IncidentAttachmentsV1ListParams {
    IncidentAttachmentsV1ListParams::new().set_incident_id(id)
}

#[tokio::test]
async fn a_thing_elsewhere_is_attached_once_listed_and_taken_away() {
    let server = Server::start();
    let root = server.root();
    let (till, door) = (declare(&root, "The till is down").await.id, declare(&root, "The door is stuck").await.id);
    let ticket = Resource::new(word("zendesk_ticket")).set_external_id("123");
    let ticket_at_till = attach(&root, &till, ticket.clone()).await.unwrap();
    assert_eq!((&ticket_at_till.incident_id, ticket_at_till.resource.external_id.as_str()), (&till, "123"));
    assert_eq!(text(&ticket_at_till.resource.resource_type), "zendesk_ticket");
    assert_eq!(attach(&root, &till, ticket.clone()).await.unwrap(), ticket_at_till, "it is there already");

    let link = Resource::new(word("arbitrary_url")).set_url("https://example.com/plan");
    let link = attach(&root, &till, link.set_title("The plan").set_emoji("map")).await.unwrap();
    assert_eq!(link.resource.title, "The plan");
    assert_eq!(link.resource.permalink, "https://example.com/plan");
    let ticket_at_door = attach(&root, &door, ticket).await.unwrap();

    assert_eq!(attachments(&root, of_incident(&till)).await.unwrap(), [ticket_at_till.clone(), link.clone()]);
    let of_ticket = IncidentAttachmentsV1ListParams::new().set_resource_type("zendesk_ticket").set_external_id("123");
    let found = attachments(&root, of_ticket.clone()).await.unwrap();
    assert_eq!(found, [ticket_at_till.clone(), ticket_at_door.clone()]);
    assert_eq!(attachments(&root, of_ticket.set_incident_id(&door)).await.unwrap(), [ticket_at_door]);

    detach(&root, &ticket_at_till.id).await.unwrap();
    absent(detach(&root, &ticket_at_till.id).await);
    assert_eq!(attachments(&root, of_incident(&till)).await.unwrap(), [link]);
}

#[tokio::test]
async fn what_is_attached_twenty_times_at_once_is_attached_once() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await.id;
    let attached = at_once(20, |_| {
        let (key, incident) = (root.clone(), incident.clone());
        let ticket = Resource::new(word("zendesk_ticket")).set_external_id("123");
        async move { attach(&key, &incident, ticket).await.unwrap() }
    })
    .await;
    assert!(attached.iter().all(|attachment| *attachment == attached[0]));
    assert_eq!(attachments(&root, of_incident(&incident)).await.unwrap(), attached[..1]);
}

#[tokio::test]
async fn an_attachment_is_named_by_its_id_or_by_its_address() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await.id;
    let (link, ticket) = (Resource::new(word("arbitrary_url")), Resource::new(word("zendesk_ticket")));
    let address = "https://example.com/1";
    for (resource, place) in [
        (ticket.clone(), "resource.external_id"),
        (ticket.clone().set_external_id("1").set_url(address), "resource.external_id"),
        (ticket.clone().set_external_id("1").set_title("Mine"), "resource.title"),
        (ticket.clone().set_external_id("1").set_emoji("fire"), "resource.emoji"),
        (ticket.clone().set_url("example.com"), "resource.url"),
        (link.clone().set_external_id("1"), "resource.url"),
        (Resource::new(word("carrier_pigeon")).set_external_id("1"), "resource.resource_type"),
    ] {
        invalid(attach(&root, &incident, resource).await, "invalid_value", place);
    }
    absent(attach(&root, NO_ID, link.clone().set_url(address)).await);
    let half_said = IncidentAttachmentsV1ListParams::new().set_external_id("1");
    invalid(attachments(&root, half_said).await, "is_required", "incident_id");
    absent(attachments(&root, of_incident(NO_ID)).await);
    let viewer = server.key_with(&["viewer"]).await;
    lacking(attach(&viewer, &incident, link.set_url(address)).await, "attachments.create");
    lacking(detach(&viewer, NO_ID).await, "attachments.destroy");
    assert_eq!(attachments(&viewer, of_incident(&incident)).await.unwrap(), []);
}

async fn related(
    key: &Key,
    params: IncidentRelationshipsV1ListParams,
) -> Result<Vec<IncidentRelationshipV1>, Error<impl Debug>> {
    incident_relationships_v1_list(key, params).await.map(|listed| listed.incident_relationships)
}

#[tokio::test]
async fn an_incident_has_to_do_with_none_at_first() {
    let server = Server::start();
    let root = server.root();
    let of = |id: &str| IncidentRelationshipsV1ListParams::new(id);
    let incident = declare(&root, "The till is down").await.id;
    assert_eq!(related(&root, of(&incident)).await.unwrap(), []);
    absent(related(&root, of(NO_ID)).await);
    invalid(related(&root, of(&incident).set_page_size(251)).await, "invalid_value", "page_size");
}

#[tokio::test]
async fn a_relationship_is_seen_from_both_ends() {
    let demo = Running::start(Command::new(env!("CARGO_BIN_EXE_wardroom")).args(["demo", "--listen", "127.0.0.1:0"]));
    let mut key = Key::new();
    key.base_path.clone_from(&demo.url);
    while key.bearer_access_token.is_none() {
        let line = demo.next_line().expect("its key is on a line");
        key.bearer_access_token = line.split_whitespace().find(|word| word.starts_with("inc_")).map(Into::into);
    }
    let mut relationships = Vec::new();
    for incident in incidents_v2_list(&key, IncidentsV2ListParams::new()).await.unwrap().incidents {
        let others = related(&key, IncidentRelationshipsV1ListParams::new(&incident.id)).await.unwrap();
        relationships.extend(others.into_iter().map(|relationship| (incident.clone(), relationship)));
    }
    let [(one, to_other), (other, to_one)] = &relationships[..] else { panic!("{relationships:?}") };
    assert_eq!(to_other.id, to_one.id);
    for (incident, end) in [(one, &to_one.incident), (other, &to_other.incident)] {
        assert_eq!((&end.id, &end.name), (&incident.id, &incident.name));
        assert_eq!(format!("INC-{}", end.external_id), incident.reference);
    }
}

async fn import(key: &Key, incident: &str, postmortem: Postmortem) -> Result<PostmortemDocumentV1, Error<impl Debug>> {
    let params = IncidentsV2ImportPostmortemDocumentParams::new(incident, postmortem);
    incidents_v2_import_postmortem_document(key, params).await.map(|imported| *imported.postmortem_document)
}

#[tokio::test]
async fn the_first_postmortem_that_is_brought_in_is_the_main_one() {
    let server = Server::start();
    let root = server.root();
    let incident = declare(&root, "The till is down").await;
    let first = import(&root, &incident.id, Postmortem::new("# Why\n", "Why it was down")).await.unwrap();
    let second = import(&root, "1", Postmortem::new("", "Why again")).await.unwrap();
    assert_eq!((first.title.as_str(), &first.incident_id), ("Why it was down", &incident.id));
    assert_eq!((text(&first.status).as_str(), text(&first.r#type).as_str()), ("in_progress", "in_app"));
    assert!(first.document_url.starts_with(server.url()) && first.document_url != second.document_url);
    let shown = show(&root, &incident.id).await.unwrap();
    assert_eq!(shown.postmortem_document_url, Some(first.document_url));
    assert_eq!(shown.postmortem_document_ids, Some(vec![first.id, second.id]));
    assert!(shown.updated_at > incident.updated_at);

    invalid(import(&root, "1", Postmortem::new("# Why\n", " ")).await, "is_required", "title");
    absent(import(&root, NO_ID, Postmortem::new("", "Why")).await);
    let viewer = server.key_with(&["viewer"]).await;
    lacking(import(&viewer, "1", Postmortem::new("", "Why")).await, "in_app_postmortems.import");
    assert_eq!(show(&root, &incident.id).await.unwrap(), shown);
}

async fn connect(key: &Key, incident: &str, issue: Issue) -> Result<(), Error<impl Debug>> {
    incidents_v2_connect_external_issue(key, IncidentsV2ConnectExternalIssueParams::new(incident, issue)).await
}

#[tokio::test]
async fn an_incident_has_one_issue_and_an_issue_one_incident() {
    let server = Server::start();
    let root = server.root();
    let (till, door) = (declare(&root, "The till is down").await.id, declare(&root, "The door is stuck").await.id);
    let issue = |number: u8| Issue::new("T1", word("jira"), format!("https://acme.atlassian.net/browse/OPS-{number}"));
    let shown = async |id: &str| show(&root, id).await.unwrap().external_issue_reference.map(|issue| issue.issue_name);

    connect(&root, &till, issue(1)).await.unwrap();
    connect(&root, &till, issue(1)).await.unwrap();
    let reference = show(&root, &till).await.unwrap().external_issue_reference.unwrap();
    assert_eq!((reference.issue_name.as_str(), text(&reference.provider).as_str()), ("OPS-1", "jira"));
    assert_eq!(reference.issue_permalink, "https://acme.atlassian.net/browse/OPS-1");

    invalid(connect(&root, &till, issue(2)).await, "invalid_value", "url");
    invalid(connect(&root, "2", issue(1)).await, "invalid_value", "url");
    assert_eq!((shown(&till).await.as_deref(), shown(&door).await), (Some("OPS-1"), None));
    connect(&root, "1", issue(2).set_replace(true)).await.unwrap();
    connect(&root, "2", issue(1)).await.unwrap();
    assert_eq!((shown(&till).await.as_deref(), shown(&door).await.as_deref()), (Some("OPS-2"), Some("OPS-1")));

    invalid(connect(&root, &till, issue(3).set_url("OPS-3")).await, "invalid_value", "url");
    invalid(connect(&root, &till, issue(3).set_provider(word("abacus"))).await, "invalid_value", "provider");
    absent(connect(&root, NO_ID, issue(3)).await);
    let viewer = server.key_with(&["viewer"]).await;
    lacking(connect(&viewer, &till, issue(3)).await, "incidents.connect_external_issue");
}
