//! Volumes from machine to machine, through this process.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use berth_model::{Error, Sha256};
use sha2::Digest;
use virt::{connect::Connect, storage_vol::StorageVol, stream::Stream};

use super::{
    calls::{Calls, Pulse},
    error::Failure,
    peer,
    transfer::{self, finish, receive},
    volumes,
};
use crate::{MoveTarget, VolumeFormat};

/// Copies a raw volume (its pool and name here) and compares what arrived with what was read.
pub(super) fn volume(
    calls: &Calls,
    here: &Connect,
    pulse: &Arc<Pulse>,
    (pool, name): (&str, &str),
    to: &MoveTarget,
) -> Result<(), Failure> {
    let there = peer::open(calls, here, to)?;
    let copied = || {
        let length = fit_check((here, pool), (&there, &to.pool), name)?;
        volumes::idle_check(here, name)?;
        volumes::idle_check(&there, name)?;
        if length == 0 {
            return Ok(());
        }
        let from = volumes::existing(here, pool, name)?;
        let into = volumes::existing(&there, &to.pool, name)?;
        let pace = Pace::new(to.bandwidth_mib);
        let sent = pump((here, &from), (&there, &into), length, pulse, &pace)?;
        let arrived = transfer::digest(&there, pulse, &to.pool, name, length)?;
        if sent != arrived {
            return Err(Failure::refused(format!(
                "The copy of the volume {name} is {arrived}, not {sent}."
            )));
        }
        Ok(())
    };
    volumes::patiently(copied).map_err(|failure| peer::failure(&there, failure))
}

/// How much there is to copy, if it can be.
fn fit_check(
    (here, pool): (&Connect, &str),
    (there, target): (&Connect, &str),
    name: &str,
) -> Result<u64, Failure> {
    let from = volumes::volume_facts(&volumes::existing(here, pool, name)?)?;
    let into = volumes::volume_facts(&volumes::existing(there, target, name)?)?;
    if from.format != VolumeFormat::Raw || into.format != VolumeFormat::Raw {
        return Err(Failure::refused(format!("The volume {name} isn't raw.")));
    }
    if into.bytes < from.bytes {
        return Err(Failure::refused(format!(
            "The volume {name} of {} bytes does not fit the other machine's of {}.",
            from.bytes, into.bytes
        )));
    }
    Ok(from.bytes)
}

/// Sends what it receives, and digests it.
fn pump(
    (here, from): (&Connect, &StorageVol),
    (there, into): (&Connect, &StorageVol),
    length: u64,
    pulse: &Pulse,
    pace: &Pace,
) -> Result<Sha256, Failure> {
    let (download, upload) = (Stream::new(here, 0)?, Stream::new(there, 0)?);
    from.download(&download, 0, length, 0)?;
    into.upload(&upload, 0, length, 0)?;
    let mut hasher = sha2::Sha256::new();
    let mut total = 0;
    let received = receive(&download, pulse, |chunk| {
        hasher.update(chunk);
        total += chunk.len() as u64;
        pace.keep(total, pulse)?;
        let mut rest = chunk;
        while !rest.is_empty() {
            let sent = usize::try_from(upload.send(rest)?).map_err(Error::internal)?;
            rest = &rest[sent..];
        }
        Ok(())
    });
    let received = finish(download, received);
    finish(upload, received)?;
    Ok(Sha256(hasher.finalize().into()))
}

/// Keeps a transfer from being faster than it may be.
struct Pace {
    begin: Instant,
    bytes_per_second: Option<u64>,
}

impl Pace {
    fn new(mib_per_second: Option<u64>) -> Self {
        Self {
            begin: Instant::now(),
            bytes_per_second: mib_per_second
                .filter(|limit| *limit > 0)
                .map(|limit| limit.saturating_mul(1 << 20)),
        }
    }

    /// Waits until `total` bytes may have been sent.
    fn keep(&self, total: u64, pulse: &Pulse) -> Result<(), Failure> {
        let Some(bytes_per_second) = self.bytes_per_second else {
            return Ok(());
        };
        let due = Duration::from_secs_f64(total as f64 / bytes_per_second as f64);
        while let Some(rest) = due.checked_sub(self.begin.elapsed()) {
            thread::park_timeout(rest.min(Duration::from_millis(200)));
            pulse.beat()?;
        }
        Ok(())
    }
}
