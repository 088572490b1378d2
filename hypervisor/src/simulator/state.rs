//! All that is known of a simulated machine: its file's content.

use std::collections::BTreeMap;

use berth_model::{Result, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Digest;
use uuid::{Builder, Uuid};

use super::{Faults, SimulatorConfig, faults::refused};
use crate::{
    Disk, GuestFacts, GuestPower, GuestSpec, MachineFacts, PoolFacts, Seed, VolumeFacts,
    VolumeFormat,
};

/// A simulated machine at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulatorState {
    /// Made from its name.
    pub host_uuid: Uuid,
    /// Its name.
    pub hostname: String,
    /// In bytes.
    pub memory_bytes: u64,
    /// Processors.
    pub cpus: u32,
    /// The name of its storage pool.
    pub pool: String,
    /// In bytes.
    pub pool_bytes: u64,
    /// The name of its network.
    pub network: String,
    /// From power-on to healthy.
    pub boot_millis: u64,
    /// From the power button to off.
    pub shutdown_millis: u64,
    /// From the beginning of a guest's move to its end.
    #[serde(default)]
    pub move_millis: u64,
    /// The most memory that running guests ever had together, in bytes.
    pub peak_memory_bytes: u64,
    /// The most virtual CPUs that running guests ever had together.
    pub peak_vcpus: u64,
    /// The most that the volumes could ever have grown to together, in bytes.
    pub peak_pool_bytes: u64,
    /// By name.
    pub volumes: BTreeMap<String, SimulatedVolume>,
    /// By id.
    pub guests: BTreeMap<Uuid, SimulatedGuest>,
    /// The last move here of each guest that ever was.
    #[serde(default)]
    pub arrivals: BTreeMap<Uuid, SimulatedArrival>,
    /// What is wrong with it.
    pub faults: Faults,
}

/// A volume of a simulated machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedVolume {
    /// Its layout.
    pub format: VolumeFormat,
    /// As a guest sees it, in bytes.
    pub bytes: u64,
    /// The volume that it lies on.
    pub backing: Option<String>,
    /// What was written into it from outside.
    pub upload: Option<SimulatedUpload>,
    /// What a guest wrote into it.
    pub data: Option<SimulatedData>,
}

/// What was written into a volume from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedUpload {
    /// In bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// What a guest reads of it, if it is a seed.
    pub seed: Option<Seed>,
}

/// What a guest wrote into a data volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedData {
    /// How often it was formatted: once, or something is lost.
    pub formats: u32,
    /// Written when it was formatted, and never again: which guest, and when.
    pub note: String,
    /// The seed that the guest keeps on it.
    pub kept: Option<Seed>,
}

/// A guest of a simulated machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedGuest {
    /// Its name.
    pub name: String,
    /// False for a guest that somebody else made.
    pub is_berths: bool,
    /// In bytes.
    pub memory_bytes: u64,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Its system disk; empty for a guest that somebody else made.
    pub system_volume: String,
    /// Its data volumes: name and serial.
    pub data: Vec<(String, String)>,
    /// What is in its CD-ROM drive.
    pub seed_volume: Option<String>,
    /// Of its network interface.
    pub mac: String,
    /// Whether it is on.
    pub power: SimulatedPower,
    /// How often it was powered on.
    pub starts: u32,
    /// What it follows since it started: from the drive, or kept on its data volumes.
    pub seed: Option<Seed>,
    /// What it wrote since it was powered on, or arrived here.
    pub console: String,
    /// Where it is being moved to.
    #[serde(default)]
    pub moving: Option<SimulatedMove>,
}

/// A move that is going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedMove {
    /// The other machine's name.
    pub to: String,
    /// When it began.
    pub since: Timestamp,
    /// When it will be over.
    pub until: Timestamp,
}

/// A move that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedArrival {
    /// The other machine's name.
    pub from: String,
    /// When it began.
    pub since: Timestamp,
}

/// Whether a simulated guest is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum SimulatedPower {
    /// It is off.
    Off,
    /// It is off because it crashed.
    Crashed,
    /// It is on.
    #[serde(rename_all = "camelCase")]
    On {
        /// When it was powered on.
        since: Timestamp,
        /// Whether its start is over.
        is_started: bool,
        /// When the power button will have taken effect.
        off_at: Option<Timestamp>,
    },
    /// It is being moved here, and runs elsewhere.
    Arriving {
        /// The other machine's name.
        from: String,
    },
}

impl SimulatedPower {
    /// Whether it is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        matches!(self, Self::On { .. })
    }

    pub(super) fn is_arriving(&self) -> bool {
        matches!(self, Self::Arriving { .. })
    }
}

