//! A harbour with people who sign in.

use base::{Clock, Id, World};
use dashboard::Desk;
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use people::sign_in::passwords::{self, Cost};
use people::sign_in::{LINK_LASTS, link};
use people::users::{BaseRole, User};
use sha1::Sha1;
use store::{Cx, Who};
use testkit::{App, Browser, Options};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// The cookie of a session, which no neighbour in the domain can plant.
pub const SESSION: &str = "__Host-wardroom_session";
/// The cookie of who is at a provider.
pub const TICKET: &str = "__Host-wardroom_ticket";

/// A server with its dashboard, which believes proxies on this machine.
pub fn app() -> App {
    app_in(|world| world)
}

/// The same in another world.
pub fn app_in(outside: impl FnOnce(World) -> World + 'static) -> App {
    let pages = |store, assembly, settings: &_| dashboard::pages(Desk::new(store, assembly, settings));
    // Guessing costs little here, so that the tests are fast.
    let cheap = |world: World| outside(world.with(Cost { memory: 8, passes: 1 }));
    let options = Options {
        pages: Some(pages),
        outside: Some(Box::new(cheap)),
        trusted_proxies: vec!["127.0.0.0/8".into()],
        ..Options::default()
    };
    App::with(wardroom::features, options)
}

/// Somebody with this role, and their password.
pub fn person(app: &App, name: &str, role: BaseRole) -> Id<User> {
    let (named, email) = (name.to_owned(), email(name));
    let id = app.write(move |cx| User::add(cx, &named, &email, role)).id;
    passwords::set(&app.store, Who::system(), id, &PASSWORD.into(), None).unwrap();
    id
}

/// So many more people, called `Sailor 000` and so on: too many to choose from without searching.
pub fn crew(app: &App) -> Vec<Id<User>> {
    let add = |cx: &mut Cx<'_>, number: usize| {
        User::add(cx, &format!("Sailor {number:03}"), &format!("sailor{number:03}@sea.example"), BaseRole::Responder)
    };
    app.write(move |cx| (0..251).map(|number| Ok(add(cx, number)?.id)).collect())
}

/// The address at which somebody with this name is reached.
pub fn email(name: &str) -> String {
    format!("{}@acme.example", name.to_lowercase())
}

/// A browser in which somebody new with this role is signed in.
pub fn signed_in(app: &App, name: &str, role: BaseRole) -> Browser {
    person(app, name, role);
    let browser = app.browser();
    assert_eq!(sign_in(&browser, name, PASSWORD).leads_to(), "/");
    browser
}

/// Tries to sign in.
pub fn sign_in(browser: &Browser, name: &str, password: &str) -> testkit::Shown {
    browser.get("/sign-in").expect(200);
    browser.submit("/sign-in", &[("email", &email(name)), ("password", password)])
}

/// What an authenticator with this seed shows now (RFC 6238).
pub fn authenticator(app: &App, seed: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(&BASE32_NOPAD.decode(seed.as_bytes()).unwrap()).unwrap();
    mac.update(&(app.clock.now().seconds() / 30).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0xf);
    let word = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap());
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// The path of a link that signs somebody in.
pub fn link_for(app: &App, id: Id<User>) -> String {
    let step = app.write(move |cx| link(cx, id, LINK_LASTS));
    format!("/sign-in/link/{}", step.reveal())
}

/// Declares an incident, and says where it is.
pub fn declare(browser: &Browser, name: &str) -> String {
    let page = browser.get("/incidents/new").expect(200);
    let (key, severity) = (page.hidden("idempotency_key").unwrap(), page.option("Minor").unwrap());
    let fields = [("idempotency_key", &*key), ("name", name), ("severity_id", &severity), ("visibility", "public")];
    browser.submit("/incidents/new", &fields).leads_to().to_owned()
}
