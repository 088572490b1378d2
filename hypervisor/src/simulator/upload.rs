//! What a simulated machine remembers of an uploaded file.

use std::{fs::File, io::Read, path::Path};

use berth_model::Sha256;
use sha2::Digest;

use super::SimulatedUpload;
use crate::seed_read;

/// A larger file is no seed.
const SEED_LIMIT: u64 = 16 * 1024 * 1024;
/// `QFI\xfb`, version, backing offset and length, cluster bits; then the size that a guest sees.
const QCOW2_MAGIC: &[u8] = b"QFI\xfb";
const QCOW2_SIZE: std::ops::Range<usize> = 24..32;

/// A file's digest and what is in it; the second is the size that a guest sees, if it is a qcow2.
pub(super) fn look(path: &Path) -> std::io::Result<(SimulatedUpload, Option<u64>)> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut hasher = sha2::Sha256::new();
    let mut kept = Vec::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        hasher.update(&buffer[..length]);
        if bytes <= SEED_LIMIT || kept.is_empty() {
            kept.extend_from_slice(&buffer[..length]);
        }
    }
    let virtual_bytes = kept
        .get(QCOW2_SIZE)
        .filter(|_| kept.starts_with(QCOW2_MAGIC))
        .and_then(|size| Some(u64::from_be_bytes(size.try_into().ok()?)));
    let sha256 = Sha256(hasher.finalize().into()).to_string();
    Ok((
        SimulatedUpload {
            bytes,
            sha256,
            seed: seed_read(&kept),
        },
        virtual_bytes,
    ))
}
