//! Relationships: incidents that have to do with each other. A relationship has two ends and is seen
//! from both.

use base::{Id, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Condition, Cx, Direction, Record, Value, values};
use web::{Loose, Page, PageMeta, Paging, Query, Resource};

use crate::incident::{self, Incident, visible_in};

web::routes! {
    /// List the incidents that have to do with an incident.
    GET "/v1/incident_relationships" "Incident Relationships V1#List" "incidents.view" => list;
}

/// Two incidents that have to do with each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Relationship {
    /// Which one.
    pub id: Id<Relationship>,
    /// One end.
    pub incident: Id<Incident>,
    /// The other end.
    pub related: Id<Incident>,
}

impl Record for Relationship {
    const TABLE: &'static str = "incident_relationships";
    const COLUMNS: &'static [&'static str] = &["incident_id", "related_id"];
    const KIND: &'static str = "incident_relationship";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        format!("{} and {}", self.incident, self.related)
    }

    fn columns(&self) -> Vec<Value> {
        values![self.incident, self.related].into()
    }
}

/// Notes that two incidents have to do with each other.
pub fn relate(cx: &mut Cx<'_>, incident: Id<Incident>, related: Id<Incident>) -> Result<()> {
    let relationship = Relationship { id: cx.new_id(), incident, related };
    cx.insert(&relationship)
}

#[derive(Debug, Serialize, JsonSchema)]
struct IncidentRelationshipBody {
    id: Id<Relationship>,
    incident: IncidentRelationshipDetails,
}

#[derive(Debug, Serialize, JsonSchema)]
struct IncidentRelationshipDetails {
    external_id: i64,
    id: Id<Incident>,
    name: String,
}

impl Resource for IncidentRelationshipBody {
    const ONE: &'static str = "incident_relationship";
    const MANY: &'static str = "incident_relationships";
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// The incident.
    incident_id: String,
    #[serde(flatten)]
    paging: Paging<250>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<IncidentRelationshipBody, Loose>> {
    let own = incident::named(cx, &query.incident_id)?.id;
    let paging = query.paging.read()?;
    let other_end = |end: &str| visible_in(end, cx.access(), Condition::everything());
    let condition = Condition::any([
        Condition::equal("incident_id", own).and(other_end("related_id")),
        Condition::equal("related_id", own).and(other_end("incident_id")),
    ]);
    let page = cx.page::<Relationship>(condition, Direction::Forward, &paging)?;
    let mut rows = Vec::with_capacity(page.rows.len());
    for relationship in &page.rows {
        let other = if relationship.incident == own { relationship.related } else { relationship.incident };
        let other = cx.get(other)?;
        rows.push(IncidentRelationshipBody {
            id: relationship.id,
            incident: IncidentRelationshipDetails { external_id: other.number, id: other.id, name: other.name.clone() },
        });
    }
    Ok(Page { rows, meta: Loose(PageMeta::new(&paging, page.after)) })
}
