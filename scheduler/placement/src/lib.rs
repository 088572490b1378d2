//! Where a virtual machine goes.
//!
//! Pure functions of a fleet and a question: no I/O, no clock, and integers alone where something is
//! decided, so that the same fleet always gives the same answer. Every machine that is not chosen is
//! explained.
//!
//! [`Fleet`] is the engine: it keeps what decisions need with every change, knows groups, failure
//! domains and NUMA nodes, keeps room for restarts, and plans and forecasts with the same rules.
//! [`Platform`] puts the platform's rows into it.

mod decide;
pub mod file;
mod fleet;
mod forecast;
mod pack;
mod plan;
mod platform;
pub mod report;
mod rules;
mod simulate;
mod survive;

pub use decide::{Explained, Merit, Placed, Reason, Refused, Relaxation};
pub use fleet::{
    Ask, ClassNumber, CpuLevel, DIMENSIONS, Domain, FAILURES, Fleet, FleetError, GROUPS,
    GroupNumber, GroupSpec, ImageNumber, LabelNumber, MachineNumber, MachineSpec, Mark, NODES,
    Need, NeedNumber, Place, Policy, RackNumber, Relation, SiteNumber, Sizes, State, Survive,
    TenantNumber, VmNumber,
};
pub use forecast::{Advice, Growth, More, Stranded, growth};
pub use pack::{Packing, pack};
pub use plan::{Balance, Left, Limits, Plan, Rebalance, Stale, Step};
pub use platform::{
    Chosen, Decision, MoreWith, Move, MoveRefused, Moves, NetworkNeed, Outlook, OutlookAsked,
    OutlookLimit, OutlookMore, PlanRoom, Platform, Request, Room, StrandedRoom, SurvivalOf,
};
pub use rules::Refusal;
pub use simulate::{Arrival, Rejected, Sample, Simulation};
pub use survive::{Lost, Survival};
