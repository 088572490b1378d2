//! Volumes and storage pools.

use std::{thread, time::Duration};

use virt::{
    connect::Connect, error::ErrorNumber, storage_pool::StoragePool, storage_vol::StorageVol,
    stream::Stream, sys,
};

use super::{
    error::{Failure, is, unavailable},
    facts,
};
use crate::{
    PoolFacts, VolumeFacts, VolumeFormat, VolumeSource, VolumeSpec,
    xml::{self, Base, PoolXml, VolumeXml},
};

/// Console logs lie in the pool, but are no volumes.
const CONSOLE_PREFIX: &str = "berth-console-";

/// How often, and after which waits, a volume in the making is looked at again.
const PATIENCE: u32 = 40;
const PATIENCE_STEP: Duration = Duration::from_millis(50);

/// Tries again while another call (of another worker, too) is making the same volume.
pub(super) fn patiently<T>(mut work: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    for _ in 0..PATIENCE {
        match work() {
            Err(failure) if failure.is_volume_in_the_making() => {
                thread::park_timeout(PATIENCE_STEP);
            }
            result => return result,
        }
    }
    work().map_err(|failure| match failure {
        Failure::Libvirt(error) if is(&error, ErrorNumber::NoStorageVolume) => {
            Failure::Berth(unavailable(error))
        }
        failure => failure,
    })
}

pub(super) fn pool(connect: &Connect, name: &str) -> Result<StoragePool, Failure> {
    connect.lookup_storage_pool_by_name(name).map_err(|error| {
        if is(&error, ErrorNumber::NoStoragePool) {
            return Failure::refused(format!("A machine has no storage pool {name:?}."));
        }
        error.into()
    })
}

/// The folder of a pool on the machine.
pub(super) fn pool_path(pool: &StoragePool) -> Result<String, Failure> {
    let pool: PoolXml = xml::read(&pool.xml_desc(0)?)?;
    Ok(pool.target.path)
}

pub(super) fn pool_facts(connect: &Connect, name: &str) -> Result<PoolFacts, Failure> {
    let info = pool(connect, name)?.info()?;
    Ok(PoolFacts {
        capacity_bytes: info.capacity,
        allocated_bytes: info.allocation,
        available_bytes: info.available,
    })
}

