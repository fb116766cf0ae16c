//! Custom fields: what an organisation wants to know about its incidents.
//!
//! A field has a type; the select types have options of their own, or, with a catalog type, the
//! entries of that type. Both versions of the API show one field: the first one also says when it is
//! asked for, which fields made by the second one leave at the defaults.

mod api_v1;
mod api_v2;
mod options;
mod record;

pub use options::CustomFieldOption;
pub use record::{CustomField, FieldType, FilterBy, FixedFilter, Required};

pub(crate) use record::follow_catalog_type;

use web::Route;

pub(crate) fn routes() -> Vec<Route> {
    [api_v1::routes(), api_v2::routes(), options::routes()].into_iter().flatten().collect()
}
