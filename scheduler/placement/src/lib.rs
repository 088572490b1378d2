//! Where a virtual machine goes: filter, score, choose.
//!
//! Pure functions of a request and a snapshot: no I/O, no clock, and integers alone, so that the
//! same snapshot always gives the same decision, in whatever order it was read. Every machine that
//! is not chosen is explained.

mod filter;
mod place;
mod request;
mod score;
mod snapshot;

pub use place::{Chosen, Decision, place};
pub use request::{NetworkNeed, Request};
pub use snapshot::{FleetSnapshot, MachineSnapshot, NetworkSnapshot, PoolSnapshot};
