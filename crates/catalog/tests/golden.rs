//! What is stored of the catalog is read for ever.

use catalog::entries::Entry;
use catalog::types::CatalogType;
use testkit::Goldens;

#[test]
fn what_is_stored_is_read_for_ever() {
    let mut goldens = Goldens::of(env!("CARGO_MANIFEST_DIR"));
    goldens.check::<CatalogType>();
    goldens.check::<Entry>();
    goldens.finish();
}
