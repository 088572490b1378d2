//! Plans: which virtual machines go where, in which order. Every state in between keeps capacity,
//! groups and room for restarts, and every step is checked again when it is taken.

mod balance;
mod consolidate;
mod drain;
mod left;
mod pick;
mod rebalance;
mod recover;
mod refine;
mod repack;
mod sketch;
mod step;
mod wave;

pub use balance::Balance;
pub use left::Left;
pub use rebalance::Rebalance;
pub use step::{Limits, Plan, Stale, Step};
