//! Passwords, and those who guess them.

use std::sync::Barrier;

use base::Time;
use people::sign_in::{Refusal, SignedIn, passwords, unlock, with_password};
use people::users::{BaseRole, User};

use crate::{HOUR, MINUTE, PASSWORD, Scene, from};

/// Until when an attempt is refused; `None` where it is answered.
fn refused_until(outcome: Result<SignedIn, Refusal>) -> Option<Time> {
    match outcome {
        Err(Refusal::TooManyFailures { until }) => Some(until),
        _ => None,
    }
}

fn fail(scene: &Scene, times: usize) {
    for _ in 0..times {
        assert!(matches!(scene.try_with("wrong-wrong-wrong", None), Err(Refusal::WrongCredentials)));
    }
}

#[test]
fn who_knows_the_password_is_in() {
    let scene = Scene::new();
    let ada = scene.sign_in();
    assert_eq!((ada.user.id, ada.session.user), (scene.ada.id, scene.ada.id));
    let (session, user) = scene.find(&ada.token).unwrap();
    assert_eq!((session.id, user.name), (ada.session.id, "Ada Okafor".into()));
    assert!(scene.find(&"0".repeat(64).as_str().into()).is_none());
    let entry = scene.audit(1).remove(0);
    assert_eq!((entry.action.as_str(), entry.actor.kind.as_str()), ("user.signed_in", "user"));
    assert_eq!((entry.context.location.as_str(), entry.targets[0].id), ("192.0.2.1", scene.ada.id.cast()));
}

#[test]
fn a_wrong_password_and_an_unknown_address_are_told_alike() {
    let scene = Scene::new();
    let without = scene.user("Bob", BaseRole::Viewer);
    let gone = scene.user("Cleo", BaseRole::Viewer);
    scene.set_password(&gone);
    let id = gone.id;
    scene.write(move |cx| User::deactivate(cx, id).map(drop));
    let told = |email: &str, password: &str| {
        let refusal = with_password(&scene.store, email, &password.into(), None, from("192.0.2.7")).unwrap_err();
        assert!(matches!(refusal, Refusal::WrongCredentials));
        let entry = scene.audit(1).remove(0);
        assert_eq!((entry.action.as_str(), entry.context.location.as_str()), ("sign_in.failed", "192.0.2.7"));
        entry.targets
    };
    assert_eq!(told("ada@acme.example", "wrong-wrong-wrong")[0].id, scene.ada.id.cast());
    assert_eq!(told("bob@acme.example", PASSWORD)[0].id, without.id.cast());
    assert!(told("cleo@acme.example", PASSWORD).is_empty());
    assert!(told("nobody@acme.example", PASSWORD).is_empty());
}

#[test]
fn an_account_that_is_guessed_at_rests_for_a_quarter_of_an_hour_on_every_node() {
    let scene = Scene::new();
    fail(&scene, 10);
    let until = scene.store.world().now() + 15 * MINUTE;
    assert_eq!(refused_until(scene.try_with(PASSWORD, None)), Some(until));
    let elsewhere = with_password(&scene.another(), "ada@acme.example", &PASSWORD.into(), None, from("192.0.2.9"));
    assert_eq!(refused_until(elsewhere), Some(until));
    scene.clock.advance(15 * MINUTE);
    scene.sign_in();
}

#[test]
fn an_account_that_does_not_exist_rests_as_well() {
    let scene = Scene::new();
    let attempt = |n: usize| {
        with_password(&scene.store, "nobody@acme.example", &PASSWORD.into(), None, from(&format!("192.0.2.{n}")))
    };
    assert!((0..10).all(|n| matches!(attempt(n), Err(Refusal::WrongCredentials))));
    assert!(refused_until(attempt(10)).is_some());
}

#[test]
fn an_address_that_guesses_rests_and_others_go_on() {
    let scene = Scene::new();
    for n in 0..10 {
        let email = format!("user{n}@acme.example");
        assert!(with_password(&scene.store, &email, &PASSWORD.into(), None, from("192.0.2.1")).is_err());
    }
    assert!(refused_until(scene.try_with(PASSWORD, None)).is_some());
    with_password(&scene.store, "ada@acme.example", &PASSWORD.into(), None, from("192.0.2.2")).unwrap();
}

