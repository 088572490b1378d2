//! Groups of virtual machines.

use super::VmNumber;

/// What is apart or together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Domain {
    /// Machines.
    Machine,
    /// Racks.
    Rack,
    /// Sites.
    Site,
}

/// How the members stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// All in one domain.
    Together,
    /// At most so many in one domain; 1 is plain anti-affinity.
    Apart {
        /// How many.
        most: u32,
    },
}

/// A group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupSpec {
    /// How the members stand to each other.
    pub relation: Relation,
    /// In domains of which kind.
    pub domain: Domain,
    /// Whether a place that breaks it is refused, or only worse.
    pub is_hard: bool,
}

/// A group, as the fleet keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) spec: GroupSpec,
    /// Those that have a place, in order.
    pub(crate) members: Vec<VmNumber>,
}
