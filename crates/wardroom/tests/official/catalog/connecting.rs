//! What a developer platform does when it is connected, with a key that may edit and see the catalog,
//! and nothing else.

use incident_io::apis::teams_v3_api::*;
use incident_io::apis::utilities_v1_api::*;

use super::*;
use crate::support::{Server, absent, text, word, words};

/// The roles that such a key has.
const ROLES: [&str; 2] = ["catalog_editor", "catalog_viewer"];

/// Whether a type is filed under a category.
fn is_filed(catalog_type: &CatalogTypeV3, category: &str) -> bool {
    catalog_type.categories.iter().any(|filed| text(filed) == category)
}

/// The attribute of the team type that names its members.
async fn member_attribute(key: &Key) -> String {
    let types = types(key).await;
    let users = types.iter().find(|one| one.type_name == "User").unwrap();
    let teams = types.iter().find(|one| one.is_team_type == Some(true)).unwrap();
    let mut members = teams.schema.attributes.iter().filter(|one| one.array && one.r#type == users.type_name);
    members.find(|one| one.name == "Members").unwrap().id.clone()
}

#[tokio::test]
async fn the_types_of_services_users_and_teams_are_told_apart() {
    let server = Server::start();
    let root = server.root();
    let key = server.key_with(&ROLES).await;
    let identity = utilities_v1_identity(&key, UtilitiesV1IdentityParams::new()).await.unwrap().identity;
    assert!(identity.dashboard_url.starts_with(server.url()));
    for (name, category) in [("GitHub User", "user"), ("Teams", "team"), ("Repository", "service")] {
        create_type(&root, NewType::new("", name).set_categories(words(&[category]))).await.unwrap();
    }
    let types = types(&key).await;
    let services: Vec<_> = types.iter().filter(|one| is_filed(one, "service")).collect();
    assert_eq!(services.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Repository"]);
    let users: Vec<_> = types.iter().filter(|one| is_filed(one, "user")).map(|one| one.type_name.as_str()).collect();
    assert_eq!(users, ["User", "Custom[\"GitHubUser\"]"]);
    let teams: Vec<_> = types.iter().filter(|one| is_filed(one, "team")).map(|one| one.is_team_type).collect();
    assert_eq!(teams, [Some(true), Some(false)]);
    let manager = attribute("Manager", "User", false).set_mode(word("api"));
    let team_type = called(&key, "Team").await;
    let own = &team_type.schema.attributes[0];
    let own = CatalogTypeAttributePayloadV3::new(true, "Members", "User").set_id(&own.id).set_mode(word("api"));
    let id = own.id.clone().unwrap();
    update_schema(&key, &team_type.id, Schema::new(vec![manager, own], team_type.schema.version)).await.unwrap();
    assert_eq!(member_attribute(&key).await, id);
}

#[tokio::test]
async fn an_app_and_a_team_are_linked_or_made() {
    let server = Server::start();
    let root = server.root();
    let key = server.key_with(&ROLES).await;
    let service = create_type(&key, NewType::new("", "Service").set_categories(words(&["service"]))).await.unwrap();
    let team_type = called(&key, "Team").await;
    for (catalog_type, name) in [(&service, "Käse & Co “App”"), (&team_type, "  Blue team")] {
        let new = || new(catalog_type, name).set_external_id("platform:1");
        let made = create(&key, new()).await.unwrap();
        assert_eq!((made.name.as_str(), &made.catalog_type_id), (name, &catalog_type.id));
        assert_eq!(create(&key, new()).await.unwrap(), made, "a retry makes no second one");
        assert_eq!(show(&key, &made.id).await.unwrap(), made, "what is linked is shown with its type");
        delete(&root, &made.id).await.unwrap();
        assert!(show(&key, &made.id).await.unwrap().archived_at.is_some());
    }
    absent(show(&key, NO_ID).await);
}

#[tokio::test]
async fn a_user_is_found_by_e_mail_address() {
    let server = Server::start();
    let key = server.key_with(&ROLES).await;
    let ada = server.add_user("Ada", "Ada@Example.com");
    let users = called(&key, "User").await;
    let by_email = async |email: &str| list(&key, of(&users).set_identifier(email)).await.unwrap().catalog_entries;
    let [shown] = &by_email("ada@example.com").await[..] else { panic!() };
    assert_eq!((shown.name.as_str(), shown.external_id.as_ref()), ("Ada", Some(&ada)));
    assert_eq!(by_email("nobody@example.com").await, []);
}

#[tokio::test]
async fn members_join_and_leave_a_team_and_the_rest_of_it_stays() {
    let server = Server::start();
    let root = server.root();
    let key = server.key_with(&ROLES).await;
    let ada = server.add_user("Ada", "ada@example.com");
    server.add_user("Bob", "bob@example.com");
    let team_type = called(&root, "Team").await;
    let members = member_attribute(&key).await;
    let own = CatalogTypeAttributePayloadV3::new(true, "Members", "User").set_id(&members).set_mode(word("api"));
    let motto = attribute("Motto", "String", false);
    update_schema(&root, &team_type.id, Schema::new(vec![own, motto], team_type.schema.version)).await.unwrap();
    let given = values([("motto", one("Onwards")), (members.as_str(), several(&[&ada]))]);
    let team =
        New::new(given, &team_type.id, "Blue").set_external_id("blue").set_aliases(strings(&["azure"])).set_rank(7);
    let team = create(&root, team).await.unwrap();
    let set = async |wanted: &[&str]| {
        let now = show(&key, &team.id).await.unwrap();
        let change = Change::new(values([(members.as_str(), several(wanted))]), now.name)
            .set_aliases(now.aliases)
            .set_external_id(now.external_id.unwrap())
            .set_rank(now.rank)
            .set_update_attributes(vec![members.clone()]);
        let mut changed = update(&key, &team.id, change).await.unwrap();
        assert_eq!(literals(&changed, &members), wanted);
        let shown = teams_v3_show(&key, TeamsV3ShowParams::new(&team.id)).await.unwrap().team;
        changed.attribute_values.insert(members.clone(), team.attribute_values[&members].clone());
        changed.updated_at = team.updated_at;
        assert_eq!(changed, team, "everything else stays");
        shown.members.into_iter().map(|member| member.name).collect::<Vec<_>>()
    };
    assert_eq!(set(&[&ada, "bob@example.com"]).await, ["Ada", "Bob"]);
    assert_eq!(set(&[&ada, "bob@example.com"]).await, ["Ada", "Bob"]);
    assert_eq!(set(&["bob@example.com"]).await, ["Bob"]);
    assert!(set(&[]).await.is_empty());
}
