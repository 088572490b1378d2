//! How good a fit is: the lower, the better.
//!
//! Best fit: what would stay free of memory, CPUs and disk, each in parts of a million of the
//! machine's own limit, is averaged. Balance: half of the distance between the most and the least
//! of the three is added, since a machine with memory left and no CPUs is as good as full. A
//! machine that has the image already saves an upload, which is worth one part in a hundred.

use crate::{MachineSnapshot, PoolSnapshot, Request};

const MILLION: i128 = 1_000_000;
const IMAGE_MISSING: i64 = 10_000;

/// For a machine that fits.
pub(crate) fn score(request: &Request, machine: &MachineSnapshot, pool: &PoolSnapshot) -> i64 {
    let left = [
        left(
            machine.memory_free(),
            request.memory_bytes,
            machine.memory_limit_bytes,
        ),
        left(machine.vcpus_free(), request.vcpus, machine.vcpu_limit),
        left(pool.free(), request.disk_bytes, pool.limit_bytes),
    ];
    let mean = left.iter().sum::<i64>() / 3;
    let spread = left.iter().max().unwrap_or(&0) - left.iter().min().unwrap_or(&0);
    let image = if machine.has_image { 0 } else { IMAGE_MISSING };
    mean + spread / 2 + image
}

/// In parts of a million of the limit.
fn left(free: i64, needed: i64, limit: i64) -> i64 {
    if limit <= 0 {
        return 0;
    }
    let left = (i128::from(free) - i128::from(needed.max(0))).clamp(0, i128::from(limit));
    // At most a million, since it is at most the limit.
    i64::try_from(left * MILLION / i128::from(limit)).unwrap_or(1_000_000)
}
