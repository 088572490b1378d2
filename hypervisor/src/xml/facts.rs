//! What Berth reads of libvirt's documents.

use serde::Deserialize;
use uuid::Uuid;

use super::domain::MARK;
use crate::{GuestFacts, GuestPower, GuestSpec, VolumeFormat};

/// A guest's definition as libvirt gives it back.
#[derive(Deserialize)]
pub(crate) struct DomainFacts {
    pub(crate) name: String,
    pub(crate) uuid: Uuid,
    memory: Memory,
    vcpu: Vcpu,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    devices: Devices,
}

impl DomainFacts {
    /// The part of it that the rest of Berth sees.
    pub(crate) fn facts(&self, power: GuestPower) -> GuestFacts {
        let volumes = |cdrom: bool| {
            let of_kind = move |disk: &&Disk| (disk.device == "cdrom") == cdrom;
            self.devices
                .disk
                .iter()
                .filter(of_kind)
                .filter_map(|disk| self.volume(disk).map(str::to_owned))
        };
        GuestFacts {
            id: self.uuid,
            name: self.name.clone(),
            is_berths: self.is_berths(),
            power,
            memory_bytes: self.memory.bytes(),
            vcpus: self.vcpu.current.unwrap_or(self.vcpu.count),
            volumes: volumes(false).collect(),
            seed_volume: volumes(true).next(),
        }
    }

    /// Whether a running guest is what is asked for. Its seed may have been ejected since.
    pub(crate) fn is_as_asked(&self, spec: &GuestSpec) -> bool {
        let facts = self.facts(GuestPower::On);
        let disks = self
            .devices
            .disk
            .iter()
            .filter(|disk| disk.device != "cdrom");
        let serials: Vec<_> = disks
            .skip(1)
            .filter_map(|disk| disk.serial.as_deref())
            .collect();
        let network = self.devices.interface.first();
        facts.is_berths
            && facts.memory_bytes == spec.memory_bytes
            && facts.vcpus == spec.vcpus
            && facts.volumes == spec.volumes().collect::<Vec<_>>()
            && serials
                == spec
                    .data
                    .iter()
                    .map(|disk| disk.serial.as_str())
                    .collect::<Vec<_>>()
            && network.is_some_and(|card| card.mac.address == spec.network.mac)
            && network.is_some_and(|card| card.source.network.as_ref() == Some(&spec.network.name))
            && (facts.seed_volume.is_none() || facts.seed_volume == spec.seed_volume)
    }

    /// Whether one of its drives holds this volume, the seed's too.
    pub(crate) fn uses(&self, volume: &str) -> bool {
        self.devices
            .disk
            .iter()
            .any(|disk| self.volume(disk) == Some(volume))
    }

    fn is_berths(&self) -> bool {
        self.metadata.guest.iter().any(|mark| mark.is_berths())
    }

    /// The volume in a drive. A guest of Berth's that was moved here has volumes as files until it
    /// is powered on the next time ([`super::domain_arriving`]).
    fn volume<'a>(&self, disk: &'a Disk) -> Option<&'a str> {
        let source = &disk.source;
        let file = source.file.as_deref().filter(|_| self.is_berths());
        let name = file.and_then(|file| file.rsplit('/').next());
        source.volume.as_deref().or(name)
    }

    /// The pool of its volumes: of the system disk's, as Berth's guests have all of them in one.
    pub(crate) fn pool(&self) -> Option<&str> {
        self.devices
            .disk
            .iter()
            .find_map(|disk| disk.source.pool.as_deref())
    }

    /// The file in which its console is logged.
    pub(crate) fn console_log(&self) -> Option<&str> {
        self.devices
            .serial
            .iter()
            .find_map(|serial| Some(serial.log.as_ref()?.file.as_str()))
    }
}

#[derive(Deserialize)]
struct Memory {
    #[serde(rename = "@unit")]
    unit: Option<String>,
    #[serde(rename = "$text")]
    amount: u64,
}

