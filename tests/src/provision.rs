//! What a provider does once, over the API: site, network, images, catalogue, machines.

use std::{net::Ipv4Addr, time::Duration};

use serde_json::{Value, json};

use crate::Api;

/// A machine to enrol.
#[derive(Clone, Debug)]
pub struct MachineToEnroll {
    /// Its name.
    pub name: String,
    /// libvirt's URI, or `sim:NAME`.
    pub uri: String,
    /// Memory not for guests, in bytes.
    pub memory_reserve: i64,
}

/// What is there.
#[derive(Clone, Debug)]
pub struct ProvisionPlan {
    /// Machines.
    pub machines: Vec<MachineToEnroll>,
    /// The network's prefix, gateway, first and last guest address, IPv4.
    pub ipv4: [String; 4],
    /// The same, IPv6.
    pub ipv6: [String; 4],
    /// The tiny image: SHA-256, size, virtual size.
    pub image: (String, i64, i64),
    /// How long a start may take, in seconds.
    pub probe_deadline: i32,
}

impl ProvisionPlan {
    /// Takes the last guest address (IPv4) out of the network, for a guest that isn't Berth's.
    pub fn ipv4_take(&mut self) -> String {
        let last: Ipv4Addr = self.ipv4[3].parse().unwrap();
        self.ipv4[3] = Ipv4Addr::from_bits(last.to_bits() - 1).to_string();
        last.to_string()
    }
}

/// Ids of what was made.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// A plan with a machine of its own: 256 MiB, 1 vCPU, 64 MiB of data.
    pub own: String,
    /// Twice the size.
    pub large: String,
    /// A plan in a shared machine.
    pub shared: String,
    /// The tiny application's version.
    pub version: String,
    /// Machines by name.
    pub machines: Vec<(String, String)>,
}

const MIB: i64 = 1 << 20;

/// Makes everything and waits until the machines are known.
pub async fn provision(platform: &Api, plan: &ProvisionPlan) -> Catalogue {
    let site = made(platform, "site", json!({ "name": "main" })).await;
    let rack = made(platform, "rack", json!({ "siteId": site, "name": "r1" })).await;
    let range = |[cidr, gateway, first, last]: &[String; 4]| json!({ "cidr": cidr, "gateway": gateway, "first": first, "last": last });
    let network = json!({
        "siteId": site, "name": "berth", "ipv4": range(&plan.ipv4), "ipv6": range(&plan.ipv6),
    });
    let network = made(platform, "network", network).await;
    let (sha256, size, virtual_size) = &plan.image;
    let image = json!({
        "name": "tiny", "sha256": sha256, "sizeBytes": size, "virtualBytes": virtual_size,
    });
    let image = made(platform, "image", image).await;
    let version = tiny_publish(platform, &image, plan.probe_deadline).await;
    let mut machines = Vec::new();
    for machine in &plan.machines {
        let id = machine_enroll(platform, machine, &rack, &network).await;
        machines.push((machine.name.clone(), id));
    }
    Catalogue {
        own: plan_create(platform, "nano", "OWN", 1).await,
        large: plan_create(platform, "micro", "OWN", 2).await,
        shared: plan_create(platform, "nano-shared", "SHARED", 1).await,
        version,
        machines,
    }
}

/// Calls `nounCreate`; the id of what it made.
async fn made(platform: &Api, noun: &str, input: Value) -> String {
    let selection = format!("{noun} {{ id }}");
    let payload = platform
        .done(&format!("{noun}Create"), input, &selection)
        .await;
    payload[noun]["id"].as_str().unwrap().to_owned()
}

async fn plan_create(platform: &Api, slug: &str, hosting: &str, times: i64) -> String {
    let input = json!({
        "slug": slug, "name": slug, "hosting": hosting,
        "memoryBytes": 256 * MIB * times, "vcpus": times, "dataBytes": 64 * MIB * times,
        "price": { "minor": 100, "currency": "EUR" },
    });
    made(platform, "plan", input).await
}

async fn tiny_publish(platform: &Api, image: &str, deadline: i32) -> String {
    let input = json!({
        "slug": "tiny", "name": "Tiny", "summary": "Answers what it was given.", "version": "1",
        "imageId": image, "memoryBytes": 128 * MIB, "vcpus": 1, "dataBytes": 16 * MIB,
        "shareable": true, "httpPort": 80,
        "probe": { "path": "/health", "contains": "ok", "deadlineSeconds": deadline },
        "options": [{
            "name": "unhealthy", "title": "Never gets healthy", "kind": "BOOLEAN",
            "default": { "boolean": false },
        }],
    });
    let payload = platform
        .done("applicationPublish", input, "applicationVersion { id }")
        .await;
    payload["applicationVersion"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn machine_enroll(
    platform: &Api,
    machine: &MachineToEnroll,
    rack: &str,
    network: &str,
) -> String {
    let input = json!({
        "name": machine.name, "uri": machine.uri, "rackId": rack, "guestType": "QEMU",
        "storagePool": "berth", "networkIds": [network], "vcpuOvercommitPercent": 3200,
        "memoryReserveBytes": machine.memory_reserve,
    });
    let payload = platform
        .done("machineEnroll", input, "machine { id } operation { id }")
        .await;
    let operation = payload["operation"]["id"].as_str().unwrap();
    let ended = platform
        .operation_end(operation, Duration::from_secs(60))
        .await;
    assert_eq!(ended["state"], "SUCCEEDED", "{ended:#}");
    payload["machine"]["id"].as_str().unwrap().to_owned()
}
