//! The fleet: what reserves, converges and recovers virtual machines.
//!
//! One executor carries out every kind of deployment operation: it makes a virtual machine what its
//! deployments want ([`desired`]). Each step looks at the machine first and does only what is
//! missing, so that any of them can be repeated after a crash. The [`Reconciler`] compares what is
//! wanted with what is found and asks for repairs; only operations touch a machine.
//!
//! What an operator owns is removed in two cases alone: a purge after the retention time, and the
//! undo of a creation that never got healthy. A move removes copies, on the machine that the virtual
//! machine is not on.

mod config;
mod decider;
mod deployments;
pub mod desired;
mod enrolment;
mod fleet;
mod gave_up;
mod machines;
mod metrics;
mod moving;
pub mod names;
mod notices;
mod observe;
mod rebalance;
mod reconciler;
mod steps;
mod task;

pub use config::{FleetConfig, ReconcilerConfig};
pub use deployments::DeploymentExecutor;
pub use enrolment::MachineExecutor;
pub use fleet::Fleet;
pub use machines::{Machines, MachinesConfig};
pub use metrics::metrics_describe;
pub use moving::MoveExecutor;
pub use rebalance::RebalanceExecutor;
pub use reconciler::Reconciler;
