//! Guests: what Berth asks for, and what it finds.

use std::net::IpAddr;

use berth_model::{GuestType, Probe};
use uuid::Uuid;

/// A guest as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestSpec {
    /// The virtual machine's id; never reused.
    pub id: Uuid,
    /// Its name on the machine: `berth-` and the last 12 digits of the id.
    pub name: String,
    /// How it runs.
    pub guest_type: GuestType,
    /// In bytes; a multiple of 1 MiB.
    pub memory_bytes: u64,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// The pool of all its volumes.
    pub pool: String,
    /// The system disk's volume (qcow2), the first disk.
    pub system_volume: String,
    /// Data volumes, in a stable order.
    pub data: Vec<Disk>,
    /// The seed's volume, in a CD-ROM drive; without it the drive is empty.
    pub seed_volume: Option<String>,
    /// Its network interface.
    pub network: GuestNetwork,
}

impl GuestSpec {
    /// Names of its volumes, system disk first, without the seed: as [`GuestFacts::volumes`].
    pub fn volumes(&self) -> impl Iterator<Item = &str> {
        let data = self.data.iter().map(|disk| disk.volume.as_str());
        std::iter::once(self.system_volume.as_str()).chain(data)
    }
}

/// A data disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The volume's name.
    pub volume: String,
    /// What the guest finds it by: 20 hexadecimal digits.
    pub serial: String,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestNetwork {
    /// libvirt's name of the network.
    pub name: String,
    /// `52:54:00:…`
    pub mac: String,
}

/// A guest as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestFacts {
    /// Its UUID.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Whether Berth made it: told by the mark in its definition's metadata, not by its name.
    pub is_berths: bool,
    /// Whether it is on.
    pub power: GuestPower,
    /// In bytes.
    pub memory_bytes: u64,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Names of the volumes on its disks, system disk first, without the seed.
    pub volumes: Vec<String>,
    /// The seed's volume, if one is in the drive.
    pub seed_volume: Option<String>,
}

/// Whether a guest is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum GuestPower {
    /// It runs (also paused or going down).
    On,
    /// It is off.
    Off,
    /// It is off because it crashed.
    Crashed,
    /// It is being moved here. It runs elsewhere, or stands still, until it has arrived.
    Arriving,
    /// It stands still here at the end of a move away. For a moment each move is here; only one
    /// that was cut off at its end stays so, until [`crate::Hypervisor::guest_move`] is called
    /// again. A simulated machine never shows it.
    Leaving,
}

/// What happened to a guest: a hint to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestEvent {
    /// Which guest; `None` when the connection was lost or came back, so that all must be looked
    /// at.
    pub id: Option<Uuid>,
}

/// What a machine is and has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineFacts {
    /// libvirt's host UUID.
    pub host_uuid: Uuid,
    /// Its own host name.
    pub hostname: String,
    /// In bytes.
    pub memory_bytes: u64,
    /// Threads.
    pub cpus: u32,
    /// What libvirt calls its processors, such as `EPYC-Rome`, if it says.
    pub cpu_model: Option<String>,
    /// Of libvirt, such as `9.0.0`; `simulator` for a simulated one.
    pub version: String,
}

/// Where a deployment's health is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeTarget {
    /// The virtual machine's address.
    pub address: IpAddr,
    /// TCP port.
    pub port: u16,
    /// For the Host header.
    pub domain_name: String,
    /// What to ask.
    pub probe: Probe,
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Healthy,
    /// It answers, but not as it should; the text says what.
    Unhealthy(String),
    /// No answer; the text says why.
    Unreachable(String),
}
