//! Post-mortems: what was learnt from an incident.

use base::{Actor, AnyId, Error, Id, Result, Time, words};
use people::users::{Directory, UserBody};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Cx, Record, Tx, Value, values};
use web::{Body, Plain, Segment};

use crate::incident::{self, Incident, IncidentRef, audited_as};

web::routes! {
    /// Bring a post-mortem in Markdown into an incident. The first one is the incident's main one.
    POST "/v2/incidents/{id}/actions/import_postmortem_document" "Incidents V2#ImportPostmortemDocument"
        "in_app_postmortems.import" => import;
}

words! {
    /// How far a post-mortem has got.
    pub enum DocumentStatus {
        /// It is being written.
        InProgress = "in_progress",
        /// It is being reviewed.
        InReview = "in_review",
        /// It is done.
        Completed = "completed",
    }
}

words! {
    /// Where a post-mortem is kept.
    enum DocumentType {
        InApp = "in_app",
        External = "external",
    }
}

/// A post-mortem that is kept here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostmortemDocument {
    /// Which one.
    pub id: Id<PostmortemDocument>,
    /// The incident.
    pub incident: Id<Incident>,
    /// What it is called.
    pub title: String,
    /// What it says, in GitHub-flavoured Markdown, byte for byte as it came.
    pub content: String,
    /// How far it has got.
    pub status: DocumentStatus,
    /// The users who have edited it.
    #[serde(default)]
    pub editors: Vec<AnyId>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Record for PostmortemDocument {
    const TABLE: &'static str = "postmortem_documents";
    const COLUMNS: &'static [&'static str] = &["incident_id"];
    const KIND: &'static str = "postmortem_document";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.title.clone()
    }

    fn audited_as(&self, tx: &mut Tx<'_>) -> Result<String> {
        audited_as(tx, self.incident, self.name())
    }

    fn columns(&self) -> Vec<Value> {
        values![self.incident].into()
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct PostmortemDocumentBody {
    created_at: Time,
    document_url: String,
    editors: Vec<UserBody>,
    exported_urls: Vec<String>,
    id: Id<PostmortemDocument>,
    incident_id: Id<Incident>,
    status: DocumentStatus,
    title: String,
    #[serde(rename = "type")]
    kind: DocumentType,
    updated_at: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Imported {
    postmortem_document: PostmortemDocumentBody,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "PostmortemImport")]
struct ImportPayload {
    /// What it says, in GitHub-flavoured Markdown.
    content: String,
    /// What it is called.
    title: String,
}

fn import(
    cx: &mut Cx<'_>,
    Segment(incident): Segment<IncidentRef>,
    Body(payload): Body<ImportPayload>,
) -> Result<Plain<Imported, 201>> {
    let mut incident = incident::find(cx, incident)?;
    if payload.title.trim().is_empty() {
        return Err(Error::required("title"));
    }
    let editor = match cx.actor() {
        Actor::User(user) => Some(user.id),
        _ => None,
    };
    let document = PostmortemDocument {
        id: cx.new_id(),
        incident: incident.id,
        title: payload.title,
        content: payload.content,
        status: DocumentStatus::InProgress,
        editors: editor.into_iter().collect(),
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    cx.insert(&document)?;
    let url = format!("{}/incidents/{}/postmortems/{}", cx.site().public_url, incident.number, document.id);
    incident.postmortem_documents.push(document.id);
    incident.postmortem_document_url.get_or_insert_with(|| url.clone());
    incident.updated_at = cx.now();
    incident.last_activity_at = cx.now();
    cx.save(&mut incident)?;

    let directory = cx.cached::<Directory>()?;
    let postmortem_document = PostmortemDocumentBody {
        created_at: document.created_at,
        document_url: url,
        editors: document.editors.iter().filter_map(|id| directory.body(id.cast())).collect(),
        exported_urls: Vec::new(),
        id: document.id,
        incident_id: document.incident,
        status: document.status,
        title: document.title,
        kind: DocumentType::InApp,
        updated_at: document.updated_at.to_string(),
    };
    Ok(Plain(Imported { postmortem_document }))
}
