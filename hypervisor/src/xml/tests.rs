//! Golden files of what is written, and what comes back of it.

use berth_model::GuestType;
use uuid::Uuid;

use super::*;
use crate::{Disk, GuestNetwork, GuestPower, GuestSpec, VolumeFormat, VolumeSource, VolumeSpec};

fn spec(guest_type: GuestType) -> GuestSpec {
    GuestSpec {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0123_4567_89ab),
        name: "berth-0123456789ab".into(),
        guest_type,
        memory_bytes: 512 << 20,
        vcpus: 2,
        pool: "berth".into(),
        system_volume: "berth-system-1".into(),
        data: vec![
            Disk {
                volume: "berth-data-1".into(),
                serial: "00000000000000000001".into(),
            },
            Disk {
                volume: "a<&'\">b".into(),
                serial: "00000000000000000002".into(),
            },
        ],
        seed_volume: Some("berth-seed-1".into()),
        network: GuestNetwork {
            name: "berth".into(),
            mac: "52:54:00:01:02:03".into(),
        },
    }
}

#[test]
fn a_guest_is_written() {
    let path = "/var/lib/libvirt/berth";
    insta::assert_snapshot!(
        "guest_kvm",
        domain_xml(&spec(GuestType::Kvm), path).unwrap()
    );
    insta::assert_snapshot!(
        "guest_qemu",
        domain_xml(&spec(GuestType::Qemu), path).unwrap()
    );
    let bare = GuestSpec {
        seed_volume: None,
        data: vec![],
        ..spec(GuestType::Qemu)
    };
    insta::assert_snapshot!("guest_bare", domain_xml(&bare, path).unwrap());
    insta::assert_snapshot!("cdrom_empty", cdrom_empty_xml().unwrap());
}

#[test]
fn a_guest_is_read_back() {
    let spec = spec(GuestType::Qemu);
    let read: DomainFacts = read(&domain_xml(&spec, "/pool").unwrap()).unwrap();
    let facts = read.facts(GuestPower::Off);
    assert_eq!(facts.id, spec.id);
    assert_eq!(facts.name, spec.name);
    assert!(facts.is_berths);
    assert_eq!(facts.memory_bytes, spec.memory_bytes);
    assert_eq!(facts.vcpus, 2);
    assert_eq!(
        facts.volumes,
        ["berth-system-1", "berth-data-1", "a<&'\">b"]
    );
    assert_eq!(facts.seed_volume.as_deref(), Some("berth-seed-1"));
    assert_eq!(
        read.console_log(),
        Some("/pool/berth-console-01900000-0000-7000-8000-0123456789ab.log")
    );
    assert!(read.is_as_asked(&spec));
    assert!(read.uses("berth-seed-1") && !read.uses("berth-seed-2"));
    for other in [
        GuestSpec {
            vcpus: 3,
            ..spec.clone()
        },
        GuestSpec {
            memory_bytes: 1 << 30,
            ..spec.clone()
        },
        GuestSpec {
            data: vec![],
            ..spec.clone()
        },
        GuestSpec {
            seed_volume: None,
            ..spec.clone()
        },
        GuestSpec {
            system_volume: "other".into(),
            ..spec.clone()
        },
        GuestSpec {
            network: GuestNetwork {
                name: "other".into(),
                mac: "52:54:00:01:02:03".into(),
            },
            ..spec.clone()
        },
    ] {
        assert!(!read.is_as_asked(&other), "{other:?}");
    }
}

