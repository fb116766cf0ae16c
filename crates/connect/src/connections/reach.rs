//! The API that a connection leads to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base::{Id, Secret};
use store::vault::Sealed;
use store::{Store, Who};
use web::Egress;

use super::draft::Draft;
use super::record::Connection;
use crate::client::{BaseUrl, Client, Kind, Pace, Patience, Trouble};
use crate::connector::internal;
use crate::own::OwnServer;

/// How many requests one connection has on the way at the same time.
const AT_ONCE: usize = 8;

/// The API of a connection, as its key sees it.
pub fn client(store: &Store, id: Id<Connection>) -> Result<Client, Trouble> {
    let connection = store.read(Who::system(), move |cx| cx.get(id)).wait().map_err(internal)?;
    client_of(store, &connection)
}

/// The same, of a connection that has been read.
pub fn client_of(store: &Store, connection: &Connection) -> Result<Client, Trouble> {
    reach(store, connection.base_url.as_deref(), connection.secret)
}

/// The API that a draft leads to.
pub(crate) fn client_of_draft(store: &Store, draft: &Draft) -> Result<Client, Trouble> {
    reach(store, draft.base_url.as_deref(), draft.secret)
}

/// How many keys' paces are remembered, of which nobody asks just now.
const MOST_PACES: usize = 1_000;

/// The pace of each key, for all who ask with it in this process: what one learns of a limit, the next one knows. It
/// is a service of the [`World`](base::World).
#[derive(Debug, Default)]
pub struct Paces(Mutex<HashMap<Id<Sealed>, Arc<Pace>>>);

impl Paces {
    fn of(&self, secret: Id<Sealed>) -> Arc<Pace> {
        let mut paces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if paces.len() >= MOST_PACES {
            paces.retain(|_, pace| Arc::strong_count(pace) > 1);
        }
        Arc::clone(paces.entry(secret).or_default())
    }
}

fn reach(store: &Store, base_url: Option<&str>, secret: Id<Sealed>) -> Result<Client, Trouble> {
    let world = store.world();
    let own = world.service::<OwnServer>().map(|own| own.address.as_str());
    let address = base_url.or(own).ok_or_else(|| Trouble::new(Kind::NotSent, "there is no server here to ask"))?;
    let base: BaseUrl =
        address.parse().map_err(|problem| Trouble::new(Kind::NotSent, format!("{address} {problem}")))?;
    let egress = match base_url {
        Some(_) => world.service::<Egress>().cloned().unwrap_or_default(),
        None => Egress::everywhere(),
    };
    let key: Secret = store.read(Who::system(), move |cx| cx.unseal(secret)).wait().map_err(internal)?;
    let client = Client::new(base, key, world.clone(), &egress, AT_ONCE).patient(Patience::WORK);
    Ok(match world.service::<Paces>() {
        Some(paces) => client.at_pace(paces.of(secret)),
        None => client,
    })
}