#[test]
fn a_success_makes_up_for_failures_on_the_account_and_not_for_those_of_the_address() {
    let scene = Scene::new();
    fail(&scene, 9);
    scene.sign_in();
    fail(&scene, 1);
    assert!(refused_until(scene.try_with(PASSWORD, None)).is_some(), "ten from this address");
    let elsewhere = |n: usize, password: &str| {
        with_password(&scene.store, "ada@acme.example", &password.into(), None, from(&format!("192.0.2.1{n}")))
    };
    assert!((0..9).all(|n| refused_until(elsewhere(n, "wrong-wrong-wrong")).is_none()));
    assert!(refused_until(elsewhere(10, PASSWORD)).is_some(), "ten since the success");
}

#[test]
fn many_who_guess_at_once_gain_nothing() {
    let scene = Scene::new();
    let barrier = Barrier::new(24);
    let guess = || {
        barrier.wait();
        refused_until(scene.try_with("wrong-wrong-wrong", None)).is_none()
    };
    let answered = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..24).map(|_| scope.spawn(guess)).collect();
        guesses.into_iter().map(|guess| guess.join().unwrap()).filter(|answered| *answered).count()
    });
    assert_eq!(answered, 10);
}

#[test]
fn an_operator_unlocks_an_account() {
    let scene = Scene::new();
    fail(&scene, 10);
    let id = scene.ada.id;
    scene.write(move |cx| unlock(cx, id));
    assert_eq!(scene.last_action(), "user.unlocked");
    with_password(&scene.store, "ada@acme.example", &PASSWORD.into(), None, from("192.0.2.2")).unwrap();
}

#[test]
fn another_password_ends_the_sessions_of_before_but_the_one_that_changes_it() {
    let scene = Scene::new();
    let (one, other) = (scene.sign_in(), scene.sign_in());
    let change = |current: Option<&str>, new: &str| {
        let current = current.map(base::Secret::from);
        passwords::change(&scene.store, scene.who(&scene.ada), &one.session, current.as_ref(), &new.into())
    };
    assert!(matches!(change(None, "heron-mist-bellows"), Err(Refusal::WrongCredentials)));
    assert!(matches!(change(Some("wrong-wrong-wrong"), "heron-mist-bellows"), Err(Refusal::WrongCredentials)));
    let short = change(Some(PASSWORD), "heron").unwrap_err().to_string();
    assert!(short.contains("at least 12") && !short.contains("heron"), "{short}");
    assert!(scene.find(&other.token).is_some());

    change(Some(PASSWORD), "heron-mist-bellows").unwrap();
    assert_eq!(scene.last_action(), "user.password_changed");
    assert!(scene.find(&one.token).is_some() && scene.find(&other.token).is_none());
    assert!(matches!(scene.try_with(PASSWORD, None), Err(Refusal::WrongCredentials)));
    scene.try_with("heron-mist-bellows", None).unwrap();
}

#[test]
fn nothing_that_is_secret_is_in_the_database_or_the_audit_log() {
    let scene = Scene::new();
    let ada = scene.sign_in();
    let _ = with_password(&scene.store, "mistyped-secret", &PASSWORD.into(), None, from("192.0.2.1"));
    let csrf = ada.session.csrf();
    let told = scene.write(|cx| {
        let mut told = String::new();
        for table in ["sessions", "passwords", "sign_in_failures", "audit_log"] {
            told.push_str(&format!("{:?}", cx.rows(&format!("select * from {table}"), &[])?));
        }
        Ok(told)
    });
    assert!(told.contains("$argon2id$") && told.contains("192.0.2.1"));
    for secret in [PASSWORD, ada.token.reveal(), csrf.reveal(), "mistyped-secret"] {
        assert!(!told.contains(secret), "{secret}");
    }
    let printed = format!("{ada:?}");
    let hash = scene.write(|cx| cx.row("select token from sessions", &[])?.unwrap().get::<String>(0));
    assert!(!printed.contains(ada.token.reveal()) && !printed.contains(&hash), "{printed}");
}

#[test]
fn what_does_not_count_any_more_is_removed() {
    let scene = Scene::new();
    fail(&scene, 1);
    scene.clean();
    assert_eq!(scene.rows("sign_in_failures"), 2);
    scene.clock.advance(HOUR);
    scene.clean();
    assert_eq!(scene.rows("sign_in_failures"), 0);
}
