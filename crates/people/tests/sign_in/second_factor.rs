//! The second factor.

use base::{Secret, Time};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use people::sign_in::second_factor::{self, Enrolment, Proof};
use people::sign_in::{LINK_LASTS, Refusal, link, unlock, with_link, with_password};
use people::users::BaseRole;
use sha1::Sha1;

use crate::{MINUTE, PASSWORD, Scene, from};

/// What an authenticator shows at `moment`.
fn code(seed: &Secret, moment: Time) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(&BASE32_NOPAD.decode(seed.reveal().as_bytes()).unwrap()).unwrap();
    mac.update(&(moment.seconds() / 30).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 15);
    let word = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap()) & (u32::MAX >> 1);
    format!("{:06}", word % 1_000_000)
}

/// A scene in which Ada has an authenticator.
struct Enrolled {
    scene: Scene,
    seed: Secret,
    recovery: Vec<Secret>,
}

fn begin(scene: &Scene) -> Enrolment {
    let id = scene.ada.id;
    scene.write_as(&scene.ada, move |cx| second_factor::begin(cx, id)).unwrap()
}

fn confirm(scene: &Scene, code: String) -> base::Result<Vec<Secret>> {
    let id = scene.ada.id;
    scene.write_as(&scene.ada, move |cx| second_factor::confirm(cx, id, &code))
}

impl Enrolled {
    fn new() -> Self {
        let scene = Scene::new();
        let Enrolment { seed, .. } = begin(&scene);
        let recovery = confirm(&scene, code(&seed, scene.store.world().now())).unwrap();
        scene.clock.advance(MINUTE);
        Self { scene, seed, recovery }
    }

    fn code(&self) -> String {
        code(&self.seed, self.scene.store.world().now())
    }

    fn sign_in(&self, code: &str) -> Result<(), Refusal> {
        self.scene.try_with(PASSWORD, Some(code)).map(drop)
    }

    fn turn_off(&self, proof: Proof<'_>) -> Result<(), Refusal> {
        second_factor::turn_off(&self.scene.store, self.scene.who(&self.scene.ada), self.scene.ada.id, proof)
    }

    fn is_on(&self) -> bool {
        let id = self.scene.ada.id;
        self.scene.write(move |cx| second_factor::is_on(cx, id))
    }
}

#[test]
fn it_is_on_when_a_code_has_confirmed_it_and_not_before() {
    let scene = Scene::new();
    let first = begin(&scene);
    scene.sign_in();
    let Enrolment { seed, uri } = begin(&scene);
    assert!(uri.reveal().contains(seed.reveal()) && first.seed != seed);
    assert!(confirm(&scene, code(&first.seed, scene.store.world().now())).is_err(), "the seed of before");
    assert_eq!(confirm(&scene, code(&seed, scene.store.world().now())).unwrap().len(), 10);
    assert_eq!(scene.last_action(), "user.second_factor_enabled");
    assert!(matches!(scene.try_with(PASSWORD, None), Err(Refusal::NeedsSecondFactor)));
    assert!(confirm(&scene, code(&seed, scene.store.world().now())).is_err(), "it is on already");
    let id = scene.ada.id;
    assert!(scene.write_as(&scene.ada, move |cx| second_factor::begin(cx, id)).is_err());
    assert_eq!(scene.rows("secrets"), 1, "seeds that nobody uses are gone");
}

#[test]
fn a_code_works_once() {
    let ada = Enrolled::new();
    assert!(matches!(ada.sign_in("000000"), Err(Refusal::WrongSecondFactor)));
    assert_eq!(ada.scene.last_action(), "sign_in.failed");
    let code = ada.code();
    ada.sign_in(&format!("{} {}", &code[..3], &code[3..])).unwrap();
    assert!(matches!(ada.sign_in(&code), Err(Refusal::WrongSecondFactor)));
    ada.scene.clock.advance(MINUTE);
    ada.sign_in(&ada.code()).unwrap();
}

#[test]
fn a_wrong_password_is_not_told_apart_by_the_code() {
    let ada = Enrolled::new();
    let refusal = ada.scene.try_with("wrong-wrong-wrong", Some(&ada.code())).unwrap_err();
    assert!(matches!(refusal, Refusal::WrongCredentials));
    ada.sign_in(&ada.code()).unwrap();
}

#[test]
fn a_recovery_code_works_once_in_whatever_way_it_is_written() {
    let ada = Enrolled::new();
    let [first, second] = [0, 1].map(|n| ada.recovery[n].reveal());
    ada.sign_in(first).unwrap();
    assert!(matches!(ada.sign_in(first), Err(Refusal::WrongSecondFactor)));
    ada.sign_in(&second.replace('-', " ").to_uppercase()).unwrap();
    let actions: Vec<_> = ada.scene.audit(2).into_iter().map(|entry| entry.action).collect();
    assert_eq!(actions, ["user.recovery_code_used", "user.signed_in"]);
    let id = ada.scene.ada.id;
    assert_eq!(ada.scene.write(move |cx| second_factor::recovery_codes_left(cx, id)), 8);
}

