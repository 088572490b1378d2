//! The fleet's state: dense arrays, small numbers, aggregates that are kept with every change.

mod age;
mod amounts;
mod build;
mod change;
mod changes;
mod group;
mod ids;
mod index;
mod loads;
mod machine;
mod names;
mod need;
mod policy;
mod read;

pub use amounts::{DIMENSIONS, NODES, Sizes};
pub use build::FleetError;
pub use change::Mark;
pub use group::{Domain, GroupSpec, Relation};
pub use ids::{
    ClassNumber, GroupNumber, ImageNumber, LabelNumber, MachineNumber, NeedNumber, RackNumber,
    SiteNumber, TenantNumber, VmNumber,
};
pub use machine::{CpuLevel, MachineSpec, State};
pub use need::{Ask, FAILURES, GROUPS, Need, Place};
pub use policy::{Policy, Survive};

pub(crate) use age::logarithm;
pub(crate) use amounts::{Amounts, has_sizes};
pub(crate) use change::{Change, reserve as change_reserve};
pub(crate) use changes::Changes;
pub(crate) use group::Group;
pub(crate) use index::{BLOCK, Block, CLOSED, WHOLE, share, share_by};
pub(crate) use machine::{Class, Machine};
pub(crate) use names::Names;
pub(crate) use need::Vm;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasherDefault, DefaultHasher},
};

use crate::decide::Ranks;

/// Hashed always alike.
type Tenants = HashMap<TenantNumber, Vec<VmNumber>, BuildHasherDefault<DefaultHasher>>;

/// Machines, what runs on them, and what has to hold. Positions in its arrays are the numbers of
/// `ids`; nothing is ever moved within them.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    pub(crate) policy: Policy,
    pub(crate) dimensions: Vec<String>,
    pub(crate) labels: Names,
    pub(crate) images: Names,
    /// By rack: its site.
    pub(crate) racks: Vec<SiteNumber>,
    pub(crate) sites: u32,
    pub(crate) classes: Vec<Class>,
    pub(crate) machines: Vec<Machine>,
    /// Their numbers, in order.
    pub(crate) all: Vec<MachineNumber>,
    /// By machine: what is used by what runs there and by holds.
    pub(crate) used: Vec<Amounts>,
    /// By machine: what is kept for restarts.
    pub(crate) reserve: Vec<Amounts>,
    /// By machine: the limit, less what is used and what is kept.
    pub(crate) rooms: Vec<Amounts>,
    /// By machine: see `unsold_keep`.
    pub(crate) unsold: Vec<i64>,
    /// By machine: what is unsold of each dimension, as a share.
    pub(crate) shares: Vec<Sizes>,
    /// By machine: what is unsold, less its standing.
    pub(crate) fills: Vec<i64>,
    /// By machine: when the last of what is there is expected to end.
    pub(crate) ends: Vec<i64>,
    /// By machine.
    pub(crate) states: Vec<State>,
    /// By machine: its class, or `CLOSED`.
    pub(crate) gates: Vec<u32>,
    /// By machine: equal for those that differ in nothing but what runs there and where they are.
    pub(crate) kinds: Vec<u32>,
    /// A machine of each kind.
    pub(crate) kind_machines: Vec<MachineNumber>,
    /// By kind: see `inverse`.
    pub(crate) inverses: Vec<Sizes>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) changes: Changes,
    /// What follows from machines and needs alone, and may be forgotten at any time.
    pub(crate) ranks: Ranks,
    pub(crate) needs: Vec<Need>,
    /// By need: by class, whether such machines can be at all.
    pub(crate) need_classes: Vec<Vec<bool>>,
    pub(crate) need_numbers: BTreeMap<Need, NeedNumber>,
    pub(crate) groups: Vec<Group>,
    pub(crate) vms: Vec<Vm>,
    /// By rack.
    pub(crate) rack_machines: Vec<Vec<MachineNumber>>,
    /// What each tenant runs, in order; only where there is a cap.
    pub(crate) tenants: Tenants,
    /// Machines that something would be restarted on.
    pub(crate) backers: BTreeSet<MachineNumber>,
    /// What should have a backup and has none, in order: seldom more than a few.
    pub(crate) unprotected: Vec<VmNumber>,
    /// Whether how long something has been there counts for nothing.
    pub(crate) is_ageless: bool,
    /// Whether what is kept for restarts is being used.
    pub(crate) is_recovering: bool,
    /// How many had come, roughly, when ages were last looked at.
    pub(crate) era: usize,
    /// The moment, if anybody told.
    pub(crate) now: Option<i64>,
    pub(crate) journal: Vec<Change>,
    /// How many marks are open; nothing is written down without one.
    pub(crate) marks: usize,
}
