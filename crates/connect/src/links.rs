//! Links: something elsewhere, and what it is here.

use base::{Error, Id, Result, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{Condition, Cx, Direction, Record, Value, values};
use web::{NoContent, Page, PageMeta, Paging, Query, Resource, Show};

use crate::connections::Connection;
use crate::connector::Entity;

web::routes! {
    /// List the links between things elsewhere and things here: those of one connection, if it is named.
    GET "/hub/v1/links" "Hub Links V1#List" "hub.view" => list;
    /// Show a link.
    GET "/hub/v1/links/{id}" "Hub Links V1#Show" "hub.view" => show;
    /// Forget a link. What it linked stays on both sides.
    DELETE "/hub/v1/links/{id}" "Hub Links V1#Destroy" "hub.use" => delete;
}

/// A link between something elsewhere and something here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Link {
    /// Which one.
    pub id: Id<Link>,
    /// Over which connection.
    pub connection: Id<Connection>,
    /// What kind of link it is: `permissionGroup`.
    pub kind: String,
    /// What is linked, elsewhere.
    pub entity: Entity,
    /// What it is here, under the names of the product.
    pub config: Json,
    /// When it was made.
    pub created_at: Time,
    /// When it was last made anew.
    pub updated_at: Time,
}

impl Record for Link {
    const TABLE: &'static str = "hub_links";
    const COLUMNS: &'static [&'static str] = &["connection_id", "kind", "entity_id"];
    const KIND: &'static str = "hub_link";
    const VERBS: [&'static str; 3] = ["linked", "updated", "unlinked"];

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn name(&self) -> String {
        self.entity.name.clone()
    }

    fn columns(&self) -> Vec<Value> {
        values![self.connection, self.kind.as_str(), self.entity.id.as_str()].into()
    }
}

impl Link {
    /// Keeps the link that an action answers with: in place of one of the same kind from the same thing.
    pub(crate) fn keep(cx: &mut Cx<'_>, connection: Id<Connection>, kind: &str, output: &Json) -> Result<Id<Self>> {
        #[derive(Deserialize)]
        struct Linked {
            entity: Entity,
            config: Json,
        }
        let Linked { entity, config } = Linked::deserialize(output).map_err(Error::internal)?;
        let same =
            of(connection).and(Condition::equal("kind", kind)).and(Condition::equal("entity_id", entity.id.as_str()));
        let now = cx.now();
        if let Some(mut link) = cx.list::<Self>(same, "id")?.pop() {
            link.entity = entity;
            link.config = config;
            link.updated_at = now;
            cx.save(&mut link)?;
            return Ok(link.id);
        }
        let link =
            Self { id: cx.new_id(), connection, kind: kind.into(), entity, config, created_at: now, updated_at: now };
        cx.insert(&link)?;
        Ok(link.id)
    }
}

/// The links of a connection.
pub fn of(connection: Id<Connection>) -> Condition {
    Condition::equal("connection_id", connection)
}

/// A link, as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubLink")]
pub struct LinkBody {
    id: Id<Link>,
    r#type: String,
    entity: Entity,
    #[serde(rename = "organizationIntegration")]
    organization_integration: Integration,
    config: Json,
    status: &'static str,
    created_at: Time,
    updated_at: Time,
}

/// The connection that a link belongs to.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HubLinkIntegration")]
struct Integration {
    id: Id<Connection>,
    r#type: String,
}

impl Resource for LinkBody {
    const ONE: &'static str = "link";
    const MANY: &'static str = "links";
}

impl LinkBody {
    /// How a link is shown.
    pub fn of(cx: &mut Cx<'_>, link: &Link) -> Result<Self> {
        let connection = cx.get(link.connection)?;
        Ok(Self {
            id: link.id,
            r#type: link.kind.clone(),
            entity: link.entity.clone(),
            organization_integration: Integration { id: connection.id, r#type: connection.product.clone() },
            config: link.config.clone(),
            status: connection.state.as_str(),
            created_at: link.created_at,
            updated_at: link.updated_at,
        })
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct ListQuery {
    #[serde(flatten)]
    paging: Paging<250>,
    /// Only those of this connection.
    connection_id: Option<String>,
}

fn list(cx: &mut Cx<'_>, Query(query): Query<ListQuery>) -> Result<Page<LinkBody>> {
    let paging = query.paging.read()?;
    let wanted = Condition::everything().and_wanted("connection_id", query.connection_id);
    let page = cx.page::<Link>(wanted, Direction::Forward, &paging)?;
    let rows = page.rows.iter().map(|link| LinkBody::of(cx, link)).collect::<Result<_>>()?;
    Ok(Page { rows, meta: PageMeta::new(&paging, page.after) })
}

fn show(cx: &mut Cx<'_>, id: Id<Link>) -> Result<Show<LinkBody>> {
    let link = cx.get(id)?;
    LinkBody::of(cx, &link).map(Show)
}

fn delete(cx: &mut Cx<'_>, id: Id<Link>) -> Result<NoContent> {
    let link = cx.get(id)?;
    cx.delete(&link)?;
    Ok(NoContent)
}
