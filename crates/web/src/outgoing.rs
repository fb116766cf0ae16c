//! Requests to other servers.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// What asks the server at `url`: with up to `at_once` connections, each request for `patience` at most. Any
/// status is an answer, not an error; whom to believe is what the machine's certificates say.
pub fn agent(url: &str, at_once: usize, patience: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(patience))
        .user_agent(concat!("wardroom/", env!("CARGO_PKG_VERSION")))
        .max_idle_connections_per_host(at_once)
        .tls_config(tls(url))
        .build();
    Agent::new_with_config(config)
}

/// The certificates that the machine believes in; read only where they are needed.
fn tls(url: &str) -> TlsConfig {
    let config =
        TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    if !url.starts_with("https:") {
        return config.build();
    }
    let found = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = found.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    config.root_certs(RootCerts::new_with_certs(&roots)).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_certificates_are_read_for_https() {
        assert!(matches!(tls("https://api.example.com").root_certs(), RootCerts::Specific(_)));
    }
}
