//! Amounts of everything that can be short, as integers side by side.

/// How many dimensions a fleet can have: memory, vCPUs and what it names itself.
pub const DIMENSIONS: usize = 8;
/// How many NUMA nodes a machine can have.
pub const NODES: usize = 4;
/// Memory and vCPUs of each NUMA node.
pub(crate) const NODE_LANES: usize = NODES * 2;

/// One number for each dimension, in the units of the fleet's owner (Berth: bytes and whole vCPUs).
pub type Sizes = [i64; DIMENSIONS];

/// Sizes of the whole machine, and of its NUMA nodes. The whole fills one cache line, since a scan
/// reads nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub(crate) struct Amounts {
    pub(crate) whole: Sizes,
    /// Memory and vCPUs of node 0, of node 1, and so on.
    pub(crate) nodes: [i64; NODE_LANES],
}

impl Amounts {
    pub(crate) fn add(&mut self, other: &Self) {
        for (lane, more) in self.lanes_mut().zip(other.lanes()) {
            *lane += more;
        }
    }

    pub(crate) fn subtract(&mut self, other: &Self) {
        for (lane, less) in self.lanes_mut().zip(other.lanes()) {
            *lane -= less;
        }
    }

    /// The greater of each.
    pub(crate) fn raise(&mut self, other: &Self) {
        for (lane, other) in self.lanes_mut().zip(other.lanes()) {
            *lane = (*lane).max(other);
        }
    }

    /// Whether this much is there. What isn't wanted can't be short, even where a machine is
    /// overfull already.
    pub(crate) fn has(&self, wanted: &Self) -> bool {
        self.lanes()
            .zip(wanted.lanes())
            .all(|(here, wanted)| wanted <= 0 || here >= wanted)
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.lanes().all(|lane| lane == 0)
    }

    pub(crate) fn lanes(&self) -> impl Iterator<Item = i64> {
        self.whole.iter().chain(&self.nodes).copied()
    }

    fn lanes_mut(&mut self) -> impl Iterator<Item = &mut i64> {
        self.whole.iter_mut().chain(&mut self.nodes)
    }
}

/// The same for a whole machine alone.
pub(crate) fn has_sizes(here: &Sizes, wanted: &Sizes) -> bool {
    // Without a branch between the lanes, so that the compiler compares them side by side.
    let mut is_short = false;
    for lane in 0..DIMENSIONS {
        is_short |= (wanted[lane] > 0) & (here[lane] < wanted[lane]);
    }
    !is_short
}
