//! Sessions: how long they last, and who ends them.

use people::sign_in::{link, sessions};
use people::users::{BaseRole, User};

use crate::{DAY, HOUR, MINUTE, Scene};

#[test]
fn a_session_ends_when_it_is_not_used_for_two_weeks() {
    let scene = Scene::new();
    let token = scene.sign_in().token;
    scene.clock.advance(13 * DAY);
    assert!(scene.find(&token).is_some());
    scene.clock.advance(14 * DAY - MINUTE);
    assert!(scene.find(&token).is_some(), "it was used");
    scene.clock.advance(14 * DAY);
    assert!(scene.find(&token).is_none());
}

#[test]
fn a_session_ends_after_ninety_days_however_much_it_is_used() {
    let scene = Scene::new();
    let token = scene.sign_in().token;
    for _ in 0..9 {
        scene.clock.advance(10 * DAY - MINUTE);
        assert!(scene.find(&token).is_some());
    }
    scene.clock.advance(9 * MINUTE);
    assert!(scene.find(&token).is_none());
}

#[test]
fn the_last_use_is_noted_once_a_minute() {
    let scene = Scene::new();
    let (token, start) = (scene.sign_in().token, scene.store.world().now());
    let seen = || scene.find(&token).unwrap().0.last_seen_at;
    let kept = || scene.write(|cx| cx.row("select last_seen_at from sessions", &[])?.unwrap().get::<base::Time>(0));
    scene.clock.advance(MINUTE / 2);
    assert_eq!((seen(), kept()), (start, start));
    scene.clock.advance(MINUTE / 2);
    assert_eq!((seen(), kept()), (start + MINUTE, start + MINUTE));
}

#[test]
fn who_is_deactivated_is_signed_out_for_good() {
    let scene = Scene::new();
    let (token, id) = (scene.sign_in().token, scene.ada.id);
    scene.write(move |cx| link(cx, id, DAY));
    scene.user("Otto", BaseRole::Owner);
    scene.write(move |cx| User::deactivate(cx, id).map(drop));
    assert!(scene.find(&token).is_none());
    assert_eq!((scene.rows("sessions"), scene.rows("sign_in_links")), (0, 0));
    assert!(scene.try_with(crate::PASSWORD, None).is_err());
}

#[test]
fn sessions_are_listed_and_ended_by_whose_they_are() {
    let scene = Scene::new();
    let (one, other) = (scene.sign_in(), scene.sign_in());
    let (ada, bob) = (scene.ada.clone(), scene.user("Bob", BaseRole::Viewer));
    let ids = |user: &User| {
        let id = user.id;
        let listed = scene.write(move |cx| sessions::of(cx, id));
        listed.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&ada), [other.session.id, one.session.id]);
    assert!(ids(&bob).is_empty());

    let (first, id) = (one.session.id, ada.id);
    assert!(scene.write_as(&bob, move |cx| sessions::end(cx, first)).is_err(), "they are Ada's");
    scene.write_as(&ada, move |cx| sessions::end(cx, first)).unwrap();
    assert_eq!(scene.last_action(), "user.signed_out");
    assert!(scene.find(&one.token).is_none() && scene.find(&other.token).is_some());

    let third = scene.sign_in();
    let kept = Some(third.session.id);
    assert_eq!(scene.write_as(&ada, move |cx| sessions::end_all_but(cx, id, kept)).unwrap(), 1);
    assert_eq!(ids(&ada), [third.session.id]);
}

#[test]
fn a_form_shows_that_it_was_sent_from_within_the_session() {
    let scene = Scene::new();
    let (one, other) = (scene.sign_in(), scene.sign_in());
    let (found, _) = scene.find(&one.token).unwrap();
    assert!(found.is_csrf(one.session.csrf().reveal()));
    assert!(!found.is_csrf(other.session.csrf().reveal()) && !found.is_csrf(""));
    assert_ne!(found.csrf(), one.token);
}

#[test]
fn what_has_ended_is_removed() {
    let scene = Scene::new();
    let (id, clean) = (scene.ada.id, || {
        scene.clean();
        (scene.rows("sessions"), scene.rows("sign_in_links"))
    });
    scene.sign_in();
    scene.write(move |cx| link(cx, id, HOUR));
    assert_eq!(clean(), (1, 1));
    scene.clock.advance(HOUR);
    assert_eq!(clean(), (1, 0));
    scene.clock.advance(14 * DAY);
    assert_eq!(clean(), (0, 0));
}
