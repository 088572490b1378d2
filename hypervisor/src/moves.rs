//! Moves of guests and volumes to another machine: what Berth asks for, and how far it is.

/// Where a guest or a volume is moved to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveTarget {
    /// The other machine's connection URI, as it was given to connect (`sim:NAME` for a simulated
    /// one).
    pub uri: String,
    /// The pool there that has a volume for each of the guest's disks.
    pub pool: String,
    /// At most so many MiB a second; none leaves it to the machines.
    pub bandwidth_mib: Option<u64>,
}

/// How far a move is. What a guest writes meanwhile is added, so that all of it may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveProgress {
    /// Memory and disks that have arrived, in bytes.
    pub done_bytes: u64,
    /// Memory and disks in all, in bytes.
    pub total_bytes: u64,
}
