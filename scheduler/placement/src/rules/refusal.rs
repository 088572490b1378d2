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

impl Refusal {
    /// How far a machine that is refused for this is from taking it: first what fits but for failures,
    /// then what has to shrink, then what has to be changed elsewhere, last what can't be changed.
    pub(crate) fn distance(&self) -> u8 {
        match self {
            Self::NoRestart => 0,
            Self::Kept { .. } => 1,
            Self::Short { .. } => 2,
            Self::Nodes { .. } => 3,
            Self::TenantCap | Self::Group(_) => 4,
            Self::Family => 5,
            Self::Label(_) | Self::Taint(_) | Self::Cpu(_) => 6,
            Self::Site => 7,
            Self::State(_) => 8,
        }
    }

    /// By how much it is refused; 0 where that is no amount.
    pub(crate) fn amount(&self) -> i64 {
        match self {
            Self::Short { missing, .. } | Self::Kept { missing, .. } => *missing,
            Self::Nodes { missing } => i64::from(*missing),
            _ => 0,
        }
    }

    /// The same without the amount: refusals that are told together are equal then.
    pub(crate) fn kind(self) -> Self {
        match self {
            Self::Short { dimension, .. } => Self::Short {
                dimension,
                missing: 0,
            },
            Self::Kept { dimension, .. } => Self::Kept {
                dimension,
                missing: 0,
            },
            Self::Nodes { .. } => Self::Nodes { missing: 0 },
            other => other,
        }
    }
}