/// Somebody else's guest, as libvirt writes it: no metadata, files for disks, elements in between.
#[test]
fn a_foreign_guest_is_read() {
    let read: DomainFacts = read(
        "<domain type='kvm' id='3'><name>foreign</name>\
         <uuid>01900000-0000-7000-8000-0123456789ab</uuid>\
         <metadata><x:guest xmlns:x='https://example.net/'/></metadata>\
         <memory unit='KiB'>2048</memory><vcpu placement='static' current='1'>4</vcpu>\
         <devices><disk type='file' device='disk'><source file='/a.img'/></disk>\
         <controller type='usb'/><disk type='file' device='cdrom'/>\
         <serial type='pty'><target port='0'/></serial></devices></domain>",
    )
    .unwrap();
    let facts = read.facts(GuestPower::On);
    assert!(!facts.is_berths);
    assert_eq!((facts.memory_bytes, facts.vcpus), (2 << 20, 1));
    assert_eq!(facts.volumes, Vec::<String>::new());
    assert_eq!(read.console_log(), None);
}

#[test]
fn volumes_are_written_and_read() {
    let spec = |source| VolumeSpec {
        name: "berth-x".into(),
        bytes: 3 << 30,
        source,
    };
    let base = Base {
        path: "/pool/berth-image-1",
        format: VolumeFormat::Qcow2,
    };
    let overlay = volume_xml(
        &spec(VolumeSource::OverlayOn("berth-image-1".into())),
        Some(&base),
    )
    .unwrap();
    insta::assert_snapshot!("volume_overlay", overlay);
    insta::assert_snapshot!(
        "volume_raw",
        volume_xml(&spec(VolumeSource::Empty), None).unwrap()
    );
    let read: VolumeXml = read(&overlay).unwrap();
    assert_eq!(read.format(), VolumeFormat::Qcow2);
    assert_eq!(read.backing_path(), Some("/pool/berth-image-1"));
}

/// A guest as libvirt gives it back for another machine.
const MIGRATABLE: &str = "<domain type='qemu'><name>berth-1</name>\
    <metadata><berth:guest xmlns:berth='https://berth.invalid/guest/1'/></metadata>\
    <devices><disk type='volume' device='disk'><driver name='qemu' type='qcow2'/>\
    <source pool='berth' volume='berth-system-&amp;1'/><target dev='vda' bus='virtio'/></disk>\
    <disk type='file' device='disk'><source file='/pool/berth-data-1'/></disk>\
    <disk type='volume' device='cdrom'><target dev='sda' bus='scsi'/><readonly/></disk>\
    <interface type='network'><source network='berth'/></interface>\
    <serial type='pty'><log file='/pool/berth-console-1.log' append='off'/></serial>\
    <rng model='virtio'><backend model='random'>/pool/random</backend></rng></devices></domain>";

fn place(pool: &str, path: &str) -> Place {
    Place {
        pool: pool.into(),
        path: path.into(),
    }
}

#[test]
fn a_guest_is_written_for_another_machine() {
    let (from, to) = (place("berth", "/pool"), place("other", "/other&pool"));
    let kept = domain_kept(MIGRATABLE, &from, &to).unwrap();
    insta::assert_snapshot!("moved_kept", kept.replace("><", ">\n<"));
    let arriving = domain_arriving(MIGRATABLE, &from, &to).unwrap();
    insta::assert_snapshot!("moved_arriving", arriving.replace("><", ">\n<"));
    // A pool of the same name and folder changes nothing but the quotes.
    let same = domain_kept(MIGRATABLE, &from, &from).unwrap();
    assert_eq!(same.replace('"', "'"), MIGRATABLE);
}

/// A guest that was moved has files, but they are still volumes to Berth; a foreign guest's aren't.
#[test]
fn a_guest_that_was_moved_is_read() {
    let path = "/var/lib/libvirt/berth";
    let spec = GuestSpec {
        seed_volume: None,
        ..spec(GuestType::Qemu)
    };
    let place = place("berth", path);
    let xml = domain_xml(&spec, path).unwrap();
    let arriving = domain_arriving(&xml, &place, &place).unwrap();
    assert!(!arriving.contains("pool="), "{arriving}");
    let read: DomainFacts = read(&arriving).unwrap();
    assert!(read.is_as_asked(&spec));
    assert!(read.uses("berth-data-1") && !read.uses("berth-data-2"));
    assert_eq!(read.pool(), None);
}
