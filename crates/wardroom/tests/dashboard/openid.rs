//! Signing in with an account elsewhere, in a browser without scripts, at a provider that may have any flaw.

use std::time::Duration;

use base::{Id, World};
use people::sign_in::providers::{IdentityProvider, Patience};
use people::users::{BaseRole, User};
use store::Condition;
use testkit::{App, Browser, CountedEntropy, Flaw, OpenId, Person, Shown};

use crate::support::{
    PASSWORD, SESSION, TICKET, app, app_in, authenticator, email, link_for, person, sign_in, signed_in,
};

const SECRET: &str = "a-secret-of-the-client";
const PLACE: &str = "/settings/sign-in";

/// A server with an owner, and a provider that it knows.
struct Scene {
    app: App,
    owner: Browser,
    provider: OpenId,
    /// Where the provider stands in the settings.
    home: String,
}

impl Scene {
    /// One whose provider's record says this, too.
    fn with(fields: &[(&str, &str)]) -> Self {
        Self::of(app(), Some(SECRET), fields)
    }

    fn of(app: App, secret: Option<&str>, fields: &[(&str, &str)]) -> Self {
        let owner = signed_in(&app, "Olga", BaseRole::Owner);
        let provider = provider(&app, secret);
        let own = [("issuer", &*provider.issuer), ("client_secret", secret.unwrap_or_default())];
        let home = add(&owner, &[&own[..], fields].concat()).leads_to().to_owned();
        Self { app, owner, provider, home }
    }

    fn id(&self) -> &str {
        self.home.rsplit('/').next().unwrap()
    }

    /// Where signing in begins.
    fn start(&self) -> String {
        format!("/sign-in/with/{}", self.id())
    }

    /// Sends a browser off, and says where the provider sends it back to.
    fn leave(&self, browser: &Browser, to: &str) -> String {
        let there = browser.get(&format!("{}?to={to}", self.start()));
        let back = self.provider.visit(there.leads_to());
        back.strip_prefix("https://wardroom.example").expect("it comes back here").to_owned()
    }

    /// Signs in as they are known at the provider.
    fn sign_in(&self, browser: &Browser, person: Person) -> Shown {
        self.provider.be(person);
        let back = self.leave(browser, "%2F");
        browser.get(&back)
    }

    /// Changes what is kept of the provider.
    fn change(&self, fields: &[(&str, &str)]) -> Shown {
        let version = self.owner.get(&self.home).expect(200).hidden("version").unwrap();
        let own = [("version", &*version), ("issuer", &*self.provider.issuer)];
        self.owner.submit(&self.home, &[fields, &own[..], &BASIC[..]].concat())
    }

    /// What the audit log says of attempts that failed.
    fn refusals(&self) -> Vec<String> {
        let found = self.app.texts("select action from audit_log where action like 'sign_in.failed%' order by id");
        found.into_iter().map(|action| action.trim_start_matches("sign_in.failed.").to_owned()).collect()
    }

    /// How the settings tell of the last failure.
    fn lately(&self) -> String {
        let page = self.owner.get(&self.home).expect(200);
        page.text.split_once("<dt>Last failure</dt><dd>").unwrap().1.split_once("</dd>").unwrap().0.to_owned()
    }
}

const BASIC: [(&str, &str); 4] =
    [("name", "Acme"), ("client_id", "wardroom"), ("role", "responder"), ("rules", "is_on")];

/// A provider that knows this server by this secret.
fn provider(app: &App, secret: Option<&str>) -> OpenId {
    OpenId::start(World::new(app.clock.clone(), CountedEntropy::new(7)), "wardroom", secret)
}

/// Adds a provider.
fn add(owner: &Browser, fields: &[(&str, &str)]) -> Shown {
    owner.get("/settings/sign-in/new").expect(200);
    owner.submit("/settings/sign-in/new", &[fields, &BASIC[..]].concat())
}

fn ada() -> Person {
    Person::new("248289761001", "ada@acme.example")
}

