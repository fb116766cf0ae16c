//! Teams V3, and what the teams of an API key let it change.

use std::slice::from_ref;

use incident_io::apis::api_keys_v1_api::*;
use incident_io::apis::teams_v3_api::*;
use incident_io::models::{ApiKeysCreatePayloadV1, ApiKeysCreateResultV1, TeamV3, TeamsListResultV3};

use super::*;
use crate::support::{Refusal, Server, absent, invalid, lacking, refused, word, words};

async fn show_team(key: &Key, id: &str) -> Result<TeamV3, Error<impl Debug>> {
    teams_v3_show(key, TeamsV3ShowParams::new(id)).await.map(|shown| *shown.team)
}

async fn teams(key: &Key, params: TeamsV3ListParams) -> Result<TeamsListResultV3, Error<impl Debug>> {
    teams_v3_list(key, params).await
}

fn all() -> TeamsV3ListParams {
    TeamsV3ListParams::new()
}

/// The names of a team's members.
fn members(team: &TeamV3) -> Vec<&str> {
    team.members.iter().map(|member| member.name.as_str()).collect()
}

/// The values of a team that has these members.
async fn with(key: &Key, members: &[&str]) -> HashMap<String, Binding> {
    let attribute = called(key, "Team").await.schema.attributes.remove(0);
    values([(attribute.id.as_str(), several(members))])
}

/// A team of this name with these members.
async fn team(key: &Key, name: &str, members: &[&str]) -> CatalogEntryV3 {
    let team_type = called(key, "Team").await;
    let new = New::new(with(key, members).await, &team_type.id, name).set_external_id(name.to_lowercase());
    create(key, new).await.unwrap()
}

/// A key that may edit what these teams own in the catalog, and see all of it.
async fn limited(server: &Server, teams: &[&str]) -> Key {
    let root = server.root();
    let payload = ApiKeysCreatePayloadV1::new(
        "Limited",
        words(&["catalog_viewer"]),
        strings(teams),
        vec![word("catalog_editor")],
    );
    let made: ApiKeysCreateResultV1 = a_pi_keys_v1_create(&root, APiKeysV1CreateParams::new(payload)).await.unwrap();
    server.key(&made.token)
}

#[tokio::test]
async fn a_team_is_an_entry_and_its_members_are_the_users_that_this_points_at() {
    let server = Server::start();
    let root = server.root();
    let ada = server.add_user("Ada", "Ada@example.com");
    let bob = server.add_user("Bob", "bob@example.com");
    let tills = team(&root, "Tills", &["ada@example.com", &bob, "later@example.com", &ada]).await;
    let shown = show_team(&root, &tills.id).await.unwrap();
    assert_eq!((&shown.id, shown.name.as_str(), &shown.catalog_entry.id), (&tills.id, "Tills", &tills.id));
    assert_eq!(
        (shown.catalog_entry.name.as_str(), shown.catalog_entry.external_id.as_deref()),
        ("Tills", Some("tills"))
    );
    assert_eq!(members(&shown), ["Ada", "Bob"]);
    assert_eq!((&shown.members[0].id, shown.members[0].email.as_deref()), (&ada, Some("Ada@example.com")));
    assert_eq!(teams(&root, all()).await.unwrap().teams, [shown]);

    server.add_user("Cleo", "later@example.com");
    assert_eq!(members(&show_team(&root, &tills.id).await.unwrap()), ["Ada", "Bob", "Cleo"]);
    server.command(&["users", "deactivate", &bob]);
    assert_eq!(members(&show_team(&root, &tills.id).await.unwrap()), ["Ada", "Cleo"]);
    let change = Change::new(with(&root, &["later@example.com"]).await, "Cash desks");
    update(&root, &tills.id, change).await.unwrap();
    let changed = show_team(&root, &tills.id).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.catalog_entry.external_id.as_ref()), ("Cash desks", None));
    assert_eq!(members(&changed), ["Cleo"]);
    delete(&root, &tills.id).await.unwrap();
    absent(show_team(&root, &tills.id).await);
    assert_eq!(teams(&root, all()).await.unwrap().teams, []);
}