/// Has libvirt look at the pool's folder. False: it won't while a volume is being made; then it
/// knows what it made itself, all the same.
pub(super) fn refresh(pool: &StoragePool) -> Result<bool, Failure> {
    match pool.refresh(0) {
        Ok(()) => Ok(true),
        // No code of its own (storage_driver.c, storagePoolRefresh).
        Err(error) if error.message().contains("asynchronous jobs running") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn list(connect: &Connect, pool_name: &str) -> Result<Vec<VolumeFacts>, Failure> {
    let pool = pool(connect, pool_name)?;
    refresh(&pool)?;
    let mut list = Vec::new();
    for volume in pool.list_all_volumes(0)? {
        let name = volume.name()?;
        if name.starts_with(CONSOLE_PREFIX) {
            continue;
        }
        match volume_facts(&volume) {
            Ok(found) => list.push(found),
            // Removed since the list was made.
            Err(failure) if failure.is(ErrorNumber::NoStorageVolume) => {}
            Err(failure) => return Err(failure),
        }
    }
    list.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(list)
}

/// libvirt's handle of a volume.
pub(super) fn lookup(pool: &StoragePool, name: &str) -> Result<Option<StorageVol>, Failure> {
    match pool.lookup_storage_vol_by_name(name) {
        Ok(volume) => Ok(Some(volume)),
        Err(error) if is(&error, ErrorNumber::NoStorageVolume) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A volume that must be there.
pub(super) fn existing(
    connect: &Connect,
    pool_name: &str,
    name: &str,
) -> Result<StorageVol, Failure> {
    lookup(&pool(connect, pool_name)?, name)?
        .ok_or_else(|| Failure::refused(format!("A machine has no volume {name}.")))
}

pub(super) fn volume_facts(volume: &StorageVol) -> Result<VolumeFacts, Failure> {
    let info = volume.info()?;
    Ok(VolumeFacts {
        name: volume.name()?,
        format: read(volume)?.format(),
        bytes: info.capacity,
        allocated_bytes: info.allocation,
    })
}

pub(super) fn read(volume: &StorageVol) -> Result<VolumeXml, Failure> {
    Ok(xml::read(&volume.xml_desc(0)?)?)
}

pub(super) fn get(
    connect: &Connect,
    pool_name: &str,
    name: &str,
) -> Result<Option<VolumeFacts>, Failure> {
    match lookup(&pool(connect, pool_name)?, name)?.map(|volume| volume_facts(&volume)) {
        None => Ok(None),
        Some(Err(failure)) if failure.is(ErrorNumber::NoStorageVolume) => Ok(None),
        Some(facts) => facts.map(Some),
    }
}

pub(super) fn create(connect: &Connect, pool_name: &str, spec: &VolumeSpec) -> Result<(), Failure> {
    let pool = pool(connect, pool_name)?;
    let base = base(connect, pool_name, spec)?;
    if let Some(volume) = lookup(&pool, &spec.name)? {
        let facts = volume_facts(&volume)?;
        if facts.bytes > 0 {
            return same(connect, spec, &volume, base.as_deref());
        }
        // Libvirtd was killed while it made the file: nothing is in it.
        volume.delete(0)?;
    }
    let base = base.as_deref().map(|path| Base {
        path,
        format: VolumeFormat::Qcow2,
    });
    let xml = xml::volume_xml(spec, base.as_ref())?;
    match StorageVol::create_xml(&pool, &xml, 0) {
        Ok(_) => Ok(()),
        // Another call made it since; ours is the same, or is refused.
        Err(error) if is(&error, ErrorNumber::StorageVolExist) => {
            let volume = existing(connect, pool_name, &spec.name)?;
            let base = base.map(|base| base.path);
            same(connect, spec, &volume, base)
        }
        Err(error) => Err(error.into()),
    }
}

/// The file of the volume that an overlay shall lie on.
fn base(connect: &Connect, pool_name: &str, spec: &VolumeSpec) -> Result<Option<String>, Failure> {
    let VolumeSource::OverlayOn(name) = &spec.source else {
        return Ok(None);
    };
    let volume = existing(connect, pool_name, name)?;
    let facts = volume_facts(&volume)?;
    if facts.format != VolumeFormat::Qcow2 || facts.bytes > spec.bytes {
        return Err(Failure::refused(format!(
            "An overlay of {} bytes can't lie on {name}, which is {:?} of {} bytes.",
            spec.bytes, facts.format, facts.bytes
        )));
    }
    Ok(Some(volume.path()?))
}

/// Accepts a volume that is there if it is the one that is asked for.
fn same(
    connect: &Connect,
    spec: &VolumeSpec,
    volume: &StorageVol,
    base: Option<&str>,
) -> Result<(), Failure> {
    if difference(spec, volume, base)?.is_none() {
        return Ok(());
    }
    // It may only look different because it is half written.
    made_check(connect, volume)?;
    match difference(spec, volume, base)? {
        None => Ok(()),
        Some(text) => Err(Failure::refused(text)),
    }
}

/// What a volume has that was not asked for.
fn difference(
    spec: &VolumeSpec,
    volume: &StorageVol,
    base: Option<&str>,
) -> Result<Option<String>, Failure> {
    let facts = volume_facts(volume)?;
    let xml = read(volume)?;
    let format = spec.source.format();
    let is_upload = spec.source == VolumeSource::Qcow2Upload;
    let same_content = facts.bytes == spec.bytes && xml.backing_path() == base;
    if facts.format == format && (is_upload || same_content) {
        return Ok(None);
    }
    Ok(Some(format!(
        "The volume {} is there already, but is {:?} of {} bytes on {:?}, not {format:?} of {} on \
         {base:?}.",
        spec.name,
        facts.format,
        facts.bytes,
        xml.backing_path(),
        spec.bytes
    )))
}

/// Fails while another call is making the volume: libvirt lets nobody read it until it is whole.
fn made_check(connect: &Connect, volume: &StorageVol) -> Result<(), Failure> {
    let stream = Stream::new(connect, 0)?;
    volume.download(&stream, 0, 1, 0)?;
    Ok(stream.abort()?)
}

pub(super) fn grow(
    connect: &Connect,
    pool_name: &str,
    name: &str,
    bytes: u64,
) -> Result<(), Failure> {
    let volume = existing(connect, pool_name, name)?;
    if volume.info()?.capacity >= bytes {
        return Ok(());
    }
    idle_check(connect, name)?;
    volume.resize(bytes, 0)?;
    Ok(())
}

pub(super) fn delete(connect: &Connect, pool_name: &str, name: &str) -> Result<(), Failure> {
    let Some(volume) = lookup(&pool(connect, pool_name)?, name)? else {
        return Ok(());
    };
    idle_check(connect, name)?;
    match volume.delete(0) {
        Err(error) if !is(&error, ErrorNumber::NoStorageVolume) => Err(error.into()),
        _ => Ok(()),
    }
}

/// libvirt would take a volume from under a running guest; we don't.
pub(super) fn idle_check(connect: &Connect, name: &str) -> Result<(), Failure> {
    for domain in connect.list_all_domains(sys::VIR_CONNECT_LIST_DOMAINS_ACTIVE)? {
        let definition = match facts::definition(&domain) {
            Err(failure) if failure.is(ErrorNumber::NoDomain) => continue,
            definition => definition?,
        };
        if definition.uses(name) {
            return Err(Failure::refused(format!(
                "The volume {name} is in use by the running guest {}.",
                definition.name
            )));
        }
    }
    Ok(())
}
