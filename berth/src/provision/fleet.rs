//! Site, rack, network and machines.

use serde_json::{Value, json};

use super::{Provider, node_where};
use crate::{
    client::{follow, text_at},
    failure::{Exit, Failure},
};

const SITES: &str = "{
  sites(first: 50) { nodes { id name racks(first: 20) { nodes { id name } } } }
  networks(first: 100) { nodes { id name site { id } } }
}";
const MACHINES: &str = "{ machines(first: 100) { nodes {
  id name state uri memoryBytes memoryLimitBytes operations(last: 1) { nodes { id state } }
} } }";
const SITE_CREATE: &str = "mutation($input: SiteCreateInput!) {
  siteCreate(input: $input) { site { id } userErrors { code message field } }
}";
const RACK_CREATE: &str = "mutation($input: RackCreateInput!) {
  rackCreate(input: $input) { rack { id } userErrors { code message field } }
}";
const NETWORK_CREATE: &str = "mutation($input: NetworkCreateInput!) {
  networkCreate(input: $input) { network { id } userErrors { code message field } }
}";
const MACHINE_ENROLL: &str = "mutation($input: MachineEnrollInput!) {
  machineEnroll(input: $input) { operation { id } userErrors { code message field } }
}";
const MACHINE_UPDATE: &str = "mutation($input: MachineUpdateInput!) {
  machineUpdate(input: $input) { machine { id } userErrors { code message field } }
}";

/// A site with one rack and one network.
#[derive(Clone, Debug)]
pub(crate) struct SiteDefinition {
    /// Of the site, for people.
    pub(crate) name: String,
    /// Of the rack.
    pub(crate) rack: String,
    /// libvirt's name of the network.
    pub(crate) network: String,
    /// IPv4 part.
    pub(crate) ipv4: Option<Range>,
    /// IPv6 part.
    pub(crate) ipv6: Option<Range>,
    /// Its machines.
    pub(crate) machines: Vec<MachineDefinition>,
}

/// One family of a network.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) cidr: String,
    pub(crate) gateway: String,
    pub(crate) first: String,
    pub(crate) last: String,
}

/// A machine.
#[derive(Clone, Debug)]
pub(crate) struct MachineDefinition {
    pub(crate) name: String,
    pub(crate) uri: String,
    pub(crate) storage_pool: String,
    pub(crate) guest_type: &'static str,
    /// Kept for the host, in bytes, when it is enrolled.
    pub(crate) memory_reserve_bytes: u64,
    /// What it may sell of its memory once it was looked at, in bytes; without it all but the
    /// above.
    pub(crate) memory_sold_bytes: Option<u64>,
    pub(crate) vcpu_overcommit_percent: u32,
}

impl Provider {
    pub(super) async fn fleet(
        &self,
        site: &SiteDefinition,
        say: &mut impl FnMut(String),
    ) -> Result<(), Failure> {
        let (rack_id, network_id) = self.place(site, say).await?;
        let known = self.ask(MACHINES).await?;
        let mut pending = Vec::new();
        for machine in &site.machines {
            match node_where(&known, "/machines", "name", &machine.name) {
                Some(node) => pending.extend(enrolment(node, machine)?),
                None => {
                    let operation = self.enroll(machine, &rack_id, &network_id).await?;
                    pending.push((machine.name.clone(), operation));
                }
            }
        }
        for (name, operation) in pending {
            let last = follow(&self.client, &operation, |_| {}).await?;
            if last.kind != "SUCCEEDED" {
                let message = format!("machine {name} was not enrolled: {}", last.message);
                return Err(Failure::new(Exit::Operation, message));
            }
            say(format!("machine {name}"));
        }
        self.memory_limit(site).await
    }

