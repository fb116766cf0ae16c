//! Requests to other servers.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use ureq::config::{Config, ConfigBuilder};
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// What asks the server at `url`: with up to `at_once` connections, each request for `patience` at most. Any
/// status is an answer, not an error; whom to believe is what the machine's certificates say.
pub fn agent(url: &str, at_once: usize, patience: Duration) -> Agent {
    Agent::new_with_config(config(url, at_once, patience).build())
}

fn config(url: &str, at_once: usize, patience: Duration) -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(patience))
        .user_agent(concat!("wardroom/", env!("CARGO_PKG_VERSION")))
        .max_idle_connections_per_host(at_once)
        .tls_config(tls(url))
}

/// Which addresses requests may go to whose destination users choose: all public ones, encrypted, and those of
/// the operator's own networks that the operator allows. It is a service of the [`World`](base::World).
#[derive(Clone, Debug, Default)]
pub struct Egress {
    private: Vec<IpNet>,
}

impl Egress {
    /// Public addresses, and private ones within `private`.
    pub fn allowing(private: impl IntoIterator<Item = IpNet>) -> Self {
        Self { private: private.into_iter().collect() }
    }

    /// Every address, encrypted or not: for whoever may reach them all anyway.
    pub fn everywhere() -> Self {
        Self::allowing([Ipv4Net::default().into(), Ipv6Net::default().into()])
    }

    /// Like [`agent`], for a server that a user chose. It sends no request on to where it is redirected to, and
    /// looks at the very addresses that it connects to, so no name can be bent to another one in between.
    pub fn agent(&self, url: &str, at_once: usize, patience: Duration) -> Agent {
        // A proxy would look the name up itself, and connect to whatever it finds.
        let config = config(url, at_once, patience).max_redirects(0).proxy(None).build();
        Agent::with_parts(config, DefaultConnector::default(), Guarded(self.clone()))
    }

    /// Why nothing is sent to `address`.
    fn refusal(&self, address: IpAddr, is_encrypted: bool) -> Option<Refused> {
        let address = address.to_canonical();
        if self.private.iter().any(|net| net.contains(&address)) {
            return None;
        }
        if is_private(address) {
            return Some(Refused::Private(address));
        }
        (!is_encrypted).then_some(Refused::Plain)
    }
}

/// Why nothing is sent somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The address is not a public one, and the operator has not allowed it.
    Private(IpAddr),
    /// It would go over a public network unencrypted.
    Plain,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private(address) => {
                write!(f, "{address} is a private address, and this server's operator has not allowed it")
            }
            Self::Plain => f.write_str("a public address is asked by https:// only"),
        }
    }
}

impl std::error::Error for Refused {}

/// Whether an address is of this machine, of a local network, or of no host at all (RFC 6890).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let is_shared = a == 100 && (64..128).contains(&b); // RFC 6598
            let is_benchmark = a == 198 && (18..20).contains(&b); // RFC 2544
            let is_protocol = v4.octets()[..3] == [192, 0, 0]; // RFC 6890
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || is_shared
                || is_benchmark
                || is_protocol
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_multicast()
                || v6.segments()[0] & 0xffc0 == 0xfec0 // site-local, RFC 3879
                || v6.segments()[..2] == [0x2001, 0] // Teredo, RFC 4380
                || v6.segments()[..3] == [0x64, 0xff9b, 1] // local gateways, RFC 8215
                || embedded(v6).is_some_and(|v4| is_private(v4.into()))
        }
    }
}

/// The address of the older kind that gateways send on to (RFC 6052, RFC 3056).
fn embedded(v6: std::net::Ipv6Addr) -> Option<std::net::Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let of = |high: u16, low: u16| std::net::Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0] => Some(of(g, h)),
        [0x64, 0xff9b, 0, 0, 0, 0] => Some(of(g, h)),
        [0x2002, ..] => Some(of(b, c)),
        _ => None,
    }
}

/// Looks names up, and refuses what [`Egress`] does.
#[derive(Debug)]
struct Guarded(Egress);

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let is_encrypted = uri.scheme_str() == Some("https");
        match found.iter().find_map(|address| self.0.refusal(address.ip(), is_encrypted)) {
            Some(refused) => Err(Error::Other(Box::new(refused))),
            None => Ok(found),
        }
    }
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

    #[test]
    fn private_addresses_are_for_the_operator_to_allow_and_public_ones_are_reached_encrypted() {
        let egress = Egress::allowing(["10.1.0.0/16".parse().unwrap()]);
        let refusal = |address: &str, is_encrypted| egress.refusal(address.parse().unwrap(), is_encrypted);
        for private in [
            "127.0.0.1",
            "10.2.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "::127.0.0.1",
            "fec0::1",
            "2001:0:1::1",
            "192.0.0.192",
            "2002:7f00:1::",
        ] {
            assert!(matches!(refusal(private, true), Some(Refused::Private(_))), "{private}");
        }
        for allowed in ["10.1.2.3", "::ffff:10.1.2.3"] {
            assert_eq!(refusal(allowed, false), None);
        }
        for public in ["93.184.216.34", "2606:2800:220:1::1"] {
            assert_eq!(refusal(public, true), None);
            assert_eq!(refusal(public, false), Some(Refused::Plain));
        }
    }

    #[test]
    fn whoever_chooses_the_network_too_reaches_every_address() {
        for address in ["127.0.0.1", "93.184.216.34", "::1", "fd00::1", "2606:2800:220:1::1"] {
            assert_eq!(Egress::everywhere().refusal(address.parse().unwrap(), false), None, "{address}");
        }
    }

    #[test]
    fn a_request_to_a_private_address_ends_before_anything_is_sent() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let agent = Egress::default().agent(&url, 1, Duration::from_secs(5));
        let error = agent.get(&url).call().unwrap_err();
        let Error::Other(refused) = error else { panic!("{error}") };
        assert_eq!(
            refused.to_string(),
            "127.0.0.1 is a private address, and this server's operator has not allowed it"
        );
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "nobody has knocked");
    }
}
