//! How the hub reaches the server that it is part of.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use base::{AnyId, Id, Result, Secret};
use connect::OwnServer;
use people::api_keys::{ApiKey, Grant};
use store::Cx;

/// The server that listens at `address`, as it is reached from this machine.
pub fn server(address: SocketAddr) -> OwnServer {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    OwnServer { address: format!("http://{}", SocketAddr::new(host, address.port())), issue, revoke }
}

fn issue(cx: &mut Cx<'_>, name: &str, roles: &[&str]) -> Result<(AnyId, Secret)> {
    let grant = Grant { roles: roles.iter().map(|role| (*role).to_owned()).collect(), ..Grant::default() };
    let comments = Some("Made for a connection of the hub, which keeps its token.".to_owned());
    let (key, token) = ApiKey::give(cx, name, comments, grant)?;
    Ok((key.id.cast(), token.reveal().into()))
}

fn revoke(cx: &mut Cx<'_>, key: AnyId) -> Result<()> {
    let key: Id<ApiKey> = key.cast();
    match cx.find(key)? {
        Some(key) => cx.delete(&key),
        None => Ok(()),
    }
}
