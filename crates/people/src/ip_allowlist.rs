//! The IP allow list: where requests with an API key, and people, may come from. Whoever sets it can't lock
//! themselves out: a list that would refuse the request which sets it is refused.

use std::net::IpAddr;

use base::{Error, Id, Problems, Result, Time};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Cx, Record, Tx};
use web::{Body, Guard, Resource, Show};

web::routes! {
    /// Show the IP allow list.
    GET "/v1/ip_allowlists" "IPAllowlists V1#ShowIPAllowlist" Guard::AnyKey => show;
    /// Set the IP allow list. The version is the one last shown: a stale one is a conflict.
    PUT "/v1/ip_allowlists" "IPAllowlists V1#UpdateIPAllowlist" "security_settings.update" => update;
}

/// The list; there is one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct IpAllowlist {
    /// Whether it is enforced.
    pub enabled: bool,
    /// Who may come in while it is.
    pub items: Vec<Item>,
    /// When it was last set.
    pub updated_at: Option<Time>,
}

/// An address, or a range of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    /// As it was written: `203.0.113.7` or `203.0.113.0/24`.
    pub value: String,
    /// What it is.
    #[serde(default)]
    pub label: Option<String>,
}

impl Record for IpAllowlist {
    const TABLE: &'static str = "ip_allowlists";
    const KIND: &'static str = "ip_allowlist";
    const EPOCH: Option<&'static str> = Some("api_keys");

    fn id(&self) -> Id<Self> {
        ID
    }

    fn name(&self) -> String {
        "IP allow list".into()
    }
}

const ID: Id<IpAllowlist> = Id::constant(1);

impl IpAllowlist {
    /// The list as it stands.
    pub fn load(tx: &mut Tx<'_>) -> Result<Self> {
        Ok(tx.find(ID)?.map_or_else(Self::default, store::Stored::into_inner))
    }

    /// Whether a request from `address` may come in.
    pub fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        !self.enabled || self.items.iter().filter_map(|item| parse(&item.value)).any(|net| net.contains(&address))
    }
}

fn parse(value: &str) -> Option<IpNet> {
    value.parse().ok().or_else(|| value.parse::<IpAddr>().ok().map(IpNet::from))
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct IpAllowlistItem {
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// An IP address or a range in CIDR notation.
    value: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct IpAllowlistBody {
    allowlist: Vec<IpAllowlistItem>,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Time>,
    version: i64,
}

impl Resource for IpAllowlistBody {
    const ONE: &'static str = "ip_allowlist";
    const MANY: &'static str = "ip_allowlists";
}

impl IpAllowlistBody {
    fn of(list: &IpAllowlist, version: i64) -> Self {
        let item = |item: &Item| IpAllowlistItem { label: item.label.clone(), value: item.value.clone() };
        Self {
            allowlist: list.items.iter().map(item).collect(),
            enabled: list.enabled,
            updated_at: list.updated_at,
            version,
        }
    }
}

/// A list that was never set has version 0.
fn show(cx: &mut Cx<'_>) -> Result<Show<IpAllowlistBody>> {
    Ok(Show(match cx.find(ID)? {
        Some(list) => IpAllowlistBody::of(&list, list.version()),
        None => IpAllowlistBody::of(&IpAllowlist::default(), 0),
    }))
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct IpAllowlistPayload {
    /// Who may come in.
    allowlist: Vec<IpAllowlistItem>,
    /// Whether the list is enforced.
    enabled: bool,
    /// The version this change is based on.
    version: i64,
}

fn update(cx: &mut Cx<'_>, Body(payload): Body<IpAllowlistPayload>) -> Result<Show<IpAllowlistBody>> {
    let mut problems = Problems::new();
    for (index, item) in payload.allowlist.iter().enumerate() {
        let pointer = format!("allowlist.{index}.value");
        problems.check(parse(&item.value).is_some(), &pointer, "is neither an IP address nor a range in CIDR notation");
    }
    let items = payload.allowlist.into_iter().map(|item| Item { value: item.value, label: item.label }).collect();
    let list = IpAllowlist { enabled: payload.enabled, items, updated_at: Some(cx.now()) };
    if let Ok(own) = cx.origin().location.parse() {
        let message = format!("this would lock you out: you come from {own}, which is not on the list");
        problems.check(list.admits(own), "allowlist", &message);
    }
    problems.finish()?;

    let current = cx.find(ID)?;
    if payload.version != current.as_ref().map_or(0, store::Stored::version) {
        return Err(Error::conflict("The IP allow list has changed since this version: show it again"));
    }
    match current {
        None => {
            cx.insert(&list)?;
            Ok(Show(IpAllowlistBody::of(&list, 1)))
        }
        Some(mut current) => {
            *current = list;
            cx.save(&mut current)?;
            Ok(Show(IpAllowlistBody::of(&current, current.version())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(values: &[&str]) -> IpAllowlist {
        let items = values.iter().map(|value| Item { value: (*value).into(), label: None }).collect();
        IpAllowlist { enabled: true, items, updated_at: None }
    }

    #[test]
    fn addresses_and_ranges_are_admitted() {
        let list = list(&["203.0.113.7", "10.0.0.0/8", "2001:db8::/32"]);
        for admitted in ["203.0.113.7", "10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"] {
            assert!(list.admits(admitted.parse().unwrap()), "{admitted}");
        }
        for refused in ["203.0.113.8", "11.0.0.1", "2001:db9::1"] {
            assert!(!list.admits(refused.parse().unwrap()), "{refused}");
        }
    }

    #[test]
    fn a_list_that_is_off_admits_everybody() {
        assert!(IpAllowlist { enabled: false, ..list(&[]) }.admits("192.0.2.1".parse().unwrap()));
    }
}
