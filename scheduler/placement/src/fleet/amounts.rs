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
    #[inline]
    pub(crate) fn add(&mut self, other: &Self) {
        self.each(other, |lane, more| lane + more);
    }

    #[inline]
    pub(crate) fn subtract(&mut self, other: &Self) {
        self.each(other, |lane, less| lane - less);
    }

    /// The greater of each.
    #[inline]
    pub(crate) fn raise(&mut self, other: &Self) {
        self.each(other, i64::max);
    }

    /// Two loops over arrays, which the compiler does side by side; a chained iterator took longer than
    /// all else in a decision.
    #[inline]
    fn each(&mut self, other: &Self, change: impl Fn(i64, i64) -> i64) {
        for lane in 0..DIMENSIONS {
            self.whole[lane] = change(self.whole[lane], other.whole[lane]);
        }
        for lane in 0..NODE_LANES {
            self.nodes[lane] = change(self.nodes[lane], other.nodes[lane]);
        }
    }

    /// Whether this much is there. What isn't wanted can't be short, even where a machine is
    /// overfull already.
    #[inline]
    pub(crate) fn has(&self, wanted: &Self) -> bool {
        let mut is_short = false;
        for lane in 0..NODE_LANES {
            is_short |= (wanted.nodes[lane] > 0) & (self.nodes[lane] < wanted.nodes[lane]);
        }
        !is_short && has_sizes(&self.whole, &wanted.whole)
    }

    pub(crate) fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn lanes(&self) -> impl Iterator<Item = i64> {
        self.whole.iter().chain(&self.nodes).copied()
    }
}

/// The same for a whole machine alone.
#[inline]
pub(crate) fn has_sizes(here: &Sizes, wanted: &Sizes) -> bool {
    // Without a branch between the lanes, so that the compiler compares them side by side.
    let mut is_short = false;
    for lane in 0..DIMENSIONS {
        is_short |= (wanted[lane] > 0) & (here[lane] < wanted[lane]);
    }
    !is_short
}
