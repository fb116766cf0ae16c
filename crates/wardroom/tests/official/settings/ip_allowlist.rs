//! IPAllowlists V1.

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::ip_allowlists_v1_api::*;
use incident_io::models::{IpAllowlistItemV1, IpAllowlistV1, IpAllowlistsUpdateIpAllowlistPayloadV1 as Change};

use crate::support::{Key, Server, invalid, lacking, refused};

async fn show(key: &Key) -> IpAllowlistV1 {
    let params = IPAllowlistsV1ShowIpAllowlistParams::new();
    *i_p_allowlists_v1_show_ip_allowlist(key, params).await.unwrap().ip_allowlist
}

async fn update(key: &Key, change: Change) -> Result<IpAllowlistV1, Error<impl Debug>> {
    let params = IPAllowlistsV1UpdateIpAllowlistParams::new(change);
    i_p_allowlists_v1_update_ip_allowlist(key, params).await.map(|changed| *changed.ip_allowlist)
}

fn items(addresses: &[&str]) -> Vec<IpAllowlistItemV1> {
    addresses.iter().map(|address| IpAllowlistItemV1::new().set_value(*address)).collect()
}

#[tokio::test]
async fn the_list_is_off_until_it_is_set_and_is_kept_as_it_was_written() {
    let server = Server::start();
    let root = server.root();
    let first = show(&root).await;
    assert_eq!((first.enabled, &first.allowlist[..], first.updated_at), (false, &[][..], None));

    let mut written = items(&["127.0.0.1", "203.0.113.0/24", "2001:db8::/32"]);
    written[0].label = Some("Here".into());
    let second = update(&root, Change::new(written.clone(), true, first.version)).await.unwrap();
    assert_eq!((second.enabled, &second.allowlist), (true, &written));
    assert!(second.version > first.version && second.updated_at.is_some());
    assert_eq!(show(&server.key_with(&[]).await).await, second, "any key may look");

    let third = update(&root, Change::new(vec![], false, second.version)).await.unwrap();
    assert_eq!((third.enabled, &third.allowlist[..]), (false, &[][..]));
    assert!(third.version > second.version);
}

#[tokio::test]
async fn a_change_to_a_list_that_has_changed_since_is_a_conflict() {
    let server = Server::start();
    let root = server.root();
    let first = show(&root).await;
    let second = update(&root, Change::new(items(&["203.0.113.7"]), false, first.version)).await.unwrap();
    for version in [first.version, second.version + 1] {
        refused(update(&root, Change::new(vec![], false, version)).await, 409);
    }
    assert_eq!(show(&root).await, second);
}

#[tokio::test]
async fn nobody_locks_themselves_out_or_lists_what_is_no_address() {
    let server = Server::start();
    let root = server.root();
    let first = show(&root).await;
    let elsewhere = Change::new(items(&["203.0.113.0/24"]), true, first.version);
    invalid(update(&root, elsewhere).await, "invalid_value", "allowlist");
    let odd = Change::new(items(&["127.0.0.1", "example.com", "10.0.0.0/33"]), true, first.version);
    let refusal = invalid(update(&root, odd).await, "invalid_value", "allowlist.1.value");
    assert_eq!(refusal.errors.len(), 2, "every problem is told at once");
    let viewer = server.key_with(&["viewer"]).await;
    lacking(update(&viewer, Change::new(vec![], false, first.version)).await, "security_settings.update");
    assert_eq!(show(&root).await, first);
}
