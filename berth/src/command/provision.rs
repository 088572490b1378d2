//! `berth provision`

use std::{net::Ipv6Addr, path::Path};

use serde::Deserialize;

use crate::{
    cli,
    client::ApiClient,
    config::Config,
    failure::Failure,
    image, output,
    provision::{Catalogue, ImageFile, MachineDefinition, Provider, Range, SiteDefinition},
};

/// Of the memory that is free now, what the lab's machines may sell together: the rest is for
/// QEMU's own needs and for whoever else works on this computer.
const SOLD_PERCENT: u64 = 80;
/// Emulated processors are threads like any others.
const VCPU_OVERCOMMIT_PERCENT: u32 = 1600;
/// Addresses for guests.
const IPV6_ADDRESSES: u128 = 256;

/// `lab.json` of tests/lab/README.md, as far as it is needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lab {
    id: String,
    subnets: Families,
    gateway: Families,
    guest_addresses: GuestAddresses,
    machines: Vec<LabMachine>,
}

#[derive(Debug, Deserialize)]
struct Families {
    ipv4: String,
    ipv6: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GuestAddresses {
    ipv4_first: String,
    ipv4_last: String,
    ipv6_first: Ipv6Addr,
}

#[derive(Debug, Deserialize)]
struct LabMachine {
    name: String,
    uri: String,
    pool: String,
    network: String,
}

pub(super) async fn run(config: Option<&str>, arguments: cli::Provision) -> Result<(), Failure> {
    let store = match arguments.image_store {
        Some(store) => store,
        None => Config::load(config)?.image_directory,
    };
    let text = std::fs::read_to_string(&arguments.lab)
        .map_err(|cause| format!("{}: {cause}; run tests/lab/lab up", arguments.lab.display()))?;
    let lab: Lab = serde_json::from_str(&text)
        .map_err(|cause| format!("{}: {cause}", arguments.lab.display()))?;
    let memory = std::fs::read_to_string("/proc/meminfo").map_err(|cause| cause.to_string())?;
    let site = site(lab, &memory)?;
    let catalogue = Catalogue::read(&arguments.catalogue)?;
    let images = images_import(&catalogue, &arguments.images, &store)?;
    let provider = Provider::new(ApiClient::new(&arguments.access)?);
    provider
        .provision(&site, &catalogue, &images, |line| {
            output::line(format!("made {line}"))
        })
        .await
}

/// Copies every image that the catalogue names into the image store.
fn images_import(
    catalogue: &Catalogue,
    folder: &Path,
    store: &Path,
) -> Result<Vec<ImageFile>, Failure> {
    let mut images = Vec::new();
    for entry in &catalogue.applications {
        let name = &entry.application.image;
        let file = folder.join(format!("{name}.qcow2"));
        let imported =
            image::import(store, &file).map_err(|why| format!("{why}; run guests/build {name}"))?;
        images.push(ImageFile {
            name: name.clone(),
            imported,
        });
    }
    Ok(images)
}

fn site(lab: Lab, meminfo: &str) -> Result<SiteDefinition, Failure> {
    let count = u64::try_from(lab.machines.len()).unwrap_or(0).max(1);
    let total = memory_of(meminfo, "MemTotal")?;
    let available = memory_of(meminfo, "MemAvailable")?;
    // Every machine of the lab reports all of this computer's memory: each may sell its part alone.
    let sold = available / 100 * SOLD_PERCENT / count;
    let network = lab
        .machines
        .first()
        .map_or("berth", |machine| &machine.network)
        .to_owned();
    let guests = lab.guest_addresses;
    let machines = lab
        .machines
        .into_iter()
        .map(|machine| MachineDefinition {
            name: machine.name,
            uri: machine.uri,
            storage_pool: machine.pool,
            guest_type: "QEMU",
            // More than any of them has: nothing is sold before its part is known.
            memory_reserve_bytes: total,
            memory_sold_bytes: Some(sold),
            vcpu_overcommit_percent: VCPU_OVERCOMMIT_PERCENT,
        })
        .collect();
    Ok(SiteDefinition {
        name: format!("lab-{}", lab.id),
        rack: "rack-1".to_owned(),
        network,
        ipv4: Some(Range {
            cidr: lab.subnets.ipv4,
            gateway: lab.gateway.ipv4,
            first: guests.ipv4_first,
            last: guests.ipv4_last,
        }),
        ipv6: Some(Range {
            cidr: lab.subnets.ipv6,
            gateway: lab.gateway.ipv6,
            last: ipv6_last(guests.ipv6_first).to_string(),
            first: guests.ipv6_first.to_string(),
        }),
        machines,
    })
}

/// The lab names the first IPv6 address alone: there are plenty after it.
fn ipv6_last(first: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from(u128::from(first).saturating_add(IPV6_ADDRESSES - 1))
}

/// A line of `/proc/meminfo` (proc(5)), in bytes.
fn memory_of(meminfo: &str, name: &str) -> Result<u64, Failure> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| format!("/proc/meminfo has no {name}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_machine_of_the_lab_sells_its_part() {
        let lab: Lab = serde_json::from_value(serde_json::json!({
            "id": "38d0a", "subnets": {"ipv4": "10.177.16.0/24", "ipv6": "fd50::/64"},
            "gateway": {"ipv4": "10.177.16.1", "ipv6": "fd50::1"},
            "guestAddresses": {"ipv4First": "10.177.16.50", "ipv4Last": "10.177.16.249",
                "ipv6First": "fd50::1000"},
            "machines": [
                {"name": "m1", "uri": "qemu+tcp://10.177.16.11/system", "pool": "berth",
                    "network": "berth", "pid": 1},
                {"name": "m2", "uri": "qemu+tcp://10.177.16.12/system", "pool": "berth",
                    "network": "berth", "pid": null}],
        }))
        .unwrap();
        let meminfo = "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    500 kB\n";
        let site = site(lab, meminfo).unwrap();
        assert_eq!(site.name, "lab-38d0a");
        assert_eq!(site.machines.len(), 2);
        assert_eq!(site.ipv6.unwrap().last, "fd50::10ff");
        // 80 % of 500 KiB is 400 KiB: 200 KiB each.
        assert_eq!(site.machines[0].memory_sold_bytes, Some(200 * 1024));
        assert!(memory_of(meminfo, "Mem").is_err());
    }
}
