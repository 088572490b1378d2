//! A guest's definition (libvirt's "domain XML", <https://libvirt.org/formatdomain.html>).

use berth_model::{GuestType, Result};
use serde::Serialize;
use uuid::Uuid;

use super::write;
use crate::GuestSpec;

/// The namespace of Berth's mark in a definition's metadata. A name, not an address.
pub(super) const MARK: &str = "https://berth.invalid/guest/1";
/// The CD-ROM drive of the seed.
const CDROM: &str = "sda";

/// The name of a guest's console log in its pool; rotated ones have `.0`, `.1`, … behind it.
pub(crate) fn console_name(id: Uuid) -> String {
    format!("berth-console-{id}.log")
}

/// The definition of a guest whose pool is the folder `pool_path` on the machine.
pub(crate) fn domain_xml(spec: &GuestSpec, pool_path: &str) -> Result<String> {
    let kvm = spec.guest_type == GuestType::Kvm;
    let domain = Domain {
        type_: if kvm { "kvm" } else { "qemu" },
        name: &spec.name,
        uuid: spec.id,
        metadata: Metadata {
            mark: Mark { xmlns: MARK },
        },
        memory: Memory {
            unit: "b",
            bytes: spec.memory_bytes,
        },
        vcpu: spec.vcpus,
        os: Os {
            type_: OsType {
                arch: "x86_64",
                machine: "q35",
                text: "hvm",
            },
        },
        features: Features { acpi: (), apic: () },
        cpu: Cpu {
            mode: if kvm { "host-model" } else { "maximum" },
        },
        clock: Clock { offset: "utc" },
        // A guest that crashes stays off and is seen so; whoever reconciles decides what follows.
        on_poweroff: "destroy",
        on_reboot: "restart",
        on_crash: "destroy",
        devices: devices(spec, pool_path, kvm),
    };
    write("domain", &domain)
}

/// The seed's drive without a medium, for `virDomainUpdateDeviceFlags`.
pub(crate) fn cdrom_empty_xml() -> Result<String> {
    write("disk", &cdrom("", None))
}

fn devices<'a>(spec: &'a GuestSpec, pool_path: &str, kvm: bool) -> Devices<'a> {
    let data = spec.data.iter().zip('b'..='z').map(|(disk, letter)| Disk {
        driver: Some(driver("raw", kvm)),
        source: Some(Source {
            pool: &spec.pool,
            volume: &disk.volume,
            startup_policy: None,
        }),
        target: Target {
            dev: format!("vd{letter}"),
            bus: "virtio",
        },
        serial: Some(&disk.serial),
        ..Disk::default()
    });
    let system = Disk {
        driver: Some(driver("qcow2", kvm)),
        source: Some(Source {
            pool: &spec.pool,
            volume: &spec.system_volume,
            startup_policy: None,
        }),
        target: Target {
            dev: "vda".into(),
            bus: "virtio",
        },
        // The only device to boot from: never from a data disk.
        boot: Some(Boot { order: 1 }),
        ..Disk::default()
    };
    let seed = cdrom(&spec.pool, spec.seed_volume.as_deref());
    Devices {
        disk: std::iter::once(system).chain(data).chain([seed]).collect(),
        controller: vec![
            // Debian's cloud kernel has no driver for the AHCI controller of this machine type.
            Controller {
                type_: "scsi",
                model: "virtio-scsi",
            },
            Controller {
                type_: "usb",
                model: "none",
            },
        ],
        interface: Interface {
            type_: "network",
            mac: Mac {
                address: &spec.network.mac,
            },
            source: NetworkSource {
                network: &spec.network.name,
            },
            model: Model { type_: "virtio" },
        },
        serial: Serial {
            type_: "pty",
            // In the pool, since a pool's files can be read through libvirt, without a shell.
            log: Log {
                file: format!("{pool_path}/{}", console_name(spec.id)),
                append: "off",
            },
        },
        memballoon: Balloon { model: "none" },
        rng: Rng {
            model: "virtio",
            backend: Backend {
                model: "random",
                source: "/dev/urandom",
            },
        },
    }
}

/// A drive whose medium may be gone when the guest starts.
fn cdrom<'a>(pool: &'a str, volume: Option<&'a str>) -> Disk<'a> {
    Disk {
        device: "cdrom",
        source: volume.map(|volume| Source {
            pool,
            volume,
            startup_policy: Some("optional"),
        }),
        target: Target {
            dev: CDROM.into(),
            bus: "scsi",
        },
        readonly: Some(()),
        ..Disk::default()
    }
}

/// How QEMU treats a disk. Both caches honour the guest's flushes. Past the host's cache is right
/// for a machine that runs many guests; a laptop or a lab (emulation) is quicker with it.
fn driver(format: &'static str, kvm: bool) -> Driver {
    Driver {
        name: "qemu",
        type_: format,
        cache: if kvm { "none" } else { "writeback" },
        io: kvm.then_some("native"),
        discard: "unmap",
    }
}

