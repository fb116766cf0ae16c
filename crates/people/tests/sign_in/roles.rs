//! What people may do, and who says so.

use base::{Error, Id};
use people::api_keys::{ApiKey, Grant};
use people::custom_roles::{CustomRole, Draft};
use people::users::{BaseRole, User};
use store::Who;

use crate::Scene;

fn change(scene: &Scene, by: &User, of: &User, role: BaseRole, custom: &[Id<CustomRole>]) -> Result<User, Error> {
    let (id, custom) = (of.id, custom.to_vec());
    scene.write_as(by, move |cx| User::change_roles(cx, id, role, custom.clone()))
}

fn custom(scene: &Scene, roles: &'static [&'static str]) -> Id<CustomRole> {
    scene.write(move |cx| CustomRole::add(cx, &draft("Customer Success", roles))).id
}

fn draft(name: &str, roles: &[&str]) -> Draft {
    Draft { name: name.into(), description: None, roles: roles.iter().map(|role| (*role).to_owned()).collect() }
}

#[test]
fn a_role_is_given_by_who_may_do_as_much() {
    let scene = Scene::new();
    let [bob, cleo] = ["Bob", "Cleo"].map(|name| scene.user(name, BaseRole::Administrator));
    let dan = scene.user("Dan", BaseRole::Viewer);
    assert!(change(&scene, &bob, &dan, BaseRole::Owner, &[]).is_err(), "more than they hold");
    assert!(change(&scene, &bob, &scene.ada, BaseRole::Viewer, &[]).is_err(), "from who holds more");
    assert!(change(&scene, &bob, &bob, BaseRole::Owner, &[]).is_err());
    assert!(change(&scene, &dan, &dan, BaseRole::Viewer, &[]).is_err());
    change(&scene, &bob, &cleo, BaseRole::Viewer, &[]).unwrap();
    assert_eq!(scene.last_action(), "user.roles_changed");
    change(&scene, &scene.ada, &bob, BaseRole::Owner, &[]).unwrap();
}

#[test]
fn who_manages_users_adds_and_deactivates_those_who_may_do_no_more_than_they() {
    let scene = Scene::new();
    let [bob, cleo] = ["Bob", "Cleo"].map(|name| scene.user(name, BaseRole::Administrator));
    let dan = scene.user("Dan", BaseRole::Responder);
    let add = |by: &User, name: &'static str, role| {
        scene.write_as(by, move |cx| User::add(cx, name, &format!("{name}@acme.example"), role))
    };
    add(&bob, "Eve", BaseRole::Administrator).unwrap();
    assert!(add(&bob, "Fay", BaseRole::Owner).is_err());
    assert!(add(&dan, "Fay", BaseRole::Viewer).is_err());
    let deactivate = |by: &User, of: &User| {
        let id = of.id;
        scene.write_as(by, move |cx| User::deactivate(cx, id).map(drop))
    };
    assert!(deactivate(&bob, &scene.ada).is_err());
    assert!(deactivate(&dan, &cleo).is_err());
    deactivate(&bob, &cleo).unwrap();
}

#[test]
fn a_custom_role_adds_to_what_somebody_may_do_at_once() {
    let scene = Scene::new();
    let (role, dan) = (custom(&scene, &["global_access", "catalog_editor"]), scene.user("Dan", BaseRole::Viewer));
    assert!(!scene.who(&dan).access.everywhere("x:incidents.private"));
    let dan = change(&scene, &scene.ada, &dan, BaseRole::Viewer, &[role]).unwrap();
    let access = scene.who(&dan).access;
    assert!(access.everywhere("x:incidents.private") && access.everywhere("incidents.view"));
    assert!(!access.everywhere("incidents.create"));

    scene.write(move |cx| CustomRole::change(cx, role, &draft("Customer Success", &["incident_creator"])));
    let access = scene.who(&dan).access;
    assert!(access.everywhere("incidents.create") && !access.everywhere("catalog_types.edit"));
}

#[test]
fn a_custom_role_goes_when_nobody_has_it() {
    let scene = Scene::new();
    let (role, dan) = (custom(&scene, &["global_access"]), scene.user("Dan", BaseRole::Viewer));
    change(&scene, &scene.ada, &dan, BaseRole::Viewer, &[role]).unwrap();
    let delete = || scene.store.write(Who::system(), move |cx| CustomRole::delete(cx, role)).wait();
    assert!(delete().unwrap_err().to_string().contains("Dan has this role"));
    change(&scene, &scene.ada, &dan, BaseRole::Viewer, &[]).unwrap();
    delete().unwrap();
    let gone = change(&scene, &scene.ada, &dan, BaseRole::Viewer, &[role]).unwrap_err();
    assert_eq!(gone.problems()[0].pointer, "custom_role_ids.0");
}

#[test]
fn nobody_makes_a_custom_role_that_grants_what_they_lack() {
    let scene = Scene::new();
    let bob = scene.user("Bob", BaseRole::Administrator);
    let make =
        |roles: &'static [&'static str]| scene.write_as(&bob, move |cx| CustomRole::add(cx, &draft("Auditors", roles)));
    let error = make(&["catalog_editor", "global_access", "king"]).unwrap_err();
    let pointers: Vec<_> = error.problems().iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["role_names.1", "role_names.2"]);
    assert_eq!(make(&["catalog_editor"]).unwrap().slug(), "auditors");
    assert_eq!(make(&["catalog_editor"]).unwrap_err().problems()[0].pointer, "name", "no two are called the same");
}

#[test]
fn a_person_gives_a_key_the_role_that_manages_keys_and_a_key_does_not() {
    let scene = Scene::new();
    let bob = scene.user("Bob", BaseRole::Administrator);
    let give = move |cx: &mut store::Cx<'_>| {
        let grant = Grant { roles: vec!["api_keys_manage".into()], ..Grant::default() };
        ApiKey::give(cx, "Terraform", None, grant).map(drop)
    };
    scene.write_as(&bob, give).unwrap();
    let by_key = Who { key: Some(Id::constant(1)), ..scene.who(&bob) };
    assert!(scene.store.write(by_key, give).wait().is_err());
}

#[test]
fn who_is_not_active_may_do_nothing() {
    let scene = Scene::new();
    let id = scene.ada.id;
    scene.user("Otto", BaseRole::Owner);
    let ada = scene.write(move |cx| User::deactivate(cx, id)).into_inner();
    let access = scene.who(&ada).access;
    assert!(!access.unlimited && access.account.is_empty());
}

#[test]
fn of_two_owners_who_go_at_the_same_time_one_stays() {
    let scene = Scene::new();
    let (otto, other) = (scene.user("Otto", BaseRole::Owner), scene.another());
    for _ in 0..10 {
        let step_down = |node: &store::Store, user: &User| {
            let id = user.id;
            node.write(Who::system(), move |cx| User::change_roles(cx, id, BaseRole::Viewer, Vec::new()).map(drop))
        };
        let both = [step_down(&scene.store, &scene.ada), step_down(&other, &otto)];
        let gone = both.map(|one| one.wait().is_ok());
        assert_eq!(gone.iter().filter(|gone| **gone).count(), 1, "{gone:?}");
        for user in [&scene.ada, &otto] {
            let id = user.id;
            scene.write(move |cx| User::change_roles(cx, id, BaseRole::Owner, Vec::new()).map(drop));
        }
    }
}