#[tokio::test]
async fn teams_come_oldest_first_in_pages() {
    let server = Server::start();
    let root = server.root();
    let mut ids = vec![];
    for name in ["Tills", "Stock", "Doors"] {
        ids.push(team(&root, name, &[]).await.id);
    }
    let page = teams(&root, all().set_page_size(2)).await.unwrap();
    assert_eq!(page.teams.iter().map(|team| &team.id).collect::<Vec<_>>(), [&ids[0], &ids[1]]);
    assert_eq!((page.pagination_meta.page_size, page.pagination_meta.after.as_ref()), (2, Some(&ids[1])));
    let rest = teams(&root, all().set_page_size(2).set_after(&ids[1])).await.unwrap();
    assert_eq!((rest.teams.len(), &rest.teams[0].id, rest.pagination_meta.after), (1, &ids[2], None));
    assert_eq!(teams(&root, all()).await.unwrap().pagination_meta.page_size, 25);
    for size in [0, 251] {
        invalid(teams(&root, all().set_page_size(size)).await, "invalid_value", "page_size");
    }
    absent(show_team(&root, NO_ID).await);
    let stranger = server.key_with(&["viewer"]).await;
    lacking(teams(&stranger, all()).await, "catalog_entries.view");
    lacking(show_team(&stranger, &ids[0]).await, "catalog_entries.view");
}

#[tokio::test]
async fn a_key_of_a_team_changes_what_that_team_owns_and_nothing_else() {
    let server = Server::start();
    let root = server.root();
    let (tills, stock) = (team(&root, "Tills", &[]).await.id, team(&root, "Stock", &[]).await.id);
    let key = limited(&server, &[&tills]).await;
    let owned_by = |name, team: &str| NewType::new("", name).set_owning_team_ids(strings(&[team]));
    let theirs = create_type(&root, owned_by("Stores", &stock)).await.unwrap();
    let nobodys = create_type(&root, NewType::new("", "Nobody's")).await.unwrap();
    let ours = create_type(&key, owned_by("Cash desk", &tills)).await.unwrap();
    assert_eq!(ours.owning_team_ids, Some(vec![tills.clone()]));

    let ours = update_schema(&key, &ours.id, Schema::new(vec![attribute("Tier", "String", false)], 1)).await.unwrap();
    let made = create(&key, New::new(values([("tier", one("1"))]), &ours.id, "Front")).await.unwrap();
    update(&key, &made.id, Change::new(HashMap::new(), "Back")).await.unwrap();
    let patch = |entry: &CatalogEntryV3| vec![Patch::new(HashMap::new(), &entry.id).set_name("Changed")];
    update_many(&key, &ours, patch(&made), None).await.unwrap();
    assert_eq!(names(&key, of(&ours)).await, ["Changed"]);
    delete(&key, &made.id).await.unwrap();

    lacking(create_type(&key, NewType::new("", "Other")).await, "catalog_types.create");
    lacking(create_type(&key, owned_by("Other", &stock)).await, "catalog_types.create");
    for other in [theirs, nobodys] {
        let entry = entry(&root, &other, "Shelf").await;
        assert_eq!(names(&key, of(&other)).await, ["Shelf"], "the whole catalog is seen");
        lacking(create(&key, new(&other, "Mine")).await, "catalog_entries.create");
        lacking(update(&key, &entry.id, Change::new(HashMap::new(), "Mine")).await, "catalog_entries.edit");
        lacking(update_many(&key, &other, patch(&entry), None).await, "catalog_entries.edit");
        lacking(delete(&key, &entry.id).await, "catalog_entries.destroy");
        lacking(update_type(&key, &other.id, ChangeType::new("", "Mine")).await, "catalog_types.edit");
        lacking(update_schema(&key, &other.id, Schema::new(vec![], 1)).await, "catalog_types.edit");
        lacking(delete_type(&key, &other.id).await, "catalog_types.destroy");
        assert_eq!(show(&root, &entry.id).await.unwrap(), entry);
    }
    let change = ChangeType::new("Ours", "Cash desk").set_owning_team_ids(vec![tills]);
    update_type(&key, &ours.id, change).await.unwrap();
    delete_type(&key, &ours.id).await.unwrap();
}

#[tokio::test]
async fn a_key_is_given_teams_that_there_are() {
    let server = Server::start();
    let root = server.root();
    let tills = team(&root, "Tills", &[]).await.id;
    let with = |teams: &[&str]| {
        let payload = ApiKeysCreatePayloadV1::new("Limited", vec![], strings(teams), vec![word("catalog_editor")]);
        APiKeysV1CreateParams::new(payload)
    };
    let made = a_pi_keys_v1_create(&root, with(&[&tills])).await.unwrap().api_key;
    assert_eq!(made.team_ids, from_ref(&tills));
    let refusal = refused(a_pi_keys_v1_create(&root, with(&[&tills, NO_ID])).await, 422);
    assert!(refusal.points_at("invalid_value", "team_ids.1"), "{:?}", refusal.errors);
    delete(&root, &tills).await.unwrap();
    refused(a_pi_keys_v1_create(&root, with(&[&tills])).await, 422);
}
