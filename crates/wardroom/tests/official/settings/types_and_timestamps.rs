//! Incident Types V1 and Incident Timestamps V2.

use incident_io::apis::incident_timestamps_v2_api::*;
use incident_io::apis::incident_types_v1_api::*;

use super::NO_ID;
use crate::support::{Server, absent, text};

#[tokio::test]
async fn an_organisation_has_a_default_incident_type() {
    let server = Server::start();
    let viewer = server.key_with(&["viewer"]).await;
    let types = incident_types_v1_list(&viewer, IncidentTypesV1ListParams::new()).await.unwrap().incident_types;
    let [only] = &types[..] else { panic!("{types:?}") };
    assert_eq!((only.name.as_str(), only.is_default, only.private_incidents_only), ("Default", true, false));
    assert_eq!(text(&only.create_in_triage), "optional");
    let shown = incident_types_v1_show(&viewer, IncidentTypesV1ShowParams::new(&only.id)).await.unwrap();
    assert_eq!(*shown.incident_type, *only);
    for id in [NO_ID, "default"] {
        absent(incident_types_v1_show(&viewer, IncidentTypesV1ShowParams::new(id)).await);
    }
}

#[tokio::test]
async fn any_key_sees_the_timestamps_by_rank() {
    let server = Server::start();
    let key = server.key_with(&[]).await;
    let listed = incident_timestamps_v2_list(&key, IncidentTimestampsV2ListParams::new()).await.unwrap();
    let timestamps = listed.incident_timestamps;
    let names: Vec<_> = timestamps.iter().map(|timestamp| timestamp.name.as_str()).collect();

    assert_eq!(names[..4], ["Impact started at", "Reported at", "Accepted at", "Declined at"]);
    assert_eq!(names[4..], ["Merged at", "Canceled at", "Resolved at", "Closed at"]);
    assert!(timestamps.is_sorted_by_key(|timestamp| timestamp.rank));
    for timestamp in timestamps {
        let params = IncidentTimestampsV2ShowParams::new(&timestamp.id);
        assert_eq!(*incident_timestamps_v2_show(&key, params).await.unwrap().incident_timestamp, timestamp);
    }
    absent(incident_timestamps_v2_show(&key, IncidentTimestampsV2ShowParams::new(NO_ID)).await);
}
