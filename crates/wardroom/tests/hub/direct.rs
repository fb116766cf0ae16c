//! A product without the hub around it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use base::World;
use connect::client::{Client, Trouble};
use connect::connector::{Connector, Context};
use testkit::{App, CountedEntropy, FakeClock, Value, json};
use web::Egress;

/// A client of the hub, with a key that has these roles.
pub fn client(app: &App, roles: &[&str]) -> Client {
    client_with(app, &app.token(roles))
}

/// A client of the hub, with this key.
pub fn client_with(app: &App, key: &str) -> Client {
    client_at(&app.address, key, app.store.world().clone())
}

fn client_at(address: &str, key: &str, world: World) -> Client {
    let egress = Egress::allowing(["127.0.0.0/8".parse().unwrap()]);
    Client::new(address.parse().unwrap(), key.into(), world, &egress, 4)
}

/// A client of a server that answers everything with this status and this body.
pub fn client_of_one_that_says(status: &'static str, body: &'static str) -> Client {
    client_of(move |_| (status, body.to_owned()))
}

/// A client of a server whose answers, a status and a body, are made from the path and the query.
pub fn client_of(answer: impl Fn(&str) -> (&'static str, String) + Send + 'static) -> Client {
    client_at(&server_of(answer), "inc_key", World::new(FakeClock::default(), CountedEntropy::new(9)))
}

/// The address of a server whose answers, a status and a body, are made from the path and the query, one after the
/// other.
pub fn server_of(answer: impl Fn(&str) -> (&'static str, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let (status, body) = answer(first.split(' ').nth(1).unwrap_or_default());
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(format!("{head}{body}").as_bytes()); // whoever asked may be gone
        }
    });
    address
}

/// A product, connected with a key.
pub struct Connected<'a> {
    pub product: &'static dyn Connector,
    pub app: &'a App,
    pub api: Client,
}

impl Connected<'_> {
    /// Does an action.
    pub fn try_do(&self, name: &str, input: Value) -> Result<Value, Trouble> {
        let actions = self.product.actions();
        let action = actions.iter().find(|action| action.name == name).expect("there is such an action");
        action.perform(&Context { api: &self.api, config: &json!({}), store: &self.app.store }, &input)
    }

    /// Does an action that has to succeed.
    #[track_caller]
    pub fn perform(&self, name: &str, input: Value) -> Value {
        self.try_do(name, input).unwrap_or_else(|trouble| panic!("{name}: {trouble:?}"))
    }

    /// Does an action that has to fail; returns its message and the field that it is about.
    #[track_caller]
    pub fn refuse(&self, name: &str, input: Value) -> (String, String) {
        let trouble = self.try_do(name, input).expect_err("it should be refused");
        let pointer = trouble.problems.first().map(|problem| problem.pointer.clone());
        (trouble.message, pointer.unwrap_or_default())
    }
}
