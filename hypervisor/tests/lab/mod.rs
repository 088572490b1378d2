//! Machines of a lab (tests/lab of the project).

pub mod moves;

use std::{path::PathBuf, process::Command, time::Duration};

use async_trait::async_trait;
use berth_hypervisor::{Hypervisor, LibvirtConfig, LibvirtMachine};
use serde_json::Value;
use tokio::sync::Mutex;

use super::suite::{Bench, Pair};

/// The libvirtd of the second machine is broken by one test at a time; tests of all others leave it
/// alone.
pub static BROKEN: Mutex<()> = Mutex::const_new(());

pub struct Lab {
    file: PathBuf,
    description: Value,
}

pub struct LabMachine {
    machine: LibvirtMachine,
    pub pool: String,
    network: String,
}

/// Mends a machine when it is dropped, also by a test that fails.
pub struct Broken {
    lab: PathBuf,
    name: String,
    mend: &'static str,
}

impl Lab {
    /// The lab that `BERTH_LAB` names.
    pub fn find() -> Self {
        let file = std::env::var_os("BERTH_LAB").map(PathBuf::from).expect(
            "set BERTH_LAB to the path of a lab's lab.json (make one: tests/lab/lab up); these \
             tests need a real libvirtd",
        );
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("BERTH_LAB: {}: {error}", file.display()));
        Self {
            description: serde_json::from_str(&text).unwrap(),
            file,
        }
    }

    /// A connection to one of its machines.
    pub fn machine(&self, index: usize, config: LibvirtConfig) -> LabMachine {
        let machine = &self.description["machines"][index];
        let text = |key: &str| {
            machine[key]
                .as_str()
                .expect("lab.json is complete")
                .to_owned()
        };
        LabMachine {
            machine: LibvirtMachine::connect(&text("name"), &text("uri"), config).unwrap(),
            pool: text("pool"),
            network: text("network"),
        }
    }

    /// Two of its machines.
    pub fn pair(&self, from: usize, to: usize, config: LibvirtConfig) -> Pair {
        Pair {
            from: Box::new(self.machine(from, config.clone())),
            to: Box::new(self.machine(to, config)),
            from_uri: self.uri(from),
            to_uri: self.uri(to),
            nobody: "qemu+tcp://127.0.0.1:1/system".into(),
        }
    }

    /// The address of one of its machines.
    pub fn uri(&self, index: usize) -> String {
        let uri = self.description["machines"][index]["uri"].as_str();
        uri.expect("lab.json is complete").to_owned()
    }

    /// Breaks a machine until the result is dropped.
    pub fn broken(&self, index: usize, how: &str, mend: &'static str) -> Broken {
        let name = self.description["machines"][index]["name"]
            .as_str()
            .unwrap()
            .to_owned();
        lab(&self.file, how, &name);
        Broken {
            lab: self.file.clone(),
            name,
            mend,
        }
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        lab(&self.lab, self.mend, &self.name);
    }
}

fn lab(file: &std::path::Path, command: &str, name: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/lab/lab");
    let folder = file.parent().expect("a file lies in a folder");
    let output = Command::new(script)
        .args([command, name, "--dir"])
        .arg(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "lab {command} {name}: {output:?}");
}

#[async_trait]
impl Bench for LabMachine {
    fn machine(&self) -> &dyn Hypervisor {
        &self.machine
    }

    fn pool(&self) -> &str {
        &self.pool
    }

    fn network(&self) -> &str {
        &self.network
    }

    async fn time_passes(&self) {
        // Real guests take real time; this is how often they are looked at.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
