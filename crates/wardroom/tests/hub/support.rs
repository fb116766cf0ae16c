//! A hub, and the API that it connects to: the same server, reached over the network as any other.

use serde_json::{Value, json};
use testkit::{App, Client, Proxy};

pub const CONNECTIONS: &str = "/hub/v1/connections";

/// A server with a hub, and a proxy before its API through which the hub reaches it.
pub struct Hub {
    pub app: App,
    pub api: Proxy,
    pub admin: Client,
}

impl Hub {
    pub fn start() -> Self {
        let app = App::start(wardroom::features);
        let api = Proxy::with_clock(&app.address, app.clock.clone());
        let admin = app.admin();
        Self { app, api, admin }
    }

    /// What a run came to that a request began.
    #[track_caller]
    pub fn outcome(&self, begun: testkit::Answer) -> Value {
        let run = begun.expect(202)["run"].take();
        self.app.run_jobs();
        self.admin.get(&format!("/hub/v1/runs/{}", run["id"].as_str().unwrap())).expect(200)["run"].take()
    }

    /// What comes of connecting a product with this key.
    #[track_caller]
    pub fn try_connect(&self, product: &str, name: &str, token: &str) -> Value {
        let connection = json!({"product": product, "name": name, "api_key": token, "base_url": self.api.url()});
        self.outcome(self.admin.post(CONNECTIONS, json!({"connection": connection})))
    }

    /// Connects a product with a new key that has these roles; the connection's path.
    #[track_caller]
    pub fn connect(&self, product: &str, roles: &[&str]) -> String {
        let run = self.try_connect(product, product, &self.app.token(roles));
        assert_eq!(run["state"], "succeeded", "{run:#}");
        format!("{CONNECTIONS}/{}", run["connection_id"].as_str().unwrap())
    }

    /// What comes of an action of the connection at this path.
    #[track_caller]
    pub fn act(&self, connection: &str, action: &str, input: Value) -> Value {
        self.outcome(self.admin.post(&format!("{connection}/actions/{action}"), json!({"input": input})))
    }

    /// What an action answers, which has to succeed.
    #[track_caller]
    pub fn output(&self, connection: &str, action: &str, input: Value) -> Value {
        let mut run = self.act(connection, action, input);
        assert_eq!(run["state"], "succeeded", "{run:#}");
        run["output"].take()
    }

    pub fn connections(&self) -> Vec<Value> {
        self.admin.get(CONNECTIONS).expect(200)["connections"].as_array().unwrap().clone()
    }

    /// How many secrets are in the vault.
    pub fn secrets(&self) -> usize {
        self.app.texts("select id from secrets").len()
    }
}

/// The roles that each product's page asks for.
pub const HYPHEN: &[&str] = &["catalog_editor", "catalog_viewer"];
pub const RAVENNA: &[&str] = &["viewer", "schedules_reader"];
pub const ATOMICWORK: &[&str] = &["viewer", "incident_creator", "incident_editor"];
