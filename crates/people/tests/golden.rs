//! What is stored of people and keys is read for ever.

use people::api_keys::ApiKey;
use people::custom_roles::CustomRole;
use people::ip_allowlist::IpAllowlist;
use people::managed_resources::ManagedResource;
use people::sign_in::providers::{IdentityProvider, SignInPolicy};
use people::teams::Team;
use people::users::User;
use testkit::Goldens;

#[test]
fn what_is_stored_is_read_for_ever() {
    let mut goldens = Goldens::of(env!("CARGO_MANIFEST_DIR"));
    goldens.check::<ApiKey>();
    goldens.check::<CustomRole>();
    goldens.check::<IdentityProvider>();
    goldens.check::<IpAllowlist>();
    goldens.check::<ManagedResource>();
    goldens.check::<SignInPolicy>();
    goldens.check::<Team>();
    goldens.check::<User>();
    goldens.finish();
}
