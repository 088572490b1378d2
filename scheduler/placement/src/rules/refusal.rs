//! Why a machine is refused.

use crate::fleet::{CpuLevel, GroupNumber, LabelNumber, State};

/// One rule that a machine doesn't meet. The rules are asked in the order of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The provider doesn't want anything new there, or it is dead.
    State(State),
    /// It is in another site.
    Site,
    /// It hasn't this label.
    Label(LabelNumber),
    /// It has this taint.
    Taint(LabelNumber),
    /// Its processors can do no more than this.
    Cpu(CpuLevel),
    /// Too little is free of a dimension.
    Short {
        /// Its position in `Sizes`.
        dimension: usize,
        /// By how much.
        missing: i64,
    },
    /// Too few of its NUMA nodes have room.
    Nodes {
        /// How many more are needed.
        missing: u32,
    },
    /// It would break this group.
    Group(GroupNumber),
    /// The tenant has as many there as it may have.
    TenantCap,
    /// There is room, but it is kept for what would be restarted here if another machine failed.
    Kept {
        /// The dimension's position in `Sizes`; the first that is short. For a NUMA node memory.
        dimension: usize,
        /// By how much.
        missing: i64,
    },
    /// If this machine failed, it, or something that is there already, would have no place.
    NoRestart,
    /// A live move doesn't work between the two kinds of processors.
    Family,
}
