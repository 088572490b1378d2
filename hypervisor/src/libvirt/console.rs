//! A guest's console: its log lies in the pool, and is read like a volume.

use uuid::Uuid;
use virt::{connect::Connect, domain::Domain, storage_pool::StoragePool, stream::Stream};

use super::{
    calls::Pulse,
    error::Failure,
    facts,
    transfer::{finish, receive},
    volumes,
};
use crate::xml;

/// The log's last `limit` bytes.
pub(super) fn tail(
    connect: &Connect,
    pulse: &Pulse,
    id: Uuid,
    pool_name: &str,
    limit: usize,
) -> Result<String, Failure> {
    let pool = volumes::pool(connect, pool_name)?;
    let name = xml::console_name(id);
    let mut volume = volumes::lookup(&pool, &name)?;
    if volume.is_none() && volumes::refresh(&pool)? {
        // A file that libvirt did not make is a volume only after a refresh.
        volume = volumes::lookup(&pool, &name)?;
    }
    let Some(volume) = volume else {
        return Ok(String::new());
    };
    let length = volume.info()?.capacity;
    let wanted = length.min(limit as u64);
    if wanted == 0 {
        return Ok(String::new());
    }
    let stream = Stream::new(connect, 0)?;
    volume.download(&stream, length - wanted, wanted, 0)?;
    let mut bytes = Vec::new();
    let received = receive(&stream, pulse, |chunk| {
        bytes.extend_from_slice(chunk);
        Ok(())
    });
    finish(stream, received)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Removes a guest's logs, also the rotated ones.
pub(super) fn remove(connect: &Connect, domain: &Domain) -> Result<(), Failure> {
    let definition = facts::definition(domain)?;
    let name = xml::console_name(definition.uuid);
    // Not one of ours, or without a log.
    let Some(folder) = definition
        .console_log()
        .and_then(|log| log.strip_suffix(&name))
    else {
        return Ok(());
    };
    let pool = match connect.lookup_storage_pool_by_target_path(folder.trim_end_matches('/')) {
        Ok(pool) => pool,
        Err(error) if super::error::is(&error, virt::error::ErrorNumber::NoStoragePool) => {
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    remove_from(&pool, &name)
}

/// Removes the logs of a guest that is gone from this machine.
pub(super) fn remove_of(connect: &Connect, pool: &str, id: Uuid) -> Result<(), Failure> {
    remove_from(&volumes::pool(connect, pool)?, &xml::console_name(id))
}

fn remove_from(pool: &StoragePool, name: &str) -> Result<(), Failure> {
    volumes::refresh(pool)?;
    for volume in pool.list_all_volumes(0)? {
        if volume.name()?.starts_with(name) {
            volume.delete(0)?;
        }
    }
    Ok(())
}
