//! Utilities V1.

use incident_io::apis::utilities_v1_api::*;
use serde_json::Value;

use crate::support::{Refusal, Server, refused, words};

#[tokio::test]
async fn a_key_is_told_who_it_is_and_what_it_may_do() {
    let server = Server::start();
    let token = server.issue("Terraform", &["viewer", "catalog_editor"]).await.token;
    let identity = utilities_v1_identity(&server.key(&token), UtilitiesV1IdentityParams::new()).await.unwrap().identity;
    assert_eq!(identity.name, "Terraform");
    assert_eq!(identity.roles, words(&["viewer", "catalog_editor"]));
    assert!(identity.team_roles.is_empty() && identity.teams.is_empty());
    assert!(identity.dashboard_url.starts_with(server.url()), "{}", identity.dashboard_url);
}

#[tokio::test]
async fn without_a_key_that_is_known_nobody_gets_in() {
    let server = Server::start();
    for (key, code) in
        [(server.stranger(), "missing_authorization_material"), (server.key("inc_unheard_of"), "access_token_invalid")]
    {
        let refusal = refused(utilities_v1_identity(&key, UtilitiesV1IdentityParams::new()).await, 401);
        assert_eq!(refusal.code(), code);
    }
}

#[tokio::test]
async fn everybody_may_read_the_description_of_the_api_and_where_requests_come_from() {
    let server = Server::start();
    let anybody = server.stranger();
    let ranges = utilities_v1_ip_ranges(&anybody, UtilitiesV1IpRangesParams::new()).await.unwrap().ip_ranges;
    assert_eq!(ranges, [], "nothing has been configured");
    let described = utilities_v1_open_apiv3(&anybody, UtilitiesV1OpenApiv3Params::new()).await.unwrap();
    let document: Value = described.json().await.unwrap();
    assert_eq!(document["paths"]["/v1/openapiV3.json"]["get"]["operationId"], "Utilities V1#OpenAPIV3");
}
