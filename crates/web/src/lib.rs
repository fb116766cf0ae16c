//! The public face: how a request becomes a call of a feature's function, and its answer a response.
//!
//! A feature lists its operations in a route table ([`routes!`]); a handler is a plain function over
//! a unit of work. Everything else is done here, once, for every operation: who calls
//! ([`Gate`]), whether the scope in the table lets them, how often they may ([`Limits`]), whether the
//! input meets its schema, the hop to the database, the error's form, logs, metrics, and the OpenAPI
//! document, which is made from the same types that read the input and write the answer.
//!
//! ```ignore
//! web::routes! {
//!     /// List all severities, least severe first.
//!     GET "/v1/severities" "Severities V1#List" "severities.view" => list;
//!     /// Create a severity.
//!     POST "/v1/severities" "Severities V1#Create" "organisation_settings.update" => create;
//! }
//!
//! fn create(cx: &mut Cx<'_>, Body(new): Body<SeverityPayload>) -> Result<Created<SeverityBody>> { … }
//! ```

mod docs;
mod filter;
mod gate;
mod input;
mod limits;
mod metrics;
mod openapi;
mod outgoing;
mod output;
mod page;
mod rendered;
mod reply;
mod route;
mod schema;
mod secret_step;
mod server;
mod utilities;

pub use filter::{Between, Filter, Filters};
pub use gate::{Caller, Gate, Knock};
pub use input::{Body, Input, Paging, PathSegment, Query, Segment};
pub use limits::Limits;
pub use outgoing::{Egress, Refused, agent};
pub use output::{
    Accepted, Awaited, Counted, Created, List, Loose, Meta, NoContent, Output, Page, PageMeta, Plain, Resource, Show,
    Text, Versioned,
};
pub use page::{Content, PageRoute, View, Visit};
pub use rendered::Rendered;
pub use reply::Reply;
pub use route::{Guard, Method, Route};
pub use schema::Reader;
pub use secret_step::SecretStep;
pub use server::{Feature, LARGEST_BODY, Server, Settings};
pub use utilities::{Assembly, Call, assemble};
