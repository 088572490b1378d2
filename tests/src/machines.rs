//! What is on the machines, listed without Berth's own code where there is another way.

use std::{collections::BTreeSet, path::PathBuf, process::Command, sync::Arc};

use berth_hypervisor::{SimulatedMachine, SimulatorConfig};
use berth_model::SystemClock;
use uuid::Uuid;

/// Everything of Berth's on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Guests.
    pub guests: BTreeSet<ListedGuest>,
    /// Names of volumes.
    pub volumes: BTreeSet<String>,
}

/// A guest on a machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedGuest {
    /// Its UUID.
    pub id: Uuid,
    /// Whether it is on.
    pub is_on: bool,
}

/// A way to list.
pub trait Lister: Send + Sync {
    /// Everything of Berth's on a machine.
    fn list(&self, machine: &str) -> Listed;
}

/// Real machines, by `virsh`.
#[derive(Debug)]
pub struct VirshLister {
    /// Machines' names and URIs.
    pub uris: Vec<(String, String)>,
    /// The pool.
    pub pool: String,
}

impl VirshLister {
    fn virsh(&self, machine: &str, arguments: &[&str]) -> String {
        let (_, uri) = self.uris.iter().find(|(name, _)| name == machine).unwrap();
        let output = Command::new("virsh")
            .args(["-q", "-c", uri])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "virsh {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Lister for VirshLister {
    fn list(&self, machine: &str) -> Listed {
        let uuids = |all: &str| -> BTreeSet<Uuid> {
            self.virsh(machine, &["list", all, "--uuid"])
                .split_whitespace()
                .map(|id| id.parse().unwrap())
                .collect()
        };
        let on = uuids("--state-running");
        let guests = uuids("--all").into_iter().map(|id| ListedGuest {
            id,
            is_on: on.contains(&id),
        });
        self.virsh(machine, &["pool-refresh", &self.pool]);
        let volumes = self.virsh(machine, &["vol-list", &self.pool]);
        let names = volumes
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        Listed {
            guests: guests.collect(),
            volumes: names
                .filter(|name| is_counted(name))
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// Simulated machines, as they are now.
#[derive(Debug)]
pub struct SimulatedLister {
    /// Where the files are.
    pub directory: PathBuf,
}

impl Lister for SimulatedLister {
    fn list(&self, machine: &str) -> Listed {
        let config = SimulatorConfig::default();
        let clock = Arc::new(SystemClock);
        let machine = SimulatedMachine::open(&self.directory, machine, &config, clock).unwrap();
        let state = machine.state().unwrap();
        let guests = state.guests.iter().map(|(id, guest)| ListedGuest {
            id: *id,
            is_on: guest.power.is_on(),
        });
        let volumes = state.volumes.keys().filter(|name| is_counted(name));
        Listed {
            guests: guests.collect(),
            volumes: volumes.cloned().collect(),
        }
    }
}

/// Consoles come and go with their guests.
fn is_counted(name: &str) -> bool {
    name.starts_with("berth-") && !name.starts_with("berth-console-")
}