#[test]
fn who_knows_the_password_alone_does_not_get_to_try_every_code() {
    let ada = Enrolled::new();
    for n in 0..9 {
        let from = from(&format!("192.0.2.{n}"));
        let guess = |code| with_password(&ada.scene.store, "ada@acme.example", &PASSWORD.into(), code, from.clone());
        assert!(matches!(guess(Some("000000")), Err(Refusal::WrongSecondFactor)));
        assert!(matches!(guess(None), Err(Refusal::NeedsSecondFactor)), "that is no success");
    }
    assert!(matches!(ada.sign_in("000000"), Err(Refusal::WrongSecondFactor)));
    assert!(matches!(ada.sign_in(&ada.code()), Err(Refusal::TooManyFailures { .. })));
}

#[test]
fn a_link_needs_it_too_and_is_not_used_up_before() {
    let ada = Enrolled::new();
    let id = ada.scene.ada.id;
    let step = ada.scene.write(move |cx| link(cx, id, LINK_LASTS));
    let come = |code: Option<&str>| with_link(&ada.scene.store, &step, code, from("192.0.2.1"));
    assert!(matches!(come(None), Err(Refusal::NeedsSecondFactor)));
    assert!(matches!(come(Some("000000")), Err(Refusal::WrongSecondFactor)));
    come(Some(&ada.code())).unwrap();
}

#[test]
fn who_has_a_link_does_not_get_to_try_every_code() {
    let ada = Enrolled::new();
    let id = ada.scene.ada.id;
    let step = ada.scene.write(move |cx| link(cx, id, LINK_LASTS));
    let come = |n: usize, code: &str| with_link(&ada.scene.store, &step, Some(code), from(&format!("192.0.2.{n}")));
    assert!((0..10).all(|n| matches!(come(n, "000000"), Err(Refusal::WrongSecondFactor))));
    assert!(matches!(come(10, &ada.code()), Err(Refusal::TooManyFailures { .. })));
}

#[test]
fn who_gets_ever_new_links_does_not_get_to_try_every_code() {
    let ada = Enrolled::new();
    let id = ada.scene.ada.id;
    let come = |n: usize, code: &str| {
        let step = ada.scene.write(move |cx| link(cx, id, LINK_LASTS));
        with_link(&ada.scene.store, &step, Some(code), from(&format!("192.0.2.{n}")))
    };
    assert!((0..10).all(|n| matches!(come(n, "000000"), Err(Refusal::WrongSecondFactor))));
    assert!(matches!(come(10, &ada.code()), Err(Refusal::TooManyFailures { .. })));
    assert!(matches!(ada.sign_in(&ada.code()), Err(Refusal::TooManyFailures { .. })), "nor with the password");
    ada.scene.write(move |cx| unlock(cx, id));
    come(11, &ada.code()).unwrap();
}

#[test]
fn it_is_turned_off_with_a_code_or_the_password() {
    for by_code in [true, false] {
        let ada = Enrolled::new();
        assert!(matches!(ada.turn_off(Proof::Code("000000")), Err(Refusal::WrongSecondFactor)));
        assert!(matches!(ada.turn_off(Proof::Code("")), Err(Refusal::WrongSecondFactor)));
        let wrong = "wrong-wrong-wrong".into();
        assert!(matches!(ada.turn_off(Proof::Password(&wrong)), Err(Refusal::WrongCredentials)));
        assert!(ada.is_on());
        let (code, password) = (ada.code(), PASSWORD.into());
        ada.turn_off(if by_code { Proof::Code(&code) } else { Proof::Password(&password) }).unwrap();
        assert_eq!((ada.is_on(), ada.scene.last_action().as_str()), (false, "user.second_factor_disabled"));
        assert_eq!((ada.scene.rows("recovery_codes"), ada.scene.rows("secrets")), (0, 0));
        ada.scene.sign_in();
    }
}

#[test]
fn it_is_reset_for_who_has_lost_it_by_whoever_may_do_as_much() {
    let ada = Enrolled::new();
    let (id, administrator) = (ada.scene.ada.id, ada.scene.user("Bob", BaseRole::Administrator));
    assert!(ada.scene.write_as(&administrator, move |cx| second_factor::reset(cx, id)).is_err());
    ada.scene.write(move |cx| second_factor::reset(cx, id));
    assert_eq!(ada.scene.last_action(), "user.second_factor_reset");
    ada.scene.sign_in();
}

#[test]
fn nobody_turns_it_on_for_somebody_else() {
    let scene = Scene::new();
    let (bob, ada) = (scene.user("Bob", BaseRole::Owner), scene.ada.id);
    assert!(scene.write_as(&bob, move |cx| second_factor::begin(cx, ada)).is_err());
}
