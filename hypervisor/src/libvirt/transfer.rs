//! Bytes into and out of volumes, over libvirt's streams.

use std::{fs::File, io::Read, path::Path};

use berth_model::{Error, Sha256};
use sha2::Digest;
use virt::{connect::Connect, stream::Stream};

use super::{calls::Pulse, error::Failure, volumes};
use crate::VolumeFormat;

/// What one message of libvirt's protocol carries at most, or nearly.
const CHUNK: usize = 256 * 1024;

/// Writes a file into a volume from its start.
pub(super) fn upload(
    connect: &Connect,
    pulse: &Pulse,
    pool: &str,
    name: &str,
    path: &Path,
) -> Result<(), Failure> {
    let mut file = File::open(path).map_err(Error::internal)?;
    let length = file.metadata().map_err(Error::internal)?.len();
    let volume = volumes::existing(connect, pool, name)?;
    let facts = volumes::volume_facts(&volume)?;
    if facts.format == VolumeFormat::Raw && length > facts.bytes {
        return Err(Failure::refused(format!(
            "A file of {length} bytes does not fit the volume {name} of {}.",
            facts.bytes
        )));
    }
    let stream = Stream::new(connect, 0)?;
    volume.upload(&stream, 0, length, 0)?;
    let sent = send(&stream, pulse, &mut file);
    finish(stream, sent)
}

fn send(stream: &Stream, pulse: &Pulse, file: &mut File) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = file.read(&mut buffer).map_err(Error::internal)?;
        if length == 0 {
            return Ok(());
        }
        let mut rest = &buffer[..length];
        while !rest.is_empty() {
            let sent = usize::try_from(stream.send(rest)?).map_err(Error::internal)?;
            rest = &rest[sent..];
            pulse.beat()?;
        }
    }
}

/// The digest of a volume's first `length` bytes, or of all of it if it is shorter.
pub(super) fn digest(
    connect: &Connect,
    pulse: &Pulse,
    pool: &str,
    name: &str,
    length: u64,
) -> Result<Sha256, Failure> {
    let mut hasher = sha2::Sha256::new();
    // To libvirt a length of 0 is all of it.
    if length > 0 {
        let volume = volumes::existing(connect, pool, name)?;
        let stream = Stream::new(connect, 0)?;
        volume.download(&stream, 0, length, 0)?;
        let received = receive(&stream, pulse, |chunk| {
            hasher.update(chunk);
            Ok(())
        });
        finish(stream, received)?;
    }
    Ok(Sha256(hasher.finalize().into()))
}

/// Takes all that a stream gives.
pub(super) fn receive(
    stream: &Stream,
    pulse: &Pulse,
    mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = usize::try_from(stream.recv(&mut buffer)?).map_err(Error::internal)?;
        if length == 0 {
            return Ok(());
        }
        take(&buffer[..length])?;
        pulse.beat()?;
    }
}

/// Ends a stream: a transfer counts only once the machine says that it has all of it.
pub(super) fn finish(stream: Stream, result: Result<(), Failure>) -> Result<(), Failure> {
    match result {
        Ok(()) => Ok(stream.finish()?),
        Err(failure) => {
            // An abort that fails as well adds nothing to the failure that we have.
            drop(stream.abort());
            Err(failure)
        }
    }
}
