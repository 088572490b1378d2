//! Machines.

use super::{
    ClassNumber, ImageNumber, LabelNumber, NODES, RackNumber, SiteNumber, Sizes, TenantNumber,
    VmNumber, amounts::Amounts, loads::Loads,
};

/// What the provider wants of a machine, or found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Takes whatever fits.
    #[default]
    Active,
    /// Is being emptied.
    Draining,
    /// Is worked on.
    Maintenance,
    /// Doesn't answer; what runs on it may still run.
    Suspect,
    /// Is dead: what was on it has to be restarted elsewhere.
    Failed,
}

/// What every processor of a machine can do (the x86-64 psABI's levels). A guest that was started
/// with a level runs on it and on all above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CpuLevel {
    /// x86-64.
    #[default]
    V1,
    /// x86-64-v2.
    V2,
    /// x86-64-v3.
    V3,
    /// x86-64-v4.
    V4,
}

/// A machine, as it is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineSpec {
    /// Where it is.
    pub rack: RackNumber,
    /// What is built in.
    pub physical: Sizes,
    /// How much may be sold of each, in thousandths of what is built in; 1,000 is no overcommit.
    pub overcommit: Sizes,
    /// What is kept for the host itself and what isn't managed here, of what may be sold.
    pub reserve: Sizes,
    /// Memory and vCPUs of each NUMA node that may be sold; none where nodes don't matter.
    pub nodes: Vec<(i64, i64)>,
    /// What needs can ask for.
    pub labels: Vec<LabelNumber>,
    /// What needs must tolerate.
    pub taints: Vec<LabelNumber>,
    /// What its processors can do.
    pub cpu: CpuLevel,
    /// Live moves work only between machines of one family (in practice: one maker).
    pub cpu_family: u16,
    /// Images that are there already.
    pub images: Vec<ImageNumber>,
    /// Its state.
    pub state: State,
}

impl MachineSpec {
    /// A plain machine: what may be sold is what is built in.
    #[must_use]
    pub fn plain(rack: RackNumber, physical: Sizes) -> Self {
        Self {
            rack,
            physical,
            overcommit: [1_000; super::DIMENSIONS],
            ..Self::default()
        }
    }

    pub(crate) fn limit(&self) -> Amounts {
        let mut limit = Amounts::default();
        for (lane, sold) in limit.whole.iter_mut().enumerate() {
            let sellable = i128::from(self.physical[lane]) * i128::from(self.overcommit[lane]);
            let sellable = i64::try_from(sellable / 1_000).unwrap_or(i64::MAX);
            *sold = (sellable - self.reserve[lane]).max(0);
        }
        for (node, (memory, vcpus)) in self.nodes.iter().take(NODES).enumerate() {
            limit.nodes[node * 2] = *memory;
            limit.nodes[node * 2 + 1] = *vcpus;
        }
        limit
    }
}

/// What rules look at that doesn't change with what runs: equal for most machines of a fleet, so
/// that a decision asks once for all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    pub(crate) site: SiteNumber,
    pub(crate) labels: Vec<LabelNumber>,
    pub(crate) taints: Vec<LabelNumber>,
    pub(crate) cpu: CpuLevel,
}

/// A machine, as the fleet keeps it. What a scan reads is not here but in arrays of its own.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) rack: RackNumber,
    pub(crate) site: SiteNumber,
    pub(crate) class: ClassNumber,
    pub(crate) cpu_family: u16,
    pub(crate) node_count: u8,
    pub(crate) limit: Amounts,
    pub(crate) images: Vec<ImageNumber>,
    /// What runs here, in order.
    pub(crate) vms: Vec<VmNumber>,
    /// Whose they are, one for each.
    pub(crate) tenants: Vec<TenantNumber>,
    /// How many would be restarted here if another machine failed.
    pub(crate) guests: u32,
    /// By failure domain: what of it would be restarted here.
    pub(crate) loads: Loads,
}
