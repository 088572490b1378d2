//! Volumes and pools.

use berth_hypervisor::{VolumeFormat, VolumeSource, VolumeSpec};
use berth_model::Sha256;
use sha2::Digest;

use super::{Bench, assert_refused, digits, empty, id, image, overlay};

const MIB: u64 = 1 << 20;

pub async fn the_machine_is_described(bench: &dyn Bench) {
    let machine = bench.machine();
    let facts = machine.machine_facts().await.unwrap();
    assert!(!facts.hostname.is_empty() && !facts.version.is_empty());
    assert!(facts.memory_bytes >= 256 * MIB && facts.cpus > 0);
    assert_eq!(machine.machine_facts().await.unwrap(), facts);
    let pool = machine.pool_facts(bench.pool()).await.unwrap();
    assert!(pool.capacity_bytes > 0 && pool.available_bytes <= pool.capacity_bytes);
    assert_refused(machine.pool_facts("no-such-pool").await);
    assert_refused(machine.volume_list("no-such-pool").await);
}

pub async fn a_volume_is_made_once_and_grows(bench: &dyn Bench) {
    let (machine, pool) = (bench.machine(), bench.pool());
    let name = format!("berth-data-{}", digits(id()));
    assert_eq!(machine.volume_get(pool, &name).await.unwrap(), None);
    empty(bench, &name, 2 * MIB).await.unwrap();
    empty(bench, &name, 2 * MIB).await.unwrap();
    let facts = machine.volume_get(pool, &name).await.unwrap().unwrap();
    assert_eq!((facts.bytes, facts.format), (2 * MIB, VolumeFormat::Raw));
    assert!(facts.allocated_bytes < MIB, "it is thin: {facts:?}");
    assert!(machine.volume_list(pool).await.unwrap().contains(&facts));

    assert_refused(empty(bench, &name, 3 * MIB).await);
    let other = VolumeSpec {
        name: name.clone(),
        bytes: 2 * MIB,
        source: VolumeSource::Qcow2Upload,
    };
    assert_refused(machine.volume_create(pool, &other).await);

    for bytes in [3 * MIB, 3 * MIB, MIB] {
        machine.volume_grow(pool, &name, bytes).await.unwrap();
        let facts = machine.volume_get(pool, &name).await.unwrap().unwrap();
        assert_eq!(facts.bytes, 3 * MIB);
    }
    machine.volume_delete(pool, &name).await.unwrap();
    machine.volume_delete(pool, &name).await.unwrap();
    assert_eq!(machine.volume_get(pool, &name).await.unwrap(), None);
    assert_refused(machine.volume_grow(pool, &name, MIB).await);
}

pub async fn what_is_uploaded_can_be_checked(bench: &dyn Bench) {
    let (machine, pool) = (bench.machine(), bench.pool());
    let name = format!("berth-seed-{}-1", digits(id()));
    empty(bench, &name, MIB).await.unwrap();
    let bytes: Vec<_> = (0..600_000_u32)
        .map(|number| number as u8 ^ (number >> 9) as u8)
        .collect();
    let file = image::file_of(&bytes);
    let empty_digest = machine.volume_digest(pool, &name, 600_000).await.unwrap();
    assert_eq!(
        empty_digest,
        Sha256(sha2::Sha256::digest(vec![0; 600_000]).into())
    );
    for _ in 0..2 {
        machine
            .volume_upload(pool, &name, file.path())
            .await
            .unwrap();
        let digest = machine.volume_digest(pool, &name, 600_000).await.unwrap();
        assert_eq!(digest, Sha256(sha2::Sha256::digest(&bytes).into()));
    }
    // Making it again must not empty it.
    empty(bench, &name, MIB).await.unwrap();
    let digest = machine.volume_digest(pool, &name, 600_000).await.unwrap();
    assert_eq!(digest, Sha256(sha2::Sha256::digest(&bytes).into()));

    let large = image::file_of(&vec![1; 2 << 20]);
    assert_refused(machine.volume_upload(pool, &name, large.path()).await);
    assert_refused(machine.volume_upload(pool, "berth-none", file.path()).await);
    machine.volume_delete(pool, &name).await.unwrap();
}

