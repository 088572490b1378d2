//! The seed: what a guest is told on a CD-ROM before it starts (docs/guest-contract.md, version 1).
//!
//! A FAT volume labelled `CIDATA` with the files of cloud-init's NoCloud source and `berth.json`.
//! The same seed gives the same bytes: its times are fixed.

mod document;
mod fat;

use berth_model::Result;
use serde_json::json;

pub use document::{
    CONTRACT, Seed, SeedAdministrator, SeedDataVolume, SeedDeployment, SeedHttp, SeedNetwork,
    SeedSecret, SeedVirtualMachine,
};

const DOCUMENT: &str = "berth.json";

/// The seed as the bytes of a volume: FAT with sectors of 2048 bytes, whole MiB.
///
/// # Errors
///
/// Internal, if the files can't be written; they can, since the volume is made large enough.
pub fn seed_image(seed: &Seed) -> Result<Vec<u8>> {
    let document = serde_json::to_string_pretty(seed).map_err(berth_model::Error::internal)?;
    let files = [
        ("meta-data", meta_data(seed)),
        ("user-data", "#cloud-config\n{}\n".to_owned()),
        ("network-config", network_config(&seed.network)),
        (DOCUMENT, document + "\n"),
    ];
    fat::write(&files).map_err(berth_model::Error::internal)
}

/// The seed in a volume's bytes; `None` if there is none that can be read.
#[must_use]
pub fn seed_read(image: &[u8]) -> Option<Seed> {
    serde_json::from_slice(&fat::read(image, DOCUMENT).ok()?).ok()
}

/// NoCloud's `meta-data`. A new revision is a new instance, so that cloud-init takes it in.
fn meta_data(seed: &Seed) -> String {
    let machine = &seed.virtual_machine;
    // JSON is YAML, and needs no rules for quoting.
    let text = json!({
        "instance-id": format!("{}-{}", machine.id, seed.revision),
        "local-hostname": machine.hostname,
    });
    format!("{text:#}\n")
}

/// NoCloud's `network-config`, version 2.
fn network_config(network: &SeedNetwork) -> String {
    let routes: Vec<_> = network
        .gateways
        .iter()
        .map(|via| json!({"to": if via.is_ipv4() { "0.0.0.0/0" } else { "::/0" }, "via": via}))
        .collect();
    // Keys in their order: serde_json keeps or sorts them by a feature that any crate may switch
    // on.
    let text = json!({"ethernets": {"nic0": {
        "addresses": network.addresses,
        "match": {"macaddress": network.mac},
        "nameservers": {"addresses": network.nameservers},
        "routes": routes,
    }}, "version": 2});
    format!("{text:#}\n")
}

#[cfg(test)]
mod tests;
