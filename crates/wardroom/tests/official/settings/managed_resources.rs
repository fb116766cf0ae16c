//! Managed Resources V2.

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::managed_resources_v2_api::*;
use incident_io::models::{ManagedResourceV2, ManagedResourcesCreateManagedResourcePayloadV2 as Note};

use super::NO_ID;
use crate::support::{Key, Server, absent, invalid, lacking, text, word};

const TERRAFORM: (&str, &str) = ("incident.io/terraform/version", "3.0.0");
const EXTERNAL: (&str, &str) = ("incident.io/is-managed-externally", "true");

/// A note with annotations on a resource.
fn note(resource_type: &str, id: &str, annotations: &[(&str, &str)]) -> Note {
    let annotations = annotations.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    Note::new(annotations, id, word(resource_type))
}

async fn put(key: &Key, note: Note) -> Result<ManagedResourceV2, Error<impl Debug>> {
    let params = ManagedResourcesV2CreateManagedResourceParams::new(note);
    managed_resources_v2_create_managed_resource(key, params).await.map(|put| *put.managed_resource)
}

#[tokio::test]
async fn annotations_say_who_manages_a_resource_and_replace_each_other() {
    let server = Server::start();
    let root = server.root();
    let id = server.issue("CI", &[]).await.api_key.id;
    for (annotations, manager) in [
        (&[TERRAFORM, ("example.com/owner", "us")][..], "terraform"),
        (&[TERRAFORM, EXTERNAL], "external"),
        (&[("example.com/owner", "them")], "dashboard"),
        (&[], "dashboard"),
    ] {
        let note = note("api_key", &id, annotations);
        let managed = put(&root, note.clone()).await.unwrap();
        assert_eq!((text(&managed.resource_type).as_str(), &managed.resource_id), ("api_key", &id));
        assert_eq!((text(&managed.managed_by).as_str(), managed.annotations), (manager, note.annotations));
    }
}

#[tokio::test]
async fn whoever_says_how_a_resource_is_managed_has_to_see_it_and_may_change_it() {
    let server = Server::start();
    let root = server.root();
    let id = server.issue("CI", &[]).await.api_key.id;
    absent(put(&root, note("api_key", NO_ID, &[TERRAFORM])).await);
    invalid(put(&root, note("teapot", &id, &[TERRAFORM])).await, "invalid_value", "resource_type");
    let viewer = server.key_with(&["viewer"]).await;
    lacking(put(&viewer, note("api_key", &id, &[TERRAFORM])).await, "api_keys.update");
}
