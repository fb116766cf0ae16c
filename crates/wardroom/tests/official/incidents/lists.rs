//! Incidents V2: finding them.

use std::collections::HashMap;
use std::fmt::Debug;

use incident_io::apis::Error;
use incident_io::apis::incidents_v2_api::*;
use incident_io::models::{CustomFieldEntryPayloadV2, CustomFieldValuePayloadV2, IncidentsListResultV2};

use super::{NO_ID, create, declare, field, give, new, role, severity, status};
use crate::support::{Key, Server, filter, invalid, word};

fn all() -> IncidentsV2ListParams {
    IncidentsV2ListParams::new()
}

async fn list(key: &Key, params: IncidentsV2ListParams) -> Result<IncidentsListResultV2, Error<impl Debug>> {
    incidents_v2_list(key, params).await
}

/// The names on a page, how many there are on all, and where the next one begins.
async fn page(key: &Key, params: IncidentsV2ListParams) -> (Vec<String>, Option<i64>, Option<String>) {
    let page = list(key, params).await.unwrap();
    let meta = page.pagination_meta.unwrap();
    let names = page.incidents.into_iter().map(|incident| incident.name).collect();
    (names, meta.total_record_count, meta.after)
}

#[tokio::test]
async fn incidents_come_newest_first_in_pages_and_are_counted() {
    let server = Server::start();
    let root = server.root();
    for name in ["One", "Two", "Three"] {
        declare(&root, name).await;
    }
    let (names, total, after) = page(&root, all().set_page_size(2)).await;
    assert_eq!((names, total), (vec!["Three".into(), "Two".into()], Some(3)));
    let rest = page(&root, all().set_page_size(2).set_after(after.unwrap())).await;
    assert_eq!(rest, (vec!["One".into()], Some(3), None));
    let oldest = all().set_sort_by("created_at_oldest_first").set_page_size(2);
    let (names, _, after) = page(&root, oldest.clone()).await;
    assert_eq!(names, ["One", "Two"]);
    assert_eq!(page(&root, oldest.set_after(after.unwrap())).await.0, ["Three"]);
    for senseless in [all().set_page_size(501), all().set_page_size(0)] {
        invalid(list(&root, senseless).await, "invalid_value", "page_size");
    }
    invalid(list(&root, all().set_sort_by("loudest_first")).await, "invalid_value", "sort_by");
}

/// Three incidents and an exercise, and what to find them by.
struct Sample {
    root: Key,
    ada: String,
    lead: String,
    tills: String,
}

impl Sample {
    async fn of(server: &Server) -> Self {
        let root = server.root();
        let ada = server.add_user("Ada", "ada@example.com");
        let lead = role(&root, "Incident Lead").await;
        let tills = field(&root, "numeric").await;
        let three = CustomFieldValuePayloadV2::new().set_value_numeric("3");
        let three = CustomFieldEntryPayloadV2::new(&tills, vec![three]);
        for incident in [
            new(&root, "Minor").await,
            new(&root, "Major")
                .await
                .set_severity_id(severity(&root, "Major").await)
                .set_incident_status_id(status(&root, "Fixing").await)
                .set_incident_role_assignments(give(&lead, "ada@example.com")),
            new(&root, "Critical")
                .await
                .set_severity_id(severity(&root, "Critical").await)
                .set_incident_status_id(status(&root, "Closed").await)
                .set_custom_field_entries(vec![three]),
            new(&root, "Exercise").await.set_mode(word("test")),
        ] {
            create(&root, incident).await.unwrap();
        }
        Self { root, ada, lead, tills }
    }

    /// Asserts which are found, in order and in number.
    async fn finds(&self, wanted: IncidentsV2ListParams, expected: &[&str]) {
        let found = page(&self.root, wanted.clone()).await;
        let expected: Vec<_> = expected.iter().map(|name| (*name).to_owned()).collect();
        let count = i64::try_from(expected.len()).unwrap();
        assert_eq!(found, (expected, Some(count), None), "{wanted:?}");
    }
}

/// The filter `[id][operator]=value`.
fn on(id: &str, operator: &str, value: &str) -> HashMap<String, HashMap<String, Vec<String>>> {
    HashMap::from([(id.to_owned(), filter(operator, &[value]))])
}