    /// What a machine reports isn't known before it was looked at. One that may sell nothing yet
    /// was enrolled just now, or by a run that was interrupted here.
    async fn memory_limit(&self, site: &SiteDefinition) -> Result<(), Failure> {
        let known = self.ask(MACHINES).await?;
        for machine in &site.machines {
            let Some(sold) = machine.memory_sold_bytes else {
                continue;
            };
            let node = node_where(&known, "/machines", "name", &machine.name);
            let Some(node) = node.filter(|node| node["memoryLimitBytes"] == 0) else {
                continue;
            };
            let memory = node["memoryBytes"].as_u64().unwrap_or(0);
            let input = json!({
                "machineId": text_at(node, "/id")?,
                "memoryReserveBytes": memory.saturating_sub(sold),
            });
            self.make("machineUpdate", MACHINE_UPDATE, input).await?;
        }
        Ok(())
    }

    /// Ids of rack and network.
    async fn place(
        &self,
        site: &SiteDefinition,
        say: &mut impl FnMut(String),
    ) -> Result<(String, String), Failure> {
        let known = self.ask(SITES).await?;
        let found = node_where(&known, "/sites", "name", &site.name);
        let site_id = match found {
            Some(node) => text_at(node, "/id")?,
            None => {
                let made = self
                    .make("siteCreate", SITE_CREATE, json!({"name": site.name}))
                    .await?;
                say(format!("site {}", site.name));
                text_at(&made, "/site/id")?
            }
        };
        let rack = found.and_then(|node| node_where(node, "/racks", "name", &site.rack));
        let rack_id = match rack {
            Some(node) => text_at(node, "/id")?,
            None => {
                let input = json!({"siteId": site_id, "name": site.rack});
                let made = self.make("rackCreate", RACK_CREATE, input).await?;
                say(format!("rack {}", site.rack));
                text_at(&made, "/rack/id")?
            }
        };
        let networks = known["networks"]["nodes"].as_array();
        let network = networks
            .into_iter()
            .flatten()
            .find(|node| node["name"] == site.network && node["site"]["id"] == site_id.as_str());
        let network_id = match network {
            Some(node) => text_at(node, "/id")?,
            None => {
                let input = json!({
                    "siteId": site_id, "name": site.network,
                    "ipv4": site.ipv4.as_ref().map(Range::input),
                    "ipv6": site.ipv6.as_ref().map(Range::input),
                });
                let made = self.make("networkCreate", NETWORK_CREATE, input).await?;
                say(format!("network {}", site.network));
                text_at(&made, "/network/id")?
            }
        };
        Ok((rack_id, network_id))
    }

    async fn enroll(
        &self,
        machine: &MachineDefinition,
        rack_id: &str,
        network_id: &str,
    ) -> Result<String, Failure> {
        let input = json!({
            "name": machine.name, "uri": machine.uri, "rackId": rack_id,
            "guestType": machine.guest_type, "storagePool": machine.storage_pool,
            "networkIds": [network_id],
            "vcpuOvercommitPercent": machine.vcpu_overcommit_percent,
            "memoryReserveBytes": machine.memory_reserve_bytes,
        });
        let made = self.make("machineEnroll", MACHINE_ENROLL, input).await?;
        text_at(&made, "/operation/id")
    }
}

impl Range {
    fn input(&self) -> Value {
        json!({"cidr": self.cidr, "gateway": self.gateway, "first": self.first, "last": self.last})
    }
}

/// The enrolment of a machine that is known, while it isn't done: what an interrupted run left.
fn enrolment(
    node: &Value,
    machine: &MachineDefinition,
) -> Result<Option<(String, String)>, Failure> {
    if node["uri"] != machine.uri.as_str() {
        let message = format!(
            "machine {} is known as {}, not {}; is this another lab? run make clean first",
            machine.name, node["uri"], machine.uri
        );
        return Err(Failure::new(Exit::Refused, message));
    }
    if node["state"] != "ENROLLING" {
        return Ok(None);
    }
    let operation = text_at(node, "/operations/nodes/0/id")?;
    Ok(Some((machine.name.clone(), operation)))
}