pub async fn a_system_disk_lies_on_its_image(bench: &dyn Bench) {
    let (machine, pool) = (bench.machine(), bench.pool());
    let end = digits(id());
    let (image, system) = (
        format!("berth-image-{end}"),
        format!("berth-system-{end}-1"),
    );
    assert_refused(overlay(bench, &system, &image).await);

    let source = VolumeSource::Qcow2Upload;
    let spec = VolumeSpec {
        name: image.clone(),
        bytes: image::VIRTUAL_BYTES,
        source,
    };
    let file = image::file();
    for _ in 0..2 {
        machine.volume_create(pool, &spec).await.unwrap();
        machine
            .volume_upload(pool, &image, file.path())
            .await
            .unwrap();
    }
    let length = image::bytes().len() as u64;
    let digest = machine.volume_digest(pool, &image, length).await.unwrap();
    assert_eq!(digest, Sha256(sha2::Sha256::digest(image::bytes()).into()));
    let facts = machine.volume_get(pool, &image).await.unwrap().unwrap();
    assert_eq!(
        (facts.bytes, facts.format),
        (image::VIRTUAL_BYTES, VolumeFormat::Qcow2)
    );

    overlay(bench, &system, &image).await.unwrap();
    overlay(bench, &system, &image).await.unwrap();
    let facts = machine.volume_get(pool, &system).await.unwrap().unwrap();
    assert_eq!(
        (facts.bytes, facts.format),
        (image::VIRTUAL_BYTES, VolumeFormat::Qcow2)
    );
    assert_refused(overlay(bench, &system, &system).await);
    let small = VolumeSpec {
        name: format!("berth-system-{end}-2"),
        bytes: image::VIRTUAL_BYTES / 2,
        source: VolumeSource::OverlayOn(image.clone()),
    };
    assert_refused(machine.volume_create(pool, &small).await);

    for name in [system, image] {
        machine.volume_delete(pool, &name).await.unwrap();
    }
}

/// What one call does to the pool must not make another one fail, or miss a volume.
pub async fn many_work_on_one_pool(bench: &dyn Bench) {
    let (machine, pool) = (bench.machine(), bench.pool());
    let end = digits(id());
    let image = format!("berth-image-{end}");
    let source = VolumeSource::Qcow2Upload;
    let spec = VolumeSpec {
        name: image.clone(),
        bytes: image::VIRTUAL_BYTES,
        source,
    };
    let file = image::file();
    machine.volume_create(pool, &spec).await.unwrap();
    machine
        .volume_upload(pool, &image, file.path())
        .await
        .unwrap();
    let one = async |number: u32| {
        let (data, system) = (
            format!("berth-data-{end}-{number}"),
            format!("berth-system-{end}-{number}"),
        );
        // Two workers, one of which has lost its claim, make the same volumes.
        let twice = tokio::join!(empty(bench, &data, MIB), empty(bench, &data, MIB));
        twice.0.unwrap();
        twice.1.unwrap();
        let twice = tokio::join!(
            overlay(bench, &system, &image),
            overlay(bench, &system, &image)
        );
        twice.0.unwrap();
        twice.1.unwrap();
        machine
            .volume_upload(pool, &data, file.path())
            .await
            .unwrap();
        let list = machine.volume_list(pool).await.unwrap();
        for name in [&data, &system] {
            assert!(
                list.iter().any(|volume| volume.name == *name),
                "{name} is in the list"
            );
            assert!(machine.volume_get(pool, name).await.unwrap().is_some());
            machine.volume_delete(pool, name).await.unwrap();
            assert_eq!(machine.volume_get(pool, name).await.unwrap(), None);
        }
    };
    futures::future::join_all((0..16).map(one)).await;
    machine.volume_delete(pool, &image).await.unwrap();
}
