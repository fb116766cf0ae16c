//! The types that come with the server, and reflect what it keeps elsewhere.

use super::*;
use crate::support::{Server, invalid, refused, text, word};

#[tokio::test]
async fn some_types_come_with_the_server() {
    let server = Server::start();
    let root = server.root();
    for (type_name, name, categories) in [
        ("User", "User", vec!["user"]),
        ("Schedule", "Schedule", vec!["on-call"]),
        ("EscalationPath", "Escalation Path", vec!["on-call"]),
        ("AlertPriority", "Alert Priority", vec![]),
        ("SlackChannel", "Slack Channel", vec![]),
    ] {
        let own = called(&root, type_name).await;
        assert_eq!((own.name.as_str(), own.is_editable, own.is_team_type), (name, false, Some(false)), "{type_name}");
        assert_eq!(own.categories.iter().map(text).collect::<Vec<_>>(), categories);
        assert_eq!(own.registry_type.as_deref(), Some(type_name));
        assert_eq!(own.engine_resource_type, format!("CatalogEntry[\"{type_name}\"]"));
        assert!(names(&root, of(&own)).await.is_empty());
    }
    let teams = called(&root, "Team").await;
    assert_eq!((teams.is_editable, teams.is_team_type, teams.registry_type), (true, Some(true), None));
    assert_eq!(teams.categories.iter().map(text).collect::<Vec<_>>(), ["team"]);
    let [members] = &teams.schema.attributes[..] else { panic!("{:?}", teams.schema) };
    assert_eq!((members.name.as_str(), members.r#type.as_str(), members.array), ("Members", "User", true));
    assert_eq!(types(&root).await.iter().filter(|one| one.is_team_type == Some(true)).count(), 1);
}

#[tokio::test]
async fn users_are_in_the_catalog_while_they_are_active() {
    let server = Server::start();
    let root = server.root();
    let users = called(&root, "User").await;
    let ada = server.add_user("Ada Lovelace", "Ada@Example.com");
    let bob = server.add_user("Bob", "bob@example.com");
    let page = list(&root, of(&users)).await.unwrap();
    let [of_ada, of_bob] = &page.catalog_entries[..] else { panic!("{page:?}") };
    assert_eq!((of_ada.name.as_str(), of_ada.external_id.as_ref()), ("Ada Lovelace", Some(&ada)));
    assert_eq!((of_bob.name.as_str(), of_bob.external_id.as_ref()), ("Bob", Some(&bob)));
    assert_eq!((&of_ada.aliases, page.pagination_meta.total_record_count), (&strings(&["Ada@Example.com"]), Some(2)));
    let email = users.schema.attributes.iter().find(|attribute| attribute.name == "Email").unwrap();
    assert_eq!(literals(of_ada, &email.id), ["Ada@Example.com"]);
    for identifier in [of_ada.id.as_str(), &ada, "Ada@Example.com", "ada@example.com", "ADA@EXAMPLE.COM"] {
        assert_eq!(found(&root, &users, identifier).await, ["Ada Lovelace"], "{identifier}");
    }
    assert!(found(&root, &users, "Ada Lovelace").await.is_empty());
    assert!(found(&root, &users, "nobody@example.com").await.is_empty());

    server.command(&["users", "deactivate", &ada]);
    assert_eq!(names(&root, of(&users)).await, ["Bob"]);
    assert!(found(&root, &users, "ada@example.com").await.is_empty());
    assert!(show(&root, &of_ada.id).await.unwrap().archived_at.is_some());
}

#[tokio::test]
async fn what_reflects_something_else_is_not_changed_by_hand() {
    let server = Server::start();
    let root = server.root();
    server.add_user("Ada", "ada@example.com");
    let users = called(&root, "User").await;
    let before = list(&root, of(&users)).await.unwrap();
    let ada = &before.catalog_entries[0];
    let (code, place) = ("invalid_value", "catalog_type_id");
    invalid(create(&root, new(&users, "Eve")).await, code, place);
    invalid(create(&root, new(&users, "Eve").set_external_id(ada.external_id.as_ref().unwrap())).await, code, place);
    invalid(update(&root, &ada.id, Change::new(HashMap::new(), "Eve")).await, code, place);
    let patch = Patch::new(HashMap::new(), &ada.id).set_name("Eve");
    invalid(update_many(&root, &users, vec![patch], None).await, code, place);
    invalid(delete(&root, &ada.id).await, code, place);
    invalid(update_type(&root, &users.id, ChangeType::new("", "Persons")).await, code, place);
    let schema = Schema::new(vec![attribute("Mood", "String", false)], users.schema.version);
    invalid(update_schema(&root, &users.id, schema).await, code, place);
    invalid(delete_type(&root, &users.id).await, code, place);
    assert_eq!(list(&root, of(&users)).await.unwrap(), before);
}

#[tokio::test]
async fn the_type_of_teams_keeps_its_members_and_takes_further_attributes() {
    let server = Server::start();
    let root = server.root();
    let teams = called(&root, "Team").await;
    let members = &teams.schema.attributes[0];
    let kept = || CatalogTypeAttributePayloadV3::new(true, "Members", "User").set_id(&members.id).set_mode(word("api"));
    let channel = attribute("Channel", "SlackChannel", false);
    let version = teams.schema.version;
    for without in [
        vec![],
        vec![channel.clone()],
        vec![kept().set_array(false)],
        vec![kept().set_type("String")],
        vec![kept().set_id("members")],
    ] {
        let schema = Schema::new(without, version);
        invalid(update_schema(&root, &teams.id, schema).await, "invalid_value", "attributes");
    }
    let changed = update_schema(&root, &teams.id, Schema::new(vec![channel, kept().set_name("People")], version)).await;
    let changed = changed.unwrap().schema;
    let names: Vec<_> = changed.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!((names, &changed.attributes[1].id), (vec!["Channel", "People"], &members.id));
    let renamed = update_type(&root, &teams.id, ChangeType::new("Who is who", "Squad")).await.unwrap();
    assert_eq!(
        (renamed.name.as_str(), renamed.type_name.as_str(), renamed.is_team_type),
        ("Squad", "Team", Some(true))
    );
    refused(delete_type(&root, &teams.id).await, 422);
    assert_eq!(show_type(&root, &teams.id).await.unwrap(), renamed);
}

#[tokio::test]
async fn whoever_points_at_a_user_finds_them_by_e_mail_address_also_before_they_come() {
    let server = Server::start();
    let root = server.root();
    let service = type_with(&root, "Service", vec![attribute("Owner", "User", false)]).await;
    let till = New::new(values([("owner", one("ADA@example.com"))]), &service.id, "Till");
    let till = create(&root, till).await.unwrap();
    assert_eq!(labels(&till, "owner"), ["ADA@example.com"]);
    let ada = server.add_user("Ada", "Ada@Example.com");
    let shown = show(&root, &till.id).await.unwrap();
    assert_eq!(
        (literals(&shown, "owner"), labels(&shown, "owner")),
        (strings(&["ADA@example.com"]), strings(&["Ada"]))
    );
    let by_id = update(&root, &till.id, Change::new(values([("owner", one(&ada))]), "Till")).await.unwrap();
    assert_eq!((literals(&by_id, "owner"), labels(&by_id, "owner")), (vec![ada], strings(&["Ada"])));
}
