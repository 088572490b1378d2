//! Where a virtual machine goes: filter, score, choose.
//!
//! Pure functions of a request and a snapshot: no I/O, no clock, and integers alone, so that the
//! same snapshot always gives the same decision, in whatever order it was read. Every machine that
//! is not chosen is explained.
//!
//! Two things are here. [`place()`] decides on a snapshot of one site, as the platform does today.
//! [`Fleet`] is the engine: it keeps what decisions need with every change, knows groups, failure
//! domains and NUMA nodes, keeps room for restarts, and plans and forecasts with the same rules.

mod decide;
pub mod file;
mod filter;
mod fleet;
mod forecast;
mod pack;
mod place;
mod plan;
mod request;
mod rules;
mod score;
mod simulate;
mod snapshot;
mod survive;

pub use decide::{Explained, Placed, Refused, Relaxation};
pub use fleet::{
    Ask, ClassNumber, CpuLevel, DIMENSIONS, Domain, FAILURES, Fleet, FleetError, GROUPS,
    GroupNumber, GroupSpec, ImageNumber, LabelNumber, MachineNumber, MachineSpec, Mark, NODES,
    Need, NeedNumber, Place, Policy, RackNumber, Relation, SiteNumber, Sizes, State, Survive,
    TenantNumber, VmNumber,
};
pub use forecast::{Advice, Growth, Stranded, growth};
pub use pack::{Packing, pack};
pub use place::{Chosen, Decision, place};
pub use plan::{Balance, Limits, Plan, Rebalance, Stale, Step};
pub use request::{NetworkNeed, Request};
pub use rules::Refusal;
pub use simulate::{Arrival, Sample, Simulation};
pub use snapshot::{FleetSnapshot, MachineSnapshot, NetworkSnapshot, PoolSnapshot};
pub use survive::{Lost, Survival};
