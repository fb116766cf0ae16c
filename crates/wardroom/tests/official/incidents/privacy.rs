//! Incident Memberships V1, and what a private incident shows to whom.

use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::incident_memberships_v1_api::*;
use incident_io::apis::incidents_v2_api::*;
use incident_io::models::{
    IncidentMembershipV1, IncidentMembershipsCreatePayloadV1, IncidentMembershipsRevokePayloadV1,
};

use super::{Edit, NO_ID, Told, acting_for, create, declare, edit, give, new, role, show, tell, updates};
use crate::support::{Key, Server, absent, invalid, lacking, word};

async fn grant(key: &Key, incident: &str, user: &str) -> Result<IncidentMembershipV1, Error<impl Debug>> {
    let payload = IncidentMembershipsCreatePayloadV1::new(incident, user);
    let made = incident_memberships_v1_create(key, IncidentMembershipsV1CreateParams::new(payload)).await;
    made.map(|made| *made.incident_membership)
}

async fn revoke(key: &Key, incident: &str, user: &str) -> Result<(), Error<impl Debug>> {
    let payload = IncidentMembershipsRevokePayloadV1::new(incident, user);
    incident_memberships_v1_revoke(key, IncidentMembershipsV1RevokeParams::new(payload)).await
}

/// The names of the incidents that a list shows, and how many it counts.
async fn seen(key: &Key) -> (Vec<String>, i64) {
    let page = incidents_v2_list(key, IncidentsV2ListParams::new()).await.unwrap();
    let names = page.incidents.into_iter().map(|incident| incident.name).collect();
    (names, page.pagination_meta.unwrap().total_record_count.unwrap())
}

/// A key that may do much, for users too, but sees of what is private only what they see.
async fn outsider(server: &Server) -> Key {
    server.key_with(&["viewer", "incident_creator", "incident_editor", "act_on_behalf_of_users"]).await
}

#[tokio::test]
async fn a_private_incident_is_invisible_to_a_key_that_may_not_see_it() {
    let server = Server::start();
    let (root, outsider) = (server.root(), outsider(&server).await);
    declare(&root, "The till is down").await;
    let secret = create(&root, new(&root, "A thief").await.set_visibility(word("private"))).await.unwrap();
    tell(&root, Told::new("1", &secret.id).set_message("Look behind you")).await.unwrap();
    assert_eq!(seen(&root).await, (vec!["A thief".into(), "The till is down".into()], 2));
    assert_eq!(seen(&outsider).await, (vec!["The till is down".into()], 1));
    for name in [secret.id.as_str(), "2"] {
        absent(show(&outsider, name).await);
        absent(edit(&outsider, name, Edit::new().set_name("Mine")).await);
    }
    absent(tell(&outsider, Told::new("2", &secret.id).set_message("Hello")).await);
    absent(create(&outsider, new(&root, "A thief").await).await);
    assert_eq!(updates(&root, &secret.id).await.len(), 1);
}

#[tokio::test]
async fn members_see_a_private_incident_until_their_membership_is_revoked() {
    let server = Server::start();
    let (root, outsider) = (server.root(), outsider(&server).await);
    let ada = server.add_user("Ada", "ada@example.com");
    let as_ada = acting_for(&outsider, &ada);
    let secret = create(&root, new(&root, "A thief").await.set_visibility(word("private"))).await.unwrap();
    absent(show(&as_ada, &secret.id).await);

    let membership = grant(&root, &secret.id, &ada).await.unwrap();
    assert_eq!((&membership.incident_id, &membership.user.id), (&secret.id, &ada));
    assert_eq!(grant(&root, &secret.id, &ada).await.unwrap(), membership, "she is one already");
    assert_eq!(show(&as_ada, &secret.id).await.unwrap(), secret);
    assert_eq!(seen(&as_ada).await, (vec!["A thief".into()], 1));
    absent(show(&outsider, &secret.id).await);

    revoke(&root, &secret.id, &ada).await.unwrap();
    revoke(&root, &secret.id, &ada).await.unwrap();
    absent(show(&as_ada, &secret.id).await);
    assert_eq!(seen(&as_ada).await, (vec![], 0));
}

#[tokio::test]
async fn whoever_declares_a_private_incident_or_has_a_role_in_it_is_a_member() {
    let server = Server::start();
    let (root, outsider) = (server.root(), outsider(&server).await);
    let [ada, bob, eve] = ["Ada", "Bob", "Eve"].map(|name| server.add_user(name, &format!("{name}@example.com")));
    let lead = role(&root, "Incident Lead").await;
    let secret = new(&root, "A thief").await.set_visibility(word("private"));
    let secret = secret.set_incident_role_assignments(give(&lead, "Bob@example.com"));
    let declared = create(&acting_for(&outsider, &ada), secret).await.unwrap();
    assert_eq!(declared.creator.user.as_ref().unwrap().name, "Ada");
    absent(show(&acting_for(&outsider, &eve), &declared.id).await);
    edit(&root, &declared.id, Edit::new().set_incident_role_assignments(give(&lead, "Eve@example.com"))).await.unwrap();
    for user in [ada, bob, eve] {
        show(&acting_for(&outsider, &user), &declared.id).await.unwrap();
    }
}

#[tokio::test]
async fn a_membership_is_of_a_user_in_a_private_incident() {
    let server = Server::start();
    let (root, outsider) = (server.root(), outsider(&server).await);
    let ada = server.add_user("Ada", "ada@example.com");
    let public = declare(&root, "The till is down").await.id;
    let secret = create(&root, new(&root, "A thief").await.set_visibility(word("private"))).await.unwrap().id;
    invalid(grant(&root, &public, &ada).await, "invalid_value", "incident_id");
    invalid(grant(&root, &secret, NO_ID).await, "invalid_value", "user_id");
    invalid(revoke(&root, &secret, NO_ID).await, "invalid_value", "user_id");
    absent(grant(&root, NO_ID, &ada).await);
    absent(revoke(&root, NO_ID, &ada).await);
    lacking(grant(&outsider, &secret, &ada).await, "incident_memberships.grant");
    lacking(revoke(&outsider, &secret, &ada).await, "incident_memberships.revoke");
}