#[tokio::test]
async fn incidents_are_found_by_what_they_are() {
    let server = Server::start();
    let sample = Sample::of(&server).await;
    let root = &sample.root;
    let (fixing, closed) = (status(root, "Fixing").await, status(root, "Closed").await);
    let (minor, major) = (severity(root, "Minor").await, severity(root, "Major").await);
    sample.finds(all(), &["Critical", "Major", "Minor"]).await;
    sample.finds(all().set_status(filter("one_of", &[&fixing, &closed])), &["Critical", "Major"]).await;
    sample.finds(all().set_status(filter("not_in", &[&fixing, &closed])), &["Minor"]).await;
    sample.finds(all().set_status_category(filter("one_of", &["active"])), &["Major", "Minor"]).await;
    sample
        .finds(all().set_status_category(filter("one_of", &["live", "closed"])), &["Critical", "Major", "Minor"])
        .await;
    sample.finds(all().set_status_category(filter("not_in", &["live"])), &["Critical"]).await;
    sample.finds(all().set_severity(filter("one_of", &[&minor])), &["Minor"]).await;
    sample.finds(all().set_severity(filter("not_in", &[&minor, &major])), &["Critical"]).await;
    sample.finds(all().set_severity(filter("gte", &[&major])), &["Critical", "Major"]).await;
    sample.finds(all().set_severity(filter("lte", &[&major])), &["Major", "Minor"]).await;
    sample.finds(all().set_incident_type(filter("one_of", &[NO_ID])), &[]).await;
    sample.finds(all().set_incident_type(filter("not_in", &[NO_ID])), &["Critical", "Major", "Minor"]).await;
    sample.finds(all().set_mode(filter("one_of", &["test"])), &["Exercise"]).await;
    sample
        .finds(all().set_mode(filter("one_of", &["test", "standard"])), &["Exercise", "Critical", "Major", "Minor"])
        .await;
    for by_time in [IncidentsV2ListParams::set_created_at, IncidentsV2ListParams::set_updated_at] {
        sample.finds(by_time(all(), filter("gte", &["2020-01-01"])), &["Critical", "Major", "Minor"]).await;
        sample.finds(by_time(all(), filter("lte", &["2020-01-01"])), &[]).await;
        sample.finds(by_time(all(), filter("date_range", &["2020-01-01~2020-12-31"])), &[]).await;
    }
}

#[tokio::test]
async fn incidents_are_found_by_who_leads_them_and_by_their_custom_fields() {
    let server = Server::start();
    let sample = Sample::of(&server).await;
    let lead = |operator, value| all().set_incident_role(on(&sample.lead, operator, value));
    sample.finds(lead("one_of", &sample.ada), &["Major"]).await;
    sample.finds(lead("one_of", NO_ID), &[]).await;
    sample.finds(lead("is_blank", "true"), &["Critical", "Minor"]).await;
    sample.finds(lead("is_blank", "false"), &["Major"]).await;
    let tills = |operator, value| all().set_custom_field(on(&sample.tills, operator, value));
    sample.finds(tills("one_of", "3"), &["Critical"]).await;
    sample.finds(tills("not_in", "3"), &["Major", "Minor"]).await;
    sample.finds(tills("gte", "2.5"), &["Critical"]).await;
    sample.finds(tills("lte", "2.5"), &[]).await;
    sample.finds(tills("is_blank", "true"), &["Major", "Minor"]).await;

    let both = lead("one_of", &sample.ada).set_custom_field(on(&sample.tills, "one_of", "3"));
    sample.finds(both.clone(), &[]).await;
    sample.finds(both.clone().set_filter_mode("all"), &[]).await;
    sample.finds(both.set_filter_mode("any"), &["Critical", "Major"]).await;
}

#[tokio::test]
async fn a_filter_that_makes_no_sense_is_pointed_at() {
    let server = Server::start();
    let root = server.root();
    let lead = role(&root, "Incident Lead").await;
    for (params, place) in [
        (all().set_status(filter("gte", &[NO_ID])), "status.gte".to_owned()),
        (all().set_status_category(filter("one_of", &["lively"])), "status_category.one_of".into()),
        (all().set_severity(filter("gte", &[NO_ID])), "severity.gte".into()),
        (all().set_incident_type(filter("is_blank", &["true"])), "incident_type.is_blank".into()),
        (all().set_mode(filter("one_of", &["in_earnest"])), "mode.one_of".into()),
        (all().set_created_at(filter("gte", &["yesterday"])), "created_at.gte".into()),
        (all().set_incident_role(on(&lead, "is_blank", "perhaps")), format!("incident_role.{lead}.is_blank")),
        (all().set_custom_field(on(NO_ID, "one_of", "3")), "custom_field".into()),
        (all().set_filter_mode("most"), "filter_mode".into()),
    ] {
        invalid(list(&root, params).await, "invalid_value", &place);
    }
}
