//! Links that let somebody in, once.

use std::sync::Barrier;

use people::sign_in::{How, LINK_LASTS, Refusal, link, passwords, with_link, with_password};
use people::users::BaseRole;
use web::SecretStep;

use crate::{DAY, HOUR, MINUTE, PASSWORD, Scene, from};

fn make(scene: &Scene) -> SecretStep {
    let id = scene.ada.id;
    scene.write(move |cx| link(cx, id, LINK_LASTS))
}

#[test]
fn a_link_lets_in_once() {
    let scene = Scene::new();
    let step = make(&scene);
    let ada = with_link(&scene.store, &step, None, from("192.0.2.1")).unwrap();
    assert_eq!((ada.session.how, ada.user.id), (How::Link, scene.ada.id));
    assert!(scene.find(&ada.token).is_some());
    assert!(matches!(with_link(&scene.store, &step, None, from("192.0.2.1")), Err(Refusal::LinkSpent)));
    let actions: Vec<_> = scene.audit(2).into_iter().map(|entry| entry.action).collect();
    assert_eq!(actions, ["user.sign_in_link_created", "user.signed_in"]);
}

#[test]
fn of_several_who_come_with_a_link_at_once_one_gets_in() {
    let scene = Scene::new();
    let (step, other, barrier) = (make(&scene), scene.another(), Barrier::new(8));
    let come = |store| {
        barrier.wait();
        with_link(store, &step, None, from("192.0.2.1")).is_ok()
    };
    let came_in = std::thread::scope(|scope| {
        let stores = [&scene.store, &other].into_iter().cycle().take(8);
        let all: Vec<_> = stores.map(|store| scope.spawn(move || come(store))).collect();
        all.into_iter().map(|one| one.join().unwrap()).filter(|came_in| *came_in).count()
    });
    assert_eq!((came_in, scene.rows("sessions")), (1, 1));
}

#[test]
fn a_link_lets_in_who_is_kept_out_by_those_who_guess() {
    let scene = Scene::new();
    let guess = || with_password(&scene.store, "ada@acme.example", &"wrong".into(), None, from("192.0.2.9"));
    while !matches!(guess(), Err(Refusal::TooManyFailures { .. })) {}
    with_link(&scene.store, &make(&scene), None, from("192.0.2.1")).unwrap();
    assert!(matches!(scene.try_with(PASSWORD, None), Err(Refusal::TooManyFailures { .. })), "and nobody else");
}

#[test]
fn a_link_works_for_a_day() {
    let scene = Scene::new();
    let (step, late) = (make(&scene), make(&scene));
    scene.clock.advance(DAY - MINUTE);
    with_link(&scene.store, &step, None, from("192.0.2.1")).unwrap();
    scene.clock.advance(MINUTE);
    assert!(matches!(with_link(&scene.store, &late, None, from("192.0.2.1")), Err(Refusal::LinkSpent)));
}

#[test]
fn who_has_just_come_with_a_link_sets_a_password_without_the_one_before() {
    let scene = Scene::new();
    let (step, unused) = (make(&scene), make(&scene));
    let ada = with_link(&scene.store, &step, None, from("192.0.2.1")).unwrap();
    let change = |new: &str| passwords::change(&scene.store, scene.who(&scene.ada), &ada.session, None, &new.into());
    change("heron-mist-bellows").unwrap();
    scene.try_with("heron-mist-bellows", None).unwrap();
    assert!(with_link(&scene.store, &unused, None, from("192.0.2.1")).is_err(), "other links are gone");
    scene.clock.advance(HOUR);
    assert!(matches!(change("osprey-rain-chisel"), Err(Refusal::WrongCredentials)));
}

#[test]
fn nobody_makes_a_link_for_who_may_do_more_than_they() {
    let scene = Scene::new();
    let administrator = scene.user("Bob", BaseRole::Administrator);
    let responder = scene.user("Cleo", BaseRole::Responder);
    let (owner, of_cleo) = (scene.ada.id, responder.id);
    assert!(scene.write_as(&administrator, move |cx| link(cx, owner, DAY)).is_err());
    scene.write_as(&administrator, move |cx| link(cx, of_cleo, DAY)).unwrap();
    let of_bob = administrator.id;
    assert!(scene.write_as(&responder, move |cx| link(cx, of_bob, DAY)).is_err());
}

#[test]
fn nobody_makes_a_link_for_themselves() {
    let scene = Scene::new();
    for role in [BaseRole::Viewer, BaseRole::Administrator, BaseRole::Owner] {
        let user = scene.user(&role.to_string(), role);
        let own = user.id;
        assert!(scene.write_as(&user, move |cx| link(cx, own, DAY)).is_err(), "{role}");
    }
}
