//! Parallel changes: nothing is doubled, lost or left unbound.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use testkit::{Answer, App, Client, Value, json};

use super::{ENTRIES, Kind, array, at, attribute, entry, kind, labels, listed, one, request, reshape, several, start};
use crate::support::{text, texts, with};

/// Does `work` for each number below `count`, all at the same moment.
fn at_once<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (work, barrier) = (&work, &Barrier::new(count));
    let begin = |number| {
        move || {
            barrier.wait();
            work(number)
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|number| scope.spawn(begin(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    })
}

fn etag(answer: &Answer) -> String {
    answer.headers.get("etag").expect("an ETag").clone()
}

/// The type whose entries are the teams.
fn teams(by: &Client) -> Kind {
    let types = by.get(super::TYPES).expect(200)["catalog_types"].clone();
    let found = types.as_array().unwrap().iter().find(|one| one["is_team_type"] == true).expect("a team type");
    Kind { id: text(found, "/id"), type_name: text(found, "/type_name") }
}

fn members_attribute(by: &Client, teams: &Kind) -> String {
    text(&super::shape(by, teams), "/attributes/0/id")
}

#[test]
fn ten_creations_with_one_external_id_make_one_entry() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([attribute("tier", "Number")]));
    for round in 0..5 {
        let name = format!("api-{round}");
        let made = at_once(10, |number| {
            let values = json!({"tier": one(&number.to_string())});
            admin.post(ENTRIES, request(&services, &name, values)).expect(201)
        });
        let ids: BTreeSet<_> = made.iter().map(|answer| text(answer, "/catalog_entry/id")).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(listed(&admin, &services).len(), round + 1);
    }
    let shown = admin.get(&format!("{}/{}", super::TYPES, services.id)).expect(200);
    assert_eq!(shown["catalog_type"]["estimated_count"], 5);
}

/// Adds `member` to what a team's entry has, again and again until nobody was in between.
fn join(by: &Client, team: &str, attribute: &str, member: &str) {
    for _ in 0..1_000 {
        let read = by.get(&at(team));
        let shown = read.clone().expect(200)["catalog_entry"].clone();
        let held = shown["attribute_values"][attribute]["array_value"].clone();
        let mut members = held.as_array().map_or_else(Vec::new, |held| texts(&json!(held), "/literal"));
        members.push(member.to_owned());
        let change = json!({
            "name": shown["name"], "external_id": shown["external_id"], "attribute_values": {attribute: several(&members)},
        });
        let answer = by.with_header("If-Match", &etag(&read)).put(&at(team), change);
        match answer.status {
            200 => return,
            409 => {}
            _ => panic!("{}", answer.text),
        }
    }
    panic!("{member} never got in");
}

fn member_ids(by: &Client, team: &str) -> BTreeSet<String> {
    let shown = by.get(&format!("/v3/teams/{team}")).expect(200)["team"].clone();
    texts(&shown["members"], "/id").into_iter().collect()
}

#[test]
fn twenty_who_join_a_team_at_once_by_etag_are_all_in_it() {
    let app = start();
    let admin = app.admin();
    let teams = teams(&admin);
    let members = members_attribute(&admin, &teams);
    let team = entry(&admin, &teams, "platform", json!({}));
    let users: Vec<_> = (0..20).map(|n| app.user(&format!("User {n}")).to_string()).collect();
    at_once(20, |number| join(&admin, &team, &members, &users[number]));

    assert_eq!(labels(&super::whole(&admin, &team), &members).len(), 20);
    assert_eq!(member_ids(&admin, &team), users.into_iter().collect());
    let all = admin.get("/v3/teams").expect(200)["teams"].clone();
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(all[0]["members"].as_array().unwrap().len(), 20);
}

#[test]
fn a_stale_if_match_changes_nothing() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([attribute("tier", "Number")]));
    let id = entry(&admin, &services, "api", json!({"tier": one("1")}));
    let stale = etag(&admin.get(&at(&id)));
    let change = request(&services, "api", json!({"tier": one("2")}));
    let changed = admin.with_header("If-Match", &stale).put(&at(&id), change.clone());
    assert_eq!((changed.status, etag(&changed) == stale), (200, false), "the answer tells the new version");

    let late = admin.with_header("If-Match", &stale);
    let before = admin.get(&at(&id));
    late.put(&at(&id), with(change.clone(), json!({"name": "late"}))).expect(409);
    late.put(&at(&id), change.clone()).expect(409);
    late.put(&format!("/v2/catalog_entries/{id}"), change.clone()).expect(409);
    late.delete(&at(&id)).expect(409);
    late.delete(&format!("/v2/catalog_entries/{id}")).expect(409);
    let after = admin.get(&at(&id));
    assert_eq!((etag(&after), after.body), (etag(&before), before.body));

    for odd in ["soon", "\"\"", "\"1\", \"2\""] {
        assert_eq!(admin.with_header("If-Match", odd).put(&at(&id), change.clone()).status, 422, "{odd}");
    }
    admin.with_header("If-Match", "*").put(&at(&id), change).expect(200);
    admin.with_header("If-Match", &etag(&admin.get(&at(&id)))).delete(&at(&id)).expect(204);
}

