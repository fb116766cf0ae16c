//! A stand-in for an OpenID Connect provider: discovery, the code flow with PKCE, ID tokens and the userinfo endpoint.
//!
//! It is strict where the specification is: a code works once, for the client, the redirect address and the verifier that
//! it was given for. What is wrong with it is what a test says ([`Flaw`]). Who signs in is whom a test names; by hand, it
//! asks. It says that it may sign in ways that nobody is to believe, too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base::World;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, HOST, LOCATION};

use crate::http::{Reaction, Request, Response, Server, Then, empty_response, fields, json_response, page, response};

/// The key that it signs with; for tests alone.
const KEY: &str = include_str!("../keys/openid.pem");
/// What stands before the 32 bytes of an Ed25519 key (RFC 8410).
const ED25519: &[u8] = &[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
/// Seconds for which an ID token is good.
const LASTS: i64 = 300;

/// A provider; stopped when dropped.
pub struct OpenId {
    /// Where it is, and what it calls itself.
    pub issuer: String,
    book: Arc<Mutex<Book>>,
    _server: Server,
}

/// Somebody who has an account there.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// What they are called for ever.
    pub subject: String,
    /// Their address.
    pub email: Option<String>,
    /// Whether it has been verified; it may not say.
    pub email_verified: Option<bool>,
    /// What they are called.
    pub name: Option<String>,
}

impl Person {
    /// Somebody with an address that is verified.
    pub fn new(subject: &str, email: &str) -> Self {
        Self { subject: subject.into(), email: Some(email.into()), email_verified: Some(true), name: None }
    }
}

/// What is wrong with a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its ID tokens carry another nonce.
    Nonce,
    /// They are for somebody else.
    Audience,
    /// They name another issuer.
    Issuer,
    /// They have expired.
    Expired,
    /// They are signed with a key that isn't among its own.
    Key,
    /// They are not signed at all.
    Unsigned,
    /// They are signed with the client's secret, which others know, too.
    Symmetric,
    /// It answers with pages for people.
    Html,
    /// It answers without an end in sight.
    Huge,
    /// It takes requests, and says nothing.
    Silent,
    /// It calls itself by another address.
    Name,
    /// It sends people back with a reason of its own.
    Declines,
}

struct Book {
    world: World,
    client: (String, Option<String>),
    person: Option<Person>,
    flaw: Option<Flaw>,
    /// Whether it signs with Ed25519.
    is_modern: bool,
    /// Whether addresses are told at the userinfo endpoint alone.
    is_thrifty: bool,
    grants: HashMap<String, Grant>,
    given: usize,
}

/// What a code stands for.
#[derive(Clone)]
struct Grant {
    person: Person,
    redirect: String,
    nonce: String,
    challenge: String,
    is_spent: bool,
}

impl OpenId {
    /// Starts one that tells the time by `world` and knows one client, with a secret or without.
    pub fn start(world: World, client: &str, secret: Option<&str>) -> Self {
        let book = Book {
            world,
            client: (client.into(), secret.map(str::to_owned)),
            person: None,
            flaw: None,
            is_modern: false,
            is_thrifty: false,
            grants: HashMap::new(),
            given: 0,
        };
        let book = Arc::new(Mutex::new(book));
        let serving = Arc::clone(&book);
        let server = Server::start(move |request, _| react(&mut lock(&serving), request));
        Self { issuer: server.url.clone(), book, _server: server }
    }

    /// From now on it is they who sign in.
    pub fn be(&self, person: Person) {
        lock(&self.book).person = Some(person);
    }

    /// From now on this is wrong with it, or nothing is.
    pub fn fail(&self, flaw: Option<Flaw>) {
        lock(&self.book).flaw = flaw;
    }

    /// From now on it signs with Ed25519, and tells addresses at the userinfo endpoint alone.
    pub fn be_modern(&self) {
        let mut book = lock(&self.book);
        (book.is_modern, book.is_thrifty) = (true, true);
    }

