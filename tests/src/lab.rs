//! The lab for a world: three machines with real libvirt (tests/lab/README.md).

use std::{
    fs::File,
    net::Ipv6Addr,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{Lister, MachineToEnroll, ProvisionPlan, Settings, VirshLister, image_facts};

/// The smallest plan's memory.
const GUEST_BYTES: i64 = 256 << 20;

/// The lab that `make test` put up.
#[derive(Debug)]
pub struct Lab {
    file: PathBuf,
    facts: Value,
    /// Locked: another test, also one of another process, would sweep this one's guests away.
    _alone: File,
}

impl Lab {
    /// Waits until no other test is on the lab's machines, and sweeps them. Panics when there is no lab:
    /// these tests never skip.
    pub async fn alone() -> Self {
        let file = std::env::var("BERTH_LAB").expect(
            "BERTH_LAB must name the lab's lab.json: run scripts/test, which puts a lab up",
        );
        let file = PathBuf::from(file);
        let lock = File::create(file.with_file_name("tests.lock")).unwrap();
        let alone = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
        let alone = alone.await.unwrap().unwrap();
        let text =
            std::fs::read(&file).unwrap_or_else(|cause| panic!("{}: {cause}", file.display()));
        let lab = Self {
            file,
            facts: serde_json::from_slice(&text).unwrap(),
            _alone: alone,
        };
        lab.sweep();
        lab
    }

    /// Its `lab.json`.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The machines' names.
    #[must_use]
    pub fn machines(&self) -> Vec<String> {
        let machines = self.facts["machines"].as_array().unwrap();
        machines
            .iter()
            .map(|machine| machine["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Breaks or mends a machine: `libvirtd-kill`, `libvirtd-start`, `libvirtd-hang`, …
    pub fn order(&self, command: &str, machine: &str) {
        let lab = concat!(env!("CARGO_MANIFEST_DIR"), "/lab/lab");
        let directory = self.file.parent().unwrap();
        let output = Command::new(lab)
            .args([command, machine, "--dir"])
            .arg(directory)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "lab {command} {machine}: {output:?}"
        );
    }

    /// Runs `virsh` for a machine; what it printed.
    pub fn virsh(&self, machine: &str, arguments: &[&str]) -> String {
        let (_, uri) = self
            .uris()
            .into_iter()
            .find(|(name, _)| name == machine)
            .unwrap();
        let output = Command::new("virsh")
            .args(["-q", "-c", &uri])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "virsh {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Removes every guest and volume that an earlier test left.
    pub fn sweep(&self) {
        for machine in self.machines() {
            let listed = self.lister().list(&machine);
            for guest in &listed.guests {
                let id = guest.id.to_string();
                if guest.is_on {
                    self.virsh(&machine, &["destroy", &id]);
                }
                self.virsh(&machine, &["undefine", &id]);
            }
            for volume in self.virsh(&machine, &["vol-list", "berth"]).lines() {
                let name = volume.split_whitespace().next().unwrap();
                self.virsh(&machine, &["vol-delete", name, "--pool", "berth"]);
            }
        }
    }

    /// Settings of a world on these machines, each with room for `guests` of the smallest plan.
    #[must_use]
    pub fn settings(&self, guests: i64, probe_deadline: i32) -> Settings {
        let text = |pointer: &str| {
            self.facts
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_else(|| panic!("{pointer}"))
        };
        let ipv4 = [
            "/subnets/ipv4",
            "/gateway/ipv4",
            "/guestAddresses/ipv4First",
            "/guestAddresses/ipv4Last",
        ];
        let first: Ipv6Addr = text("/guestAddresses/ipv6First").parse().unwrap();
        let last = Ipv6Addr::from_bits(first.to_bits() + 199);
        let image = images().join("tiny.qcow2");
        let machine = |(name, uri): (String, String)| MachineToEnroll {
            memory_reserve: self.memory(&name) - guests * GUEST_BYTES,
            name,
            uri,
        };
        Settings {
            plan: ProvisionPlan {
                machines: self.uris().into_iter().map(machine).collect(),
                ipv4: ipv4.map(|pointer| text(pointer).to_owned()),
                ipv6: [
                    text("/subnets/ipv6").to_owned(),
                    text("/gateway/ipv6").to_owned(),
                    first.to_string(),
                    last.to_string(),
                ],
                image: image_facts(&image),
                probe_deadline,
            },
            lister: Box::new(self.lister()),
            image,
            simulator: None,
        }
    }

    /// Lists what is on the machines.
    #[must_use]
    pub fn lister(&self) -> VirshLister {
        VirshLister {
            uris: self.uris(),
            pool: "berth".to_owned(),
        }
    }

    fn uris(&self) -> Vec<(String, String)> {
        let machines = self.facts["machines"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        machines
            .iter()
            .map(|machine| (text(&machine["name"]), text(&machine["uri"])))
            .collect()
    }

    /// In bytes, as libvirt tells it.
    fn memory(&self, machine: &str) -> i64 {
        let info = self.virsh(machine, &["nodeinfo"]);
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix("Memory size:"))
            .unwrap();
        line.split_whitespace()
            .next()
            .unwrap()
            .parse::<i64>()
            .unwrap()
            * 1024
    }
}

/// Where the guests' images are.
#[must_use]
pub fn images() -> PathBuf {
    std::env::var("BERTH_IMAGES")
        .expect("BERTH_IMAGES must name the images' folder")
        .into()
}