impl SimulatorState {
    pub(super) fn new(name: &str, config: &SimulatorConfig) -> Self {
        let digest = sha2::Sha256::digest(name.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self {
            host_uuid: Builder::from_custom_bytes(bytes).into_uuid(),
            hostname: name.to_owned(),
            memory_bytes: config.memory_bytes,
            cpus: config.cpus,
            pool: config.pool.clone(),
            pool_bytes: config.pool_bytes,
            network: config.network.clone(),
            boot_millis: config.boot_millis,
            shutdown_millis: config.shutdown_millis,
            move_millis: config.move_millis,
            peak_memory_bytes: 0,
            peak_vcpus: 0,
            peak_pool_bytes: 0,
            volumes: BTreeMap::new(),
            guests: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            faults: Faults::default(),
        }
    }

    /// Guests that are on.
    pub fn running(&self) -> impl Iterator<Item = &SimulatedGuest> {
        self.guests.values().filter(|guest| guest.power.is_on())
    }

    /// Guests that take memory and hold their volumes: those that are on, and those that arrive.
    pub(super) fn active(&self) -> impl Iterator<Item = &SimulatedGuest> {
        let is_active = |guest: &&SimulatedGuest| guest.power.is_on() || guest.power.is_arriving();
        self.guests.values().filter(is_active)
    }

    pub(super) fn machine_facts(&self) -> MachineFacts {
        MachineFacts {
            host_uuid: self.host_uuid,
            hostname: self.hostname.clone(),
            memory_bytes: self.memory_bytes,
            cpus: self.cpus,
            cpu_model: Some("simulated".into()),
            version: "simulator".into(),
        }
    }

    pub(super) fn pool_facts(&self, pool: &str) -> Result<PoolFacts> {
        self.pool_check(pool)?;
        let allocated = self
            .volumes
            .values()
            .map(SimulatedVolume::allocated_bytes)
            .sum();
        Ok(PoolFacts {
            capacity_bytes: self.pool_bytes,
            allocated_bytes: allocated,
            available_bytes: self.pool_bytes.saturating_sub(allocated),
        })
    }

    pub(super) fn pool_check(&self, pool: &str) -> Result<()> {
        if pool == self.pool {
            return Ok(());
        }
        Err(refused(format!("A machine has no storage pool {pool:?}.")))
    }
}

impl SimulatedVolume {
    /// What it takes now: what was written, and a little for a file system.
    pub(super) fn allocated_bytes(&self) -> u64 {
        let uploaded = self.upload.as_ref().map_or(0, |upload| upload.bytes);
        let formatted = if self.data.is_some() { 1 << 20 } else { 0 };
        uploaded.max(formatted)
    }

    pub(super) fn facts(&self, name: &str) -> VolumeFacts {
        VolumeFacts {
            name: name.to_owned(),
            format: self.format,
            bytes: self.bytes,
            allocated_bytes: self.allocated_bytes(),
        }
    }
}

impl SimulatedGuest {
    pub(super) fn new(spec: &GuestSpec) -> Self {
        let pair = |disk: &Disk| (disk.volume.clone(), disk.serial.clone());
        Self {
            name: spec.name.clone(),
            is_berths: true,
            memory_bytes: spec.memory_bytes,
            vcpus: spec.vcpus,
            system_volume: spec.system_volume.clone(),
            data: spec.data.iter().map(pair).collect(),
            seed_volume: spec.seed_volume.clone(),
            mac: spec.network.mac.clone(),
            power: SimulatedPower::Off,
            starts: 0,
            seed: None,
            console: String::new(),
            moving: None,
        }
    }

    /// Names of its volumes, system disk first, without the seed.
    pub(super) fn volumes(&self) -> impl Iterator<Item = &String> {
        let system = Some(&self.system_volume).filter(|name| !name.is_empty());
        system
            .into_iter()
            .chain(self.data.iter().map(|(volume, _)| volume))
    }

    /// Whether one of its drives holds this volume.
    pub(super) fn uses(&self, name: &str) -> bool {
        self.volumes().any(|volume| volume == name) || self.seed_volume.as_deref() == Some(name)
    }

    pub(super) fn facts(&self, id: Uuid) -> GuestFacts {
        GuestFacts {
            id,
            name: self.name.clone(),
            is_berths: self.is_berths,
            power: match self.power {
                SimulatedPower::Off => GuestPower::Off,
                SimulatedPower::Crashed => GuestPower::Crashed,
                SimulatedPower::On { .. } => GuestPower::On,
                SimulatedPower::Arriving { .. } => GuestPower::Arriving,
            },
            memory_bytes: self.memory_bytes,
            vcpus: self.vcpus,
            volumes: self.volumes().cloned().collect(),
            seed_volume: self.seed_volume.clone(),
        }
    }
}