    /// Where it sends a browser on that comes to this address of its own.
    pub fn visit(&self, address: &str) -> String {
        assert!(address.starts_with(&self.issuer), "{address} is elsewhere");
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        let answer = Agent::new_with_config(config).get(address).call().expect("the provider answers");
        let location = answer.headers().get(LOCATION).expect("the provider sends the browser on");
        location.to_str().expect("an address").to_owned()
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().expect("no one panics holding the accounts")
}

fn react(book: &mut Book, request: &Request) -> Reaction {
    match book.flaw {
        Some(Flaw::Silent) => Reaction { status: None, bytes: Vec::new(), then: Then::Hang },
        Some(Flaw::Html) => Reaction::answer(&page(200)),
        Some(Flaw::Huge) => Reaction::answer(&response(200, "application/json", vec![b' '; 8 * 1024 * 1024])),
        _ => Reaction::answer(&book.answer(request)),
    }
}

impl Book {
    fn answer(&mut self, request: &Request) -> Response {
        match (request.method().as_str(), request.uri().path()) {
            ("GET", "/.well-known/openid-configuration") => json_response(200, &self.metadata(&issuer(request))),
            ("GET", "/keys") => json_response(200, &keys()),
            ("GET", "/authorize") => self.authorize(request),
            ("POST", "/token") => {
                self.exchange(request).unwrap_or_else(|error| json_response(400, &json!({"error": error})))
            }
            ("GET", "/userinfo") => self.tell(request),
            _ => empty_response(404),
        }
    }

    fn metadata(&self, issuer: &str) -> Value {
        let name = if self.flaw == Some(Flaw::Name) { "https://elsewhere.example" } else { issuer };
        json!({
            "issuer": name,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "EdDSA", "HS256", "none"],
            "code_challenge_methods_supported": ["S256"],
        })
    }

    /// Sends the browser back with a code; asks first who it is where nobody has said so.
    fn authorize(&mut self, request: &Request) -> Response {
        let asked: HashMap<_, _> = fields(request.uri().query().unwrap_or_default()).into_iter().collect();
        let text = |name: &str| asked.get(name).cloned().unwrap_or_default();
        assert_eq!((text("response_type"), text("code_challenge_method")), ("code".into(), "S256".into()));
        assert!(text("scope").split(' ').any(|scope| scope == "openid") && text("client_id") == self.client.0);
        let told = asked.get("email").map(|email| Person::new(&format!("account-of-{email}"), email));
        let Some(person) = self.person.clone().or(told) else { return question(&asked) };
        let (redirect, state) = (text("redirect_uri"), text("state"));
        let location = if self.flaw == Some(Flaw::Declines) {
            format!("{redirect}?state={state}&error=strange&error_description=%3Cb%3EComputer%20says%20no")
        } else {
            self.given += 1;
            let code = format!("code-{}-{}", self.given, hex(&Sha256::digest(state.as_bytes())[..8]));
            let grant = Grant {
                person,
                redirect: redirect.clone(),
                nonce: text("nonce"),
                challenge: text("code_challenge"),
                is_spent: false,
            };
            self.grants.insert(code.clone(), grant);
            format!("{redirect}?code={code}&state={state}")
        };
        let mut response = empty_response(302);
        response.headers_mut().insert(LOCATION, location.parse().expect("an address"));
        response
    }