#[test]
fn of_two_changes_with_one_etag_one_wins() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([]));
    let id = entry(&admin, &services, "api", json!({}));
    for _ in 0..10 {
        let tag = etag(&admin.get(&at(&id)));
        let rename = |number: usize| {
            let name = format!("{tag}-{number}");
            let change = json!({"name": name, "external_id": "api", "attribute_values": {}});
            (admin.with_header("If-Match", &tag).put(&at(&id), change).status, name)
        };
        let mut outcomes = at_once(4, rename);
        outcomes.sort();
        assert_eq!(outcomes.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [200, 409, 409, 409]);
        assert_eq!(admin.get(&at(&id)).expect(200)["catalog_entry"]["name"], outcomes[0].1);
    }
}

#[test]
fn changes_without_an_etag_all_succeed() {
    let app = start();
    let admin = app.admin();
    let attributes: Vec<_> = (0..8).map(|n| attribute(&format!("a{n}"), "Number")).collect();
    let services = kind(&admin, "Service", json!(attributes));
    let id = entry(&admin, &services, "api", json!({}));
    at_once(8, |number| {
        let name = format!("a{number}");
        for round in 0..5 {
            let change = json!({
                "name": "api", "external_id": "api", "update_attributes": [name],
                "attribute_values": {&name: one(&round.to_string())},
            });
            admin.put(&at(&id), change).expect(200);
        }
    });
    let shown = super::whole(&admin, &id);
    for number in 0..8 {
        assert_eq!(labels(&shown, &format!("a{number}")), ["4"], "nobody wrote over what others named");
    }
}

/// The names of the entries of `kind` whose references in `attribute` have found nothing.
fn unbound(by: &Client, kind: &Kind, attribute: &str) -> Vec<String> {
    let path = format!("/v2/catalog_entries?catalog_type_id={}&page_size=250", kind.id);
    let page = by.get(&path).expect(200);
    let is_bound = |entry: &Value| {
        let values = entry["attribute_values"][attribute]["array_value"].as_array().expect("values");
        values.iter().all(|value| value["catalog_entry"].is_object())
    };
    page["catalog_entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| !is_bound(entry))
        .map(|entry| text(entry, "/name"))
        .collect()
}

#[test]
fn a_reference_and_what_it_waits_for_find_each_other_also_when_they_come_at_once() {
    const ROUNDS: usize = 40;
    let app = start();
    let admin = app.admin();
    let (services, hosts) = (kind(&admin, "Service", json!([])), kind(&admin, "Host", json!([])));
    reshape(&admin, &services, json!([array("hosts", &hosts.type_name)]));
    reshape(&admin, &hosts, json!([array("services", &services.type_name)]));
    for round in 0..ROUNDS {
        let (service, host) = (format!("service-{round}"), format!("host-{round}"));
        at_once(4, |number| match number {
            0 => entry(&admin, &services, &service, json!({"hosts": several(&[&host])})),
            1 => entry(&admin, &hosts, &host, json!({"services": several(&[&service])})),
            // What the others wait for comes a second time, and something comes in between.
            2 => entry(&admin, &hosts, &host, json!({"services": several(&[&service])})),
            _ => entry(&admin, &services, &format!("other-{round}"), json!({"hosts": several(&[&host])})),
        });
    }
    assert_eq!(unbound(&admin, &services, "hosts"), [] as [&str; 0]);
    assert_eq!(unbound(&admin, &hosts, "services"), [] as [&str; 0]);
}

#[test]
fn bulk_updates_of_the_same_entries_in_another_order_all_succeed() {
    let app = start();
    let admin = app.admin();
    let services = kind(&admin, "Service", json!([array("needs", "Custom[\"Service\"]"), attribute("tier", "Number")]));
    let names: Vec<_> = (0..10).map(|n| format!("s-{n}")).collect();
    let ids: Vec<_> = names.iter().map(|name| entry(&admin, &services, name, json!({}))).collect();
    at_once(6, |number| {
        let mut order: Vec<_> = ids.iter().collect();
        order.rotate_left(number);
        if number % 2 == 0 {
            order.reverse();
        }
        let change = |id: &&String| {
            json!({"entry_id": id, "attribute_values": {
                "tier": one(&number.to_string()), "needs": several(&[&names[number]]),
            }})
        };
        let body = json!({"catalog_type_id": services.id, "entries": order.iter().map(change).collect::<Vec<_>>()});
        admin.post(&format!("{ENTRIES}/actions/bulk_update"), body).expect(204);
    });
    let shown = listed(&admin, &services);
    let tiers: BTreeSet<_> = shown.iter().map(|entry| labels(entry, "tier")).collect();
    assert_eq!(tiers.len(), 1, "one of them came last, with everything");
}

#[test]
fn what_an_entry_is_called_finds_it_also_when_the_type_changes_at_the_same_moment() {
    let app: App = start();
    let admin = app.admin();
    for round in 0..15 {
        let name = format!("Kind {round}");
        let services = kind(&admin, &name, json!([]));
        at_once(5, |number| match number {
            0 => {
                let change = json!({"name": name, "description": "", "use_name_as_identifier": true});
                admin.put(&format!("{}/{}", super::TYPES, services.id), change).expect(200);
            }
            _ => {
                let named = json!({"name": format!("Name {number}")});
                let request = with(request(&services, &format!("s-{number}"), json!({})), named);
                admin.post(ENTRIES, request).expect(201);
            }
        });
        for number in 1..5 {
            let by_name = super::found(&admin, &services, &format!("Name {number}"));
            let by_external_id = super::found(&admin, &services, &format!("s-{number}"));
            assert_eq!((by_name.len(), &by_name), (1, &by_external_id), "round {round}");
        }
    }
}