impl Memory {
    /// libvirt writes KiB; others are allowed in a definition.
    fn bytes(&self) -> u64 {
        let factor = match self.unit.as_deref() {
            Some("b" | "bytes") => 1,
            Some("MiB" | "M") => 1 << 20,
            Some("GiB" | "G") => 1 << 30,
            _ => 1 << 10,
        };
        self.amount.saturating_mul(factor)
    }
}

#[derive(Deserialize)]
struct Vcpu {
    #[serde(rename = "@current")]
    current: Option<u32>,
    #[serde(rename = "$text")]
    count: u32,
}

/// Only elements called `guest`, of whatever namespace.
#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, alias = "berth:guest")]
    guest: Vec<Mark>,
}

#[derive(Deserialize)]
struct Mark {
    #[serde(rename = "@xmlns:berth", alias = "@berth")]
    xmlns: Option<String>,
}

impl Mark {
    fn is_berths(&self) -> bool {
        self.xmlns.as_deref() == Some(MARK)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Devices {
    disk: Vec<Disk>,
    interface: Vec<Interface>,
    serial: Vec<Serial>,
}

#[derive(Deserialize)]
struct Disk {
    #[serde(rename = "@device", default)]
    device: String,
    #[serde(default)]
    source: Source,
    serial: Option<String>,
}

#[derive(Default, Deserialize)]
struct Source {
    #[serde(rename = "@pool")]
    pool: Option<String>,
    #[serde(rename = "@volume")]
    volume: Option<String>,
    #[serde(rename = "@file")]
    file: Option<String>,
}

#[derive(Deserialize)]
struct Interface {
    #[serde(default)]
    mac: Mac,
    #[serde(default)]
    source: NetworkSource,
}

#[derive(Default, Deserialize)]
struct Mac {
    #[serde(rename = "@address")]
    address: String,
}

#[derive(Default, Deserialize)]
struct NetworkSource {
    #[serde(rename = "@network")]
    network: Option<String>,
}

#[derive(Deserialize)]
struct Serial {
    log: Option<Log>,
}

#[derive(Deserialize)]
struct Log {
    #[serde(rename = "@file")]
    file: String,
}

/// A volume as libvirt gives it back.
#[derive(Deserialize)]
pub(crate) struct VolumeXml {
    target: VolumeTarget,
    #[serde(rename = "backingStore")]
    backing: Option<Backing>,
}

impl VolumeXml {
    /// Its layout.
    pub(crate) fn format(&self) -> VolumeFormat {
        match self
            .target
            .format
            .as_ref()
            .map(|format| format.type_.as_str())
        {
            // A file without any known header: libvirt may leave the element out.
            Some("raw" | "iso") | None => VolumeFormat::Raw,
            Some("qcow2") => VolumeFormat::Qcow2,
            Some(_) => VolumeFormat::Other,
        }
    }

    /// The file that an overlay lies on.
    pub(crate) fn backing_path(&self) -> Option<&str> {
        self.backing.as_ref()?.path.as_deref()
    }
}

#[derive(Deserialize)]
struct VolumeTarget {
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Format {
    #[serde(rename = "@type")]
    type_: String,
}

#[derive(Deserialize)]
struct Backing {
    path: Option<String>,
}

/// A pool as libvirt gives it back.
#[derive(Deserialize)]
pub(crate) struct PoolXml {
    pub(crate) target: PoolTarget,
}

/// Where a pool's files are.
#[derive(Deserialize)]
pub(crate) struct PoolTarget {
    pub(crate) path: String,
}

/// The part of `virConnectGetCapabilities` that says which host it is.
#[derive(Deserialize)]
pub(crate) struct Capabilities {
    pub(crate) host: Host,
}

/// A host.
#[derive(Deserialize)]
pub(crate) struct Host {
    pub(crate) uuid: Uuid,
    #[serde(default)]
    pub(crate) cpu: HostCpu,
}

/// A host's processors.
#[derive(Default, Deserialize)]
pub(crate) struct HostCpu {
    pub(crate) model: Option<String>,
}