    fn exchange(&mut self, request: &Request) -> Result<Response, &'static str> {
        let asked: HashMap<_, _> = fields(&String::from_utf8_lossy(request.body())).into_iter().collect();
        let text = |name: &str| asked.get(name).map_or("", String::as_str);
        if !self.is_client(request, text("client_id")) {
            return Err("invalid_client");
        }
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(text("code_verifier").as_bytes()));
        let grant = self.grants.get_mut(text("code")).filter(|grant| !grant.is_spent).ok_or("invalid_grant")?;
        if grant.challenge != challenge || grant.redirect != text("redirect_uri") {
            return Err("invalid_grant");
        }
        grant.is_spent = true;
        let grant = grant.clone();
        let token = self.token(&issuer(request), &grant);
        Ok(json_response(
            200,
            &json!({"access_token": text("code"), "token_type": "Bearer", "expires_in": LASTS, "id_token": token}),
        ))
    }

    fn is_client(&self, request: &Request, named: &str) -> bool {
        let (id, secret) = &self.client;
        match secret {
            Some(secret) => {
                let expected = format!("Basic {}", BASE64.encode(format!("{id}:{secret}").as_bytes()));
                request.headers().get(AUTHORIZATION).is_some_and(|header| header == expected.as_str())
            }
            None => named == id,
        }
    }

    fn token(&self, issuer: &str, grant: &Grant) -> String {
        let flawed = |flaw, wrong: &str, right: &str| if self.flaw == Some(flaw) { wrong } else { right }.to_owned();
        let now = self.world.now().seconds();
        let mut claims = json!({
            "iss": flawed(Flaw::Issuer, "https://elsewhere.example", issuer),
            "aud": flawed(Flaw::Audience, "somebody-else", &self.client.0),
            "nonce": flawed(Flaw::Nonce, "another", &grant.nonce),
            "sub": grant.person.subject,
            "iat": now,
            "exp": if self.flaw == Some(Flaw::Expired) { now } else { now + LASTS },
        });
        if !self.is_thrifty {
            tell_of(&mut claims, &grant.person);
        }
        self.signed(&claims)
    }

    fn signed(&self, claims: &Value) -> String {
        let (algorithm, kid) = match self.flaw {
            Some(Flaw::Unsigned) => (CoreJwsSigningAlgorithm::None, "rsa"),
            Some(Flaw::Symmetric) => (CoreJwsSigningAlgorithm::HmacSha256, "rsa"),
            Some(Flaw::Key) => (CoreJwsSigningAlgorithm::EdDsa, "ed25519"),
            _ if self.is_modern => (CoreJwsSigningAlgorithm::EdDsa, "ed25519"),
            _ => (CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, "rsa"),
        };
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(&json!({"alg": algorithm, "kid": kid, "typ": "JWT"})), part(claims));
        let signature = match algorithm {
            CoreJwsSigningAlgorithm::None => Ok(Vec::new()),
            CoreJwsSigningAlgorithm::HmacSha256 => {
                CoreHmacKey::new(self.client.1.clone().unwrap_or_default()).sign(&algorithm, message.as_bytes())
            }
            CoreJwsSigningAlgorithm::EdDsa => {
                ed25519(if self.flaw == Some(Flaw::Key) { 2 } else { 1 }).sign(&algorithm, message.as_bytes())
            }
            _ => rsa().sign(&algorithm, message.as_bytes()),
        };
        format!("{message}.{}", BASE64URL_NOPAD.encode(&signature.expect("a signature")))
    }

    fn tell(&self, request: &Request) -> Response {
        let token =
            request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "));
        let Some(grant) = token.and_then(|token| self.grants.get(token)) else { return empty_response(401) };
        let mut claims = json!({"sub": grant.person.subject});
        tell_of(&mut claims, &grant.person);
        json_response(200, &claims)
    }
}

fn tell_of(claims: &mut Value, person: &Person) {
    if let Some(email) = &person.email {
        claims["email"] = json!(email);
    }
    if let Some(verified) = person.email_verified {
        claims["email_verified"] = json!(verified);
    }
    if let Some(name) = &person.name {
        claims["name"] = json!(name);
    }
}

/// What it is called by whoever asks.
fn issuer(request: &Request) -> String {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("http://{host}")
}

/// Asks a person who they are.
fn question(asked: &HashMap<String, String>) -> Response {
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query: Vec<_> = asked.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let links = ["ada@acme.example", "bob@acme.example", "eve@elsewhere.example"].map(|email| {
        format!("<p><a href=\"/authorize?{}&amp;email={}\">{email}</a>", query.join("&amp;"), escaped(email))
    });
    response(
        200,
        "text/html",
        format!("<!doctype html><title>Who are you?</title><h1>Who are you?</h1>{}", links.concat()),
    )
}

fn keys() -> Value {
    let keys = [json!(rsa().as_verification_key()), json!(ed25519(1).as_verification_key())];
    json!({"keys": keys})
}

fn rsa() -> CoreRsaPrivateSigningKey {
    CoreRsaPrivateSigningKey::from_pem(KEY, Some(JsonWebKeyId::new("rsa".into()))).expect("a key")
}

fn ed25519(seed: u8) -> CoreEdDsaPrivateSigningKey {
    let key = BASE64.encode(&[ED25519, &[seed; 32]].concat());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new("ed25519".into()))).expect("a key")
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
