//! Simulated machines for a world.

use std::{path::Path, sync::Arc};

use berth_hypervisor::{SimulatedMachine, SimulatorConfig};
use berth_model::SystemClock;

use crate::{MachineToEnroll, ProvisionPlan, Settings, SimulatedLister};

const GIB: u64 = 1 << 30;

/// Settings of a world of `machines` simulated machines with room for `guests` of the smallest plan each.
/// Guests boot and go down in milliseconds.
#[must_use]
pub fn simulated(home: &Path, machines: u32, guests: u64) -> Settings {
    let directory = home.join("machines");
    let names: Vec<String> = (1..=machines).map(|number| format!("m{number}")).collect();
    let config = SimulatorConfig {
        memory_bytes: GIB + guests * (256 << 20),
        boot_millis: 20,
        shutdown_millis: 10,
        ..SimulatorConfig::default()
    };
    for name in &names {
        SimulatedMachine::open(&directory, name, &config, Arc::new(SystemClock)).unwrap();
    }
    let image = home.join("image.qcow2");
    std::fs::write(&image, qcow2(64 << 20)).unwrap();
    let machine = |name: &String| MachineToEnroll {
        name: name.clone(),
        uri: format!("sim:{name}"),
        memory_reserve: i64::try_from(GIB).unwrap(),
    };
    let range = |texts: [&str; 4]| texts.map(str::to_owned);
    Settings {
        plan: ProvisionPlan {
            machines: names.iter().map(machine).collect(),
            ipv4: range(["10.9.0.0/22", "10.9.0.1", "10.9.0.10", "10.9.3.200"]),
            ipv6: range(["fd09::/64", "fd09::1", "fd09::1000", "fd09::13e8"]),
            image: crate::image_facts(&image),
            probe_deadline: 30,
        },
        lister: Box::new(SimulatedLister {
            directory: directory.clone(),
        }),
        image,
        simulator: Some(directory),
    }
}

/// A qcow2 header (version 3) of a disk of `bytes`, and nothing else: simulated guests read no blocks.
fn qcow2(bytes: u64) -> Vec<u8> {
    let mut file = vec![0; 64 << 10];
    file[..4].copy_from_slice(b"QFI\xfb");
    file[4..8].copy_from_slice(&3_u32.to_be_bytes());
    file[20..24].copy_from_slice(&16_u32.to_be_bytes());
    file[24..32].copy_from_slice(&bytes.to_be_bytes());
    file[100..104].copy_from_slice(&104_u32.to_be_bytes());
    file
}
