//! What a virtual machine needs.

use super::{
    CpuLevel, GroupNumber, ImageNumber, LabelNumber, MachineNumber, NeedNumber, SiteNumber, Sizes,
    TenantNumber, VmNumber,
    amounts::{Amounts, NODE_LANES},
};

/// The most groups that one virtual machine can be in.
pub const GROUPS: usize = 3;
/// The most failures at once that can be asked to be survived.
pub const FAILURES: usize = berth_model::FAILURES_MOST;

/// What a machine must have.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// How much of each dimension.
    pub sizes: Sizes,
    /// Over how many NUMA nodes of one machine its memory and vCPUs are split evenly; 0 where nodes
    /// don't matter to it.
    pub nodes: u8,
    /// In which site; any, if none.
    pub site: Option<SiteNumber>,
    /// Labels that the machine must have.
    pub labels: Vec<LabelNumber>,
    /// Taints that don't matter to it.
    pub tolerations: Vec<LabelNumber>,
    /// What the processors must be able to do.
    pub cpu: CpuLevel,
    /// Better where this image is already.
    pub image: Option<ImageNumber>,
}

impl Need {
    /// The same by what it was measured to use at most, with a margin in thousandths of that; of each
    /// dimension that wasn't measured (0), and wherever that would be more, what was asked. Machines that
    /// hold such needs should sell what they have and no more.
    #[must_use]
    pub fn measured(mut self, used: &Sizes, margin: i64) -> Self {
        for (size, used) in self.sizes.iter_mut().zip(used) {
            if *used > 0 {
                let wanted = i128::from(*used) * i128::from(1_000 + margin.max(0));
                let wanted = i64::try_from((wanted + 999) / 1_000).unwrap_or(i64::MAX);
                *size = wanted.min(*size);
            }
        }
        self
    }

    /// Of these NUMA nodes (bits), if it asks for nodes. Odd remainders are rounded up.
    pub(crate) fn amounts(&self, nodes: u8) -> Amounts {
        let mut lanes = [0; NODE_LANES];
        if self.nodes > 0 {
            let share = |size: i64| (size + i64::from(self.nodes) - 1) / i64::from(self.nodes);
            for node in (0..super::NODES).filter(|node| nodes & (1 << node) != 0) {
                lanes[node * 2] = share(self.sizes[0]);
                lanes[node * 2 + 1] = share(self.sizes[1]);
            }
        }
        Amounts {
            whole: self.sizes,
            nodes: lanes,
        }
    }
}

/// A virtual machine that wants a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What it needs.
    pub need: NeedNumber,
    /// Whose it is.
    pub tenant: TenantNumber,
    /// Its groups.
    pub groups: [Option<GroupNumber>; GROUPS],
    /// The higher goes first where not all can be restarted.
    pub priority: u8,
    /// Whether it is to be restarted if its machine fails.
    pub restarts: bool,
    /// When it is expected to be gone, on any scale of time (see `Fleet::time_set`); none if nobody
    /// knows, or if it stays.
    pub until: Option<i64>,
}

impl Ask {
    /// A virtual machine of no group that is to be restarted.
    #[must_use]
    pub fn plain(need: NeedNumber, tenant: TenantNumber) -> Self {
        Self {
            need,
            tenant,
            groups: [None; GROUPS],
            priority: 0,
            restarts: true,
            until: None,
        }
    }

    /// The same, expected to be gone then.
    #[must_use]
    pub fn until(mut self, until: i64) -> Self {
        self.until = Some(until);
        self
    }

    /// The same in a group too; more than `GROUPS` are left out.
    #[must_use]
    pub fn of(mut self, group: GroupNumber) -> Self {
        if let Some(empty) = self.groups.iter_mut().find(|held| held.is_none()) {
            *empty = Some(group);
        }
        self
    }
}

/// A place on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which.
    pub machine: MachineNumber,
    /// The NUMA nodes, as bits; none where it doesn't ask for any.
    pub nodes: u8,
}

/// A virtual machine, as the fleet keeps it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vm {
    pub(crate) ask: Ask,
    pub(crate) place: Option<Place>,
    /// Where it would be restarted.
    pub(crate) backups: [Option<Place>; FAILURES],
    /// It only holds room, for this one, which is on its way.
    pub(crate) hold_of: Option<VmNumber>,
}