#[derive(Serialize)]
struct Domain<'a> {
    #[serde(rename = "@type")]
    type_: &'static str,
    name: &'a str,
    uuid: Uuid,
    metadata: Metadata,
    memory: Memory,
    vcpu: u32,
    os: Os,
    features: Features,
    cpu: Cpu,
    clock: Clock,
    on_poweroff: &'static str,
    on_reboot: &'static str,
    on_crash: &'static str,
    devices: Devices<'a>,
}

#[derive(Serialize)]
struct Metadata {
    #[serde(rename = "berth:guest")]
    mark: Mark,
}

#[derive(Serialize)]
struct Mark {
    #[serde(rename = "@xmlns:berth")]
    xmlns: &'static str,
}

#[derive(Serialize)]
struct Memory {
    #[serde(rename = "@unit")]
    unit: &'static str,
    #[serde(rename = "$text")]
    bytes: u64,
}

#[derive(Serialize)]
struct Os {
    #[serde(rename = "type")]
    type_: OsType,
}

#[derive(Serialize)]
struct OsType {
    #[serde(rename = "@arch")]
    arch: &'static str,
    #[serde(rename = "@machine")]
    machine: &'static str,
    #[serde(rename = "$text")]
    text: &'static str,
}

#[derive(Serialize)]
struct Features {
    acpi: (),
    apic: (),
}

#[derive(Serialize)]
struct Cpu {
    #[serde(rename = "@mode")]
    mode: &'static str,
}

#[derive(Serialize)]
struct Clock {
    #[serde(rename = "@offset")]
    offset: &'static str,
}

#[derive(Serialize)]
struct Devices<'a> {
    disk: Vec<Disk<'a>>,
    controller: Vec<Controller>,
    interface: Interface<'a>,
    serial: Serial,
    memballoon: Balloon,
    rng: Rng,
}

#[derive(Serialize)]
struct Disk<'a> {
    #[serde(rename = "@type")]
    type_: &'static str,
    #[serde(rename = "@device")]
    device: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    driver: Option<Driver>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source<'a>>,
    target: Target,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boot: Option<Boot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    readonly: Option<()>,
}

impl Default for Disk<'_> {
    fn default() -> Self {
        Self {
            type_: "volume",
            device: "disk",
            driver: None,
            source: None,
            target: Target {
                dev: String::new(),
                bus: "virtio",
            },
            serial: None,
            boot: None,
            readonly: None,
        }
    }
}

#[derive(Serialize)]
struct Driver {
    #[serde(rename = "@name")]
    name: &'static str,
    #[serde(rename = "@type")]
    type_: &'static str,
    #[serde(rename = "@cache")]
    cache: &'static str,
    #[serde(rename = "@io", skip_serializing_if = "Option::is_none")]
    io: Option<&'static str>,
    #[serde(rename = "@discard")]
    discard: &'static str,
}

#[derive(Serialize)]
struct Source<'a> {
    #[serde(rename = "@pool")]
    pool: &'a str,
    #[serde(rename = "@volume")]
    volume: &'a str,
    #[serde(rename = "@startupPolicy", skip_serializing_if = "Option::is_none")]
    startup_policy: Option<&'static str>,
}

#[derive(Serialize)]
struct Target {
    #[serde(rename = "@dev")]
    dev: String,
    #[serde(rename = "@bus")]
    bus: &'static str,
}

#[derive(Serialize)]
struct Boot {
    #[serde(rename = "@order")]
    order: u32,
}

#[derive(Serialize)]
struct Controller {
    #[serde(rename = "@type")]
    type_: &'static str,
    #[serde(rename = "@model")]
    model: &'static str,
}

#[derive(Serialize)]
struct Interface<'a> {
    #[serde(rename = "@type")]
    type_: &'static str,
    mac: Mac<'a>,
    source: NetworkSource<'a>,
    model: Model,
}

#[derive(Serialize)]
struct Mac<'a> {
    #[serde(rename = "@address")]
    address: &'a str,
}

#[derive(Serialize)]
struct NetworkSource<'a> {
    #[serde(rename = "@network")]
    network: &'a str,
}

#[derive(Serialize)]
struct Model {
    #[serde(rename = "@type")]
    type_: &'static str,
}

#[derive(Serialize)]
struct Serial {
    #[serde(rename = "@type")]
    type_: &'static str,
    log: Log,
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "@file")]
    file: String,
    #[serde(rename = "@append")]
    append: &'static str,
}

#[derive(Serialize)]
struct Balloon {
    #[serde(rename = "@model")]
    model: &'static str,
}

#[derive(Serialize)]
struct Rng {
    #[serde(rename = "@model")]
    model: &'static str,
    backend: Backend,
}

#[derive(Serialize)]
struct Backend {
    #[serde(rename = "@model")]
    model: &'static str,
    #[serde(rename = "$text")]
    source: &'static str,
}