fn users(app: &App) -> Vec<User> {
    app.write(|cx| cx.list::<User>(Condition::everything(), "id")).into_iter().map(store::Stored::into_inner).collect()
}

#[test]
fn who_has_an_account_here_signs_in_with_the_one_there_and_comes_to_where_they_wanted() {
    let scene = Scene::with(&[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    let browser = scene.app.browser();
    let page = browser.get("/sign-in?to=%2Fincidents%3Fsort_by%3Dx").expect(200);
    assert!(page.says("Sign in with Acme") && page.says("hx-boost=\"false\""));
    let path = page.text.split_once("href=\"/sign-in/with/").unwrap().1.split_once('"').unwrap().0.to_owned();
    let there = browser.get(&format!("/sign-in/with/{path}"));
    let ticket = &there.set_cookies[0];
    for word in ["HttpOnly", "Secure", "SameSite=Lax", "Max-Age=600"] {
        assert!(ticket.contains(word), "{ticket}");
    }
    for part in ["scope=openid+email+profile", "code_challenge_method=S256", "client_id=wardroom", "response_type=code"]
    {
        assert!(there.leads_to().contains(part), "{}", there.leads_to());
    }
    let secret = ticket.split(['=', '.']).nth(1).unwrap();
    assert!(!there.leads_to().contains(secret), "the browser keeps it to itself");
    scene.provider.be(ada());
    let back = scene.provider.visit(there.leads_to());
    let back = back.strip_prefix("https://wardroom.example").unwrap();
    let signed_in = browser.get(back);
    assert_eq!(signed_in.leads_to(), "/incidents?sort_by=x");
    assert!(signed_in.set_cookies.iter().any(|cookie| cookie.starts_with(&format!("{TICKET}=;"))));
    assert!(browser.get("/me").expect(200).says("ada@acme.example"));
    assert!(scene.refusals().is_empty());
    let page = scene.owner.get(PLACE).expect(200);
    assert!(page.says("let somebody in"), "{}", page.text);
}

#[test]
fn who_has_come_once_is_known_by_the_account_and_not_by_the_address() {
    let scene = Scene::with(&[]);
    let id = person(&scene.app, "Ada", BaseRole::Responder);
    scene.sign_in(&scene.app.browser(), ada()).leads_to();
    let moved = Person { email: Some("ada.king@acme.example".into()), email_verified: None, ..ada() };
    let browser = scene.app.browser();
    scene.sign_in(&browser, moved).leads_to();
    assert!(browser.get("/me").expect(200).says("ada@acme.example"));

    let heir = Person { subject: "another".into(), ..ada() };
    let refused = scene.sign_in(&scene.app.browser(), heir.clone()).expect(422);
    assert!(refused.says("belongs to somebody else at the provider"));
    let home = format!("/people/{id}");
    assert!(scene.owner.get(&home).expect(200).says("Unlink from Acme"));
    scene.owner.submit(&format!("{home}/providers/{}/unlink", scene.id()), &[]).leads_to();
    assert_eq!(scene.sign_in(&scene.app.browser(), heir).leads_to(), "/");
    scene.sign_in(&scene.app.browser(), ada()).expect(422);
    assert_eq!(scene.refusals(), ["linked_elsewhere", "linked_elsewhere"]);
}

#[test]
fn an_address_that_is_not_verified_lets_nobody_in() {
    let scene = Scene::with(&[]);
    person(&scene.app, "Ada", BaseRole::Owner);
    let browser = scene.app.browser();
    for verified in [None, Some(false)] {
        let refused = scene.sign_in(&browser, Person { email_verified: verified, ..ada() }).expect(422);
        assert!(refused.says("hasn&#x27;t verified your e-mail address"), "{}", refused.text);
    }
    scene.sign_in(&browser, Person { email: None, ..ada() }).expect(422);
    assert_eq!(browser.cookie(SESSION), None);
    assert_eq!(scene.refusals(), ["address_unverified", "address_unverified", "no_address"]);

    scene.change(&[("rules", "trusts_addresses")]).leads_to();
    scene.sign_in(&browser, Person { email_verified: Some(false), ..ada() }).expect(422);
    assert_eq!(scene.sign_in(&browser, Person { email_verified: None, ..ada() }).leads_to(), "/");
}

#[test]
fn who_is_not_here_is_refused_or_added_with_the_role_that_is_chosen_there() {
    let scene = Scene::with(&[]);
    let browser = scene.app.browser();
    let nina = || Person { name: Some("Nina Osei".into()), ..Person::new("7", "Nina@New.example") };
    let refused = scene.sign_in(&browser, nina()).expect(422);
    assert!(refused.says("ask an administrator to add you") && !refused.says("Nina@New.example"));
    assert_eq!(scene.lately().split_once(": ").unwrap().1, "nobody here has the address Nina@New.example");
    scene.change(&[("domains", "acme.example, NEW.example"), ("role", "viewer")]).leads_to();
    let lookalike = Person::new("8", "eve@notnew.example");
    scene.sign_in(&browser, lookalike).expect(422);
    scene.sign_in(&browser, Person { email_verified: Some(false), ..nina() }).expect(422);
    assert_eq!(users(&scene.app).len(), 1);
    assert_eq!(scene.sign_in(&browser, nina()).leads_to(), "/");
    let nina = users(&scene.app).pop().unwrap();
    assert_eq!(
        (&*nina.name, nina.email.as_deref(), nina.role),
        ("Nina Osei", Some("Nina@New.example"), BaseRole::Viewer)
    );
    assert!(scene.change(&[("role", "owner")]).expect(422).says("nobody becomes that by signing in"));
}

#[test]
fn what_can_not_be_believed_lets_nobody_in() {
    let scene = Scene::with(&[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    for (flaw, told) in [
        (Flaw::Nonce, "belongs to another sign-in"),
        (Flaw::Audience, "is for another client"),
        (Flaw::Issuer, "is of another issuer"),
        (Flaw::Expired, "has expired"),
        (Flaw::Key, "is not signed with a key of its own"),
        (Flaw::Unsigned, "is not signed with a key of its own"),
        (Flaw::Symmetric, "is not signed with a key of its own"),
    ] {
        scene.provider.fail(Some(flaw));
        let browser = scene.app.browser();
        let refused = scene.sign_in(&browser, ada()).expect(422);
        assert!(refused.says("can&#x27;t be believed"), "{flaw:?}: {}", refused.text);
        assert_eq!(browser.cookie(SESSION), None, "{flaw:?}");
        assert!(scene.lately().contains(told), "{flaw:?}: {}", scene.lately());
    }
    assert_eq!(scene.refusals(), ["token_invalid"; 7]);
    scene.provider.fail(None);
    scene.sign_in(&scene.app.browser(), ada()).leads_to();
}

#[test]
fn who_is_called_what_is_no_text_is_not_let_in() {
    let scene = Scene::with(&[("domains", "acme.example")]);
    for person in [Person::new("7\0", "eve@acme.example"), Person::new("7", "e\0ve@acme.example")] {
        assert!(scene.sign_in(&scene.app.browser(), person).expect(422).says("can&#x27;t be believed"));
        assert!(scene.lately().contains("what is no text"));
    }
    assert_eq!(users(&scene.app).len(), 1);
}

#[test]
fn a_provider_without_a_secret_that_tells_addresses_at_its_userinfo_endpoint_will_do() {
    let scene = Scene::of(app(), None, &[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    scene.provider.be_modern();
    assert_eq!(scene.sign_in(&scene.app.browser(), ada()).leads_to(), "/");
    scene.provider.fail(Some(Flaw::Key));
    scene.sign_in(&scene.app.browser(), ada()).expect(422);
}

#[test]
fn only_the_browser_that_left_comes_back_once_and_in_time() {
    let scene = Scene::with(&[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    scene.provider.be(ada());
    let (browser, other) = (scene.app.browser(), scene.app.browser());
    let back = scene.leave(&browser, "%2F");
    let ticket = browser.cookie(TICKET).unwrap();
    assert!(other.get(&back).expect(422).says("was begun in another browser"), "it has no ticket");
    scene.leave(&other, "%2F");
    other.get(&back).expect(422);
    let without_state = back.split('&').next().unwrap();
    browser.keep(TICKET, &ticket);
    browser.get(without_state).expect(422);
    browser.keep(TICKET, &ticket);
    assert_eq!(browser.get(&back).leads_to(), "/");

    let again = scene.app.browser();
    again.get(&back).expect(422);
    again.keep(TICKET, &ticket);
    again.get(&back).expect(422);
    assert_eq!(again.cookie(SESSION), None, "the code is spent");

    let late = scene.leave(&again, "%2F");
    scene.app.clock.advance(Duration::from_secs(601));
    again.get(&late).expect(422);
    assert_eq!(scene.refusals(), ["code_refused"], "nothing else was tried");
}

#[test]
fn a_ticket_for_one_provider_is_none_for_another() {
    let scene = Scene::with(&[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    scene.provider.be(ada());
    let other = provider(&scene.app, None);
    let home = add(&scene.owner, &[("issuer", &other.issuer)]).leads_to().to_owned();
    let browser = scene.app.browser();
    let back = scene.leave(&browser, "%2F").replace(scene.id(), home.rsplit('/').next().unwrap());
    assert!(browser.get(&back).expect(422).says("was begun in another browser"));
    assert!(scene.refusals().is_empty());
}

#[test]
fn signing_in_with_a_provider_leads_to_no_other_server() {
    let scene = Scene::with(&[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    scene.provider.be(ada());
    for elsewhere in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example", "%2F%09%2Fevil.example"]
    {
        let browser = scene.app.browser();
        let back = scene.leave(&browser, elsewhere);
        assert_eq!(browser.get(&back).leads_to(), "/", "{elsewhere}");
        let back = scene.leave(&browser, "%2F");
        let ticket = browser.cookie(TICKET).unwrap();
        browser.keep(TICKET, &format!("{}:{elsewhere}", ticket.split(':').next().unwrap()));
        assert_eq!(browser.get(&back).leads_to(), "/", "{elsewhere}, planted");
    }
}

#[test]
fn a_provider_that_is_down_slow_or_makes_no_sense_is_told_of_and_holds_nobody_up() {
    let app = app_in(|world| world.with(Patience(Duration::from_millis(300))));
    let mut scene = Scene::of(app, Some(SECRET), &[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    scene.provider.be(ada());
    let browser = scene.app.browser();
    let back = scene.leave(&browser, "%2F");
    let ticket = browser.cookie(TICKET).unwrap();
    for (flaw, told) in [
        (Flaw::Html, "as an OpenID Connect provider does"),
        (Flaw::Huge, "the answer is too long"),
        (Flaw::Silent, "no answer in time"),
        (Flaw::Name, "calls itself by another address"),
    ] {
        scene.provider.fail(Some(flaw));
        assert!(browser.get(&scene.start()).expect(422).says("answer as it should"), "{flaw:?}, going");
        browser.keep(TICKET, &ticket);
        assert!(browser.get(&back).expect(422).says("answer as it should"), "{flaw:?}, coming");
        assert!(scene.lately().contains(told), "{flaw:?}: {}", scene.lately());
    }
    scene.provider = provider(&scene.app, Some(SECRET));
    browser.get(&scene.start()).expect(422);
    assert!(scene.lately().contains("no connection came about"));
    assert_eq!(scene.refusals(), ["provider_unreachable"; 5], "the same again is no news");
    scene.app.clock.advance(Duration::from_secs(301));
    browser.get(&scene.start()).expect(422);
    assert_eq!(scene.refusals(), ["provider_unreachable"; 6]);
    sign_in(&browser, "Ada", PASSWORD).leads_to();
}

#[test]
fn why_the_provider_says_no_is_told_in_its_words_and_as_text() {
    let scene = Scene::with(&[]);
    scene.provider.fail(Some(Flaw::Declines));
    let browser = scene.app.browser();
    let refused = scene.sign_in(&browser, ada()).expect(422);
    assert!(refused.says("The provider says: &lt;b&gt;Computer says no"), "{}", refused.text);
    scene.provider.fail(None);
    let mut back = scene.leave(&browser, "%2F");
    back = back.replace("code=", "error=access_denied&error_description=x&was=");
    assert!(browser.get(&back).expect(422).says("have declined there"));
    let back = scene.leave(&browser, "%2F").replace("code=", &format!("error={}&was=", "long".repeat(500)));
    let refused = browser.get(&back).expect(422);
    assert!(refused.says(&"long".repeat(50)) && !refused.says(&"long".repeat(51)));
    let planted = format!("{}/back?error=x&error_description=Call+0900", scene.start());
    assert!(!browser.get(&planted).expect(422).says("0900"), "only the provider is quoted");
    assert_eq!(scene.refusals(), ["declined", "declined", "declined"]);
}

#[test]
fn whoever_makes_up_what_a_provider_says_is_counted_and_writes_nothing_that_owners_read() {
    let scene = Scene::with(&[]);
    let browser = scene.app.browser().at("192.0.2.9");
    scene.provider.be(ada());
    let decline = |error: &str| {
        let back = scene.leave(&browser, "%2F");
        browser.get(&back.replace("code=", &format!("error={error}&error_description=Call+0900&was="))).expect(422)
    };
    decline("Call+0900");
    assert!(scene.lately().ends_with("it says no, and has a word of its own for why"), "{}", scene.lately());
    for _ in 0..9 {
        decline("invalid_scope");
    }
    assert!(scene.lately().ends_with("it says no: invalid_scope"), "{}", scene.lately());
    assert!(decline("invalid_scope").says("Too many attempts have failed"));
    assert_eq!(scene.refusals(), ["declined", "declined"]);
    for text in scene.app.texts("select failure from identity_provider_states") {
        assert!(!text.contains("0900"));
    }
}

#[test]
fn who_is_deactivated_is_not_let_in() {
    let scene = Scene::with(&[("domains", "acme.example")]);
    let [known, new] = ["Ada", "Bob"].map(|name| person(&scene.app, name, BaseRole::Responder));
    scene.sign_in(&scene.app.browser(), ada()).leads_to();
    for id in [known, new] {
        scene.app.write(move |cx| User::deactivate(cx, id).map(drop));
    }
    for person in [ada(), Person::new("9", &email("Bob"))] {
        let browser = scene.app.browser();
        assert!(scene.sign_in(&browser, person).expect(422).says("has been deactivated"));
        assert_eq!(browser.cookie(SESSION), None);
    }
    assert_eq!((scene.refusals(), users(&scene.app).len()), (vec!["deactivated".to_owned(); 2], 3));
}

#[test]
fn who_guesses_with_a_provider_is_locked_out_as_with_passwords() {
    let scene = Scene::with(&[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    let (browser, elsewhere) = (scene.app.browser().at("192.0.2.9"), scene.app.browser().at("192.0.2.10"));
    for _ in 0..10 {
        scene.sign_in(&browser, Person::new("666", "eve@elsewhere.example")).expect(422);
    }
    assert!(scene.sign_in(&browser, ada()).expect(422).says("Too many attempts have failed"));
    assert_eq!(scene.sign_in(&elsewhere, ada()).leads_to(), "/");
    scene.app.clock.advance(Duration::from_secs(16 * 60));
    assert_eq!(scene.sign_in(&browser, ada()).leads_to(), "/");
}

#[test]
fn nobody_is_locked_out_by_a_page_that_has_their_browser_ask_for_addresses() {
    let scene = Scene::with(&[]);
    let id = person(&scene.app, "Ada", BaseRole::Responder);
    scene.provider.be(ada());
    let browser = scene.app.browser();
    let kept = scene.leave(&browser, "%2F");
    let ticket = browser.cookie(TICKET).unwrap();
    for _ in 0..12 {
        browser.get(&format!("{}/back?code=x&state=y", scene.start())).expect(422);
        browser.keep(TICKET, &ticket);
        browser.get(&kept.replace("state=", "state=0")).expect(422);
    }
    assert_eq!(scene.app.texts("select subject from sign_in_failures where moments <> '[]'"), [] as [&str; 0]);
    assert_eq!(scene.sign_in(&browser, ada()).leads_to(), "/");
    for _ in 0..10 {
        sign_in(&scene.app.browser(), "Bob", "wrong horse battery").expect(422);
    }
    assert!(sign_in(&scene.app.browser(), "Ada", PASSWORD).expect(422).says("Too many attempts have failed"));
    let (link, browser) = (link_for(&scene.app, id), scene.app.browser());
    browser.get(&link).expect(200);
    assert_eq!(browser.submit(&link, &[]).leads_to(), "/me#password", "a link always works");
}

#[test]
fn our_own_second_factor_is_asked_for_where_the_provider_s_word_is_not_enough() {
    let scene = Scene::with(&[]);
    let browser = signed_in(&scene.app, "Ada", BaseRole::Responder);
    browser.get("/me").expect(200);
    let begun = browser.submit("/me/second-factor/begin", &[]).expect(200);
    let seed = begun.text.split_once("<code>").and_then(|(_, rest)| rest.split_once("</code>")).unwrap().0.to_owned();
    browser.submit("/me/second-factor/confirm", &[("code", &authenticator(&scene.app, &seed))]).expect(200);
    assert_eq!(scene.sign_in(&scene.app.browser(), ada()).leads_to(), "/", "the provider vouches");

    scene.change(&[("rules", "asks_second_factor")]).leads_to();
    scene.provider.be(ada());
    let browser = scene.app.browser();
    let back = scene.leave(&browser, "%2Fincidents");
    let next = browser.get(&back).leads_to().to_owned();
    assert_eq!(browser.cookie(SESSION), None);
    let page = browser.get(&next).expect(200);
    let (path, to) = (next.split('?').next().unwrap(), page.hidden("to").unwrap());
    assert!(browser.submit(path, &[("to", &to), ("code", "000000")]).expect(422).says("The code is wrong"));
    scene.app.clock.advance(Duration::from_secs(30));
    let code = authenticator(&scene.app, &seed);
    assert_eq!(browser.submit(path, &[("to", &to), ("code", &code)]).leads_to(), "/incidents");
    let kept = ("password", "another horse altogether");
    assert!(
        browser.get("/me").expect(200).says("name=\"current\""),
        "who comes so sets no password without the old one"
    );
    browser.submit("/me/password", &[kept, ("again", kept.1)]).expect(422);
    scene.app.browser().send_form(path, &[("code", &code)]).expect(422);

    let come = |code: &str| {
        let browser = scene.app.browser();
        let back = scene.leave(&browser, "%2F");
        let next = browser.get(&back).leads_to().to_owned();
        browser.submit(next.split('?').next().unwrap(), &[("code", code)]).expect(422)
    };
    for _ in 0..10 {
        assert!(come("000000").says("The code is wrong"));
    }
    scene.app.clock.advance(Duration::from_secs(30));
    let refused = come(&authenticator(&scene.app, &seed));
    assert!(refused.says("Too many attempts have failed"), "another link is no other account");
}

#[test]
fn a_provider_is_added_once_it_answers_and_what_is_wrong_stands_beside_its_field() {
    let app = app();
    let owner = signed_in(&app, "Olga", BaseRole::Owner);
    let provider = provider(&app, Some(SECRET));
    let refused = |fields: &[(&str, &str)], said: &str| {
        let page = add(&owner, fields).expect(422);
        assert!(page.says("id=\"issuer-error\"") && page.says(said), "{}", page.text);
        assert!(!page.says(SECRET));
    };
    let secret = ("client_secret", SECRET);
    refused(&[("issuer", "http://192.168.7.7/"), secret], "192.168.7.7 is a private address");
    refused(&[("issuer", "http://93.184.216.34/"), secret], "asked by https:// only");
    refused(&[("issuer", "ftp://id.example"), secret], "begins with https://");
    refused(&[("issuer", &format!("{}/", provider.issuer)), secret], "calls itself by another address");
    for (flaw, said) in [(Flaw::Html, "as an OpenID Connect provider does"), (Flaw::Name, "calls itself by another")] {
        provider.fail(Some(flaw));
        refused(&[("issuer", &provider.issuer), secret], said);
    }
    provider.fail(None);
    let first = owner.get("/settings/sign-in/new").expect(200);
    let id = first.hidden("id").unwrap();
    let redirect = format!("https://wardroom.example/sign-in/with/{id}/back");
    assert!(first.says(&redirect), "{}", first.text);
    let home = add(&owner, &[("issuer", &provider.issuer), secret, ("id", &id)]).leads_to().to_owned();
    assert_eq!(home, format!("{PLACE}/{id}"));
    assert!(owner.get(&home).expect(200).says(&redirect));
    assert_eq!(owner.submit(&format!("{home}/test"), &[]).leads_to(), home);
    provider.fail(Some(Flaw::Html));
    assert!(owner.submit(&format!("{home}/test"), &[]).expect(422).says("id=\"issuer-error\""));
    assert_eq!(owner.submit(&format!("{home}/delete"), &[]).leads_to(), PLACE);
    owner.get(&home).expect(404);
    assert_eq!(app.texts("select id from secrets"), [] as [&str; 0]);
    assert_eq!(
        app.texts("select action from audit_log where action like 'identity_provider.%' order by id"),
        ["identity_provider.created", "identity_provider.deleted"]
    );
}

#[test]
fn as_another_client_nobody_is_known_any_more() {
    let scene = Scene::with(&[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    scene.sign_in(&scene.app.browser(), ada()).leads_to();
    let known = || scene.app.texts("select user_id from identities").len();
    scene.change(&[("rules", "trusts_addresses")]).leads_to();
    assert_eq!(known(), 1);
    scene.change(&[("client_id", "another")]).leads_to();
    assert_eq!(known(), 0);
}

#[test]
fn the_client_secret_stays_in_the_vault_and_is_for_the_provider_that_has_given_it() {
    let scene = Scene::with(&[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    scene.change(&[]).leads_to();
    assert_eq!(scene.sign_in(&scene.app.browser(), ada()).leads_to(), "/", "a blank field keeps it");
    let code = scene.leave(&scene.app.browser(), "%2F");
    let code = code.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    let ticket = scene.app.browser();
    scene.leave(&ticket, "%2F");
    let ticket = ticket.cookie(TICKET).unwrap();
    for path in [PLACE, &scene.home, "/settings/audit-log", "/sign-in"] {
        let page = scene.owner.get(path);
        assert!(!page.says(SECRET) && !page.says(&code) && !page.says(&ticket[..64]), "{path}");
    }
    for table in [
        "select body from identity_providers",
        "select coalesce(failure, '') from identity_provider_states",
        "select targets from audit_log",
        "select subject from sign_in_failures",
    ] {
        let rows = scene.app.texts(table);
        assert!(rows.iter().all(|row| !row.contains(SECRET) && !row.contains(&code)), "{table}");
    }
    let other = provider(&scene.app, None);
    let version = scene.owner.get(&scene.home).hidden("version").unwrap();
    let fields = [&BASIC[..], &[("version", &*version), ("issuer", &*other.issuer)]].concat();
    assert!(scene.owner.submit(&scene.home, &fields).expect(422).says("id=\"client_secret-error\""));
    scene.owner.submit(&scene.home, &[&fields[..], &[("rules", "has_no_secret")]].concat()).leads_to();
    assert_eq!(scene.app.texts("select user_id from identities"), [] as [&str; 0], "nobody is known there");
}

#[test]
fn owners_alone_say_who_vouches_for_everybody() {
    let scene = Scene::with(&[]);
    let administrator = signed_in(&scene.app, "Adam", BaseRole::Administrator);
    let page = administrator.get(&scene.home).expect(200);
    assert!(page.says("Last success") && !page.says("name=\"client_secret\"") && !page.says("/delete"));
    assert!(!administrator.get(PLACE).expect(200).says("/settings/sign-in/new"));
    add(&administrator, &[("issuer", &scene.provider.issuer)]).expect(403);
    administrator
        .submit(&scene.home, &[&BASIC[..], &[("version", "1"), ("issuer", &scene.provider.issuer)]].concat())
        .expect(403);
    administrator.submit(&format!("{}/delete", scene.home), &[]).expect(403);
    administrator.submit(&format!("{PLACE}/policy"), &[("only_providers", "true")]).expect(403);
    administrator.submit(&format!("{}/test", scene.home), &[]).leads_to();
    let viewer = signed_in(&scene.app, "Vera", BaseRole::Viewer);
    for path in [PLACE, &scene.home, "/settings/sign-in/new"] {
        viewer.get(path).expect(403);
    }
    viewer.submit(&format!("{}/test", scene.home), &[]).expect(403);
}

#[test]
fn a_provider_that_is_off_or_unknown_is_not_offered_and_leads_nowhere() {
    let scene = Scene::with(&[]);
    person(&scene.app, "Ada", BaseRole::Responder);
    scene.provider.be(ada());
    let browser = scene.app.browser();
    let back = scene.leave(&browser, "%2F");
    let off = [("name", "Acme"), ("client_id", "wardroom"), ("role", "responder"), ("issuer", &*scene.provider.issuer)];
    let version = scene.owner.get(&scene.home).hidden("version").unwrap();
    scene.owner.submit(&scene.home, &[&off[..], &[("version", &*version)]].concat()).leads_to();
    assert!(!browser.get("/sign-in").expect(200).says("Sign in with Acme"));
    browser.get(&back).expect(404);
    browser.get(&scene.start()).expect(404);
    browser.get(&format!("/sign-in/with/{}", Id::<IdentityProvider>::constant(9))).expect(404);
}

#[test]
fn passwords_can_be_off_once_an_owner_has_come_by_a_provider_and_links_always_work() {
    let scene = Scene::with(&[]);
    let ada_id = person(&scene.app, "Ada", BaseRole::Responder);
    let policy = format!("{PLACE}/policy");
    let set = |only: &str| {
        scene.owner.get(PLACE).expect(200);
        scene.owner.submit(&policy, &[("only_providers", only)])
    };
    assert!(set("true").expect(422).says("id=\"only_providers-error\""));
    scene.sign_in(&scene.app.browser(), ada()).leads_to();
    set("true").expect(422);
    scene.sign_in(&scene.app.browser(), Person::new("1", &email("Olga"))).leads_to();
    set("true").leads_to();

    let browser = scene.app.browser();
    let page = browser.get("/sign-in").expect(200);
    assert!(page.says("Sign in with Acme") && !page.says("name=\"password\""));
    let refused = browser.send_form("/sign-in", &[("email", &email("Ada")), ("password", PASSWORD)]).expect(422);
    assert!(refused.says("Passwords let nobody in here"));
    scene.sign_in(&browser, ada()).leads_to();
    let link = link_for(&scene.app, ada_id);
    let by_link = scene.app.browser();
    by_link.get(&link).expect(200);
    assert_eq!(by_link.submit(&link, &[]).leads_to(), "/me#password");

    let delete = format!("{}/delete", scene.home);
    scene.owner.get(&scene.home);
    assert!(scene.owner.submit(&delete, &[]).expect(422).says("an owner has to sign in with a provider first"));
    set("false").leads_to();
    scene.owner.get(&scene.home);
    scene.owner.submit(&delete, &[]).leads_to();
    sign_in(&scene.app.browser(), "Ada", PASSWORD).leads_to();
}
