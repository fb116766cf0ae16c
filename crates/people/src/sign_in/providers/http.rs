//! How a provider is asked: within bounds of time and size, and only where the operator lets requests go.

use std::fmt;
use std::time::Duration;

use base::{Time, World};
use openidconnect::{HttpRequest, HttpResponse, SyncHttpClient};
use web::{Egress, Refused};

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// How long a provider has for all that one sign-in asks it, as a service of the [`World`].
#[derive(Clone, Copy, Debug)]
pub struct Patience(pub Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(Duration::from_secs(10))
    }
}

/// Asks a provider, until its time is over.
pub(super) struct Http<'w> {
    world: &'w World,
    until: Time,
}

impl<'w> Http<'w> {
    pub fn new(world: &'w World) -> Self {
        let Patience(patience) = world.service().copied().unwrap_or_default();
        Self { world, until: world.now() + patience }
    }

    fn send(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let left = self.until.since(self.world.now()).max(Duration::from_millis(1));
        let egress = self.world.service::<Egress>().cloned().unwrap_or_default();
        let mut answer = egress.agent(&request.uri().to_string(), 1, left).run(request)?;
        let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec()?;
        Ok(answer.map(|_| body))
    }
}

impl SyncHttpClient for Http<'_> {
    type Error = Unreachable;

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        self.send(request).map_err(|error| Unreachable::of(&error))
    }
}

/// Why there is no answer, in words that tell nothing of what was sent.
#[derive(Clone, Debug)]
pub(super) struct Unreachable(String);

impl Unreachable {
    fn of(error: &ureq::Error) -> Self {
        let why = match error {
            ureq::Error::Other(error) => match error.downcast_ref::<Refused>() {
                Some(refused) => refused.to_string(),
                None => "no connection came about".to_owned(),
            },
            ureq::Error::Timeout(_) => "there was no answer in time".to_owned(),
            ureq::Error::BodyExceedsLimit(_) => "the answer is too long".to_owned(),
            ureq::Error::HostNotFound => "there is no such host".to_owned(),
            ureq::Error::Rustls(_) | ureq::Error::Tls(_) => "its certificate is not one that is believed".to_owned(),
            _ => "no connection came about".to_owned(),
        };
        Self(why)
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreachable {}
