//! The fleet on a real PostgreSQL and simulated machines: one binary, one file for each subject.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod cancel;
mod claim;
mod count;
mod desired;
mod health;
mod killed;
mod lifecycle;
mod machines;
mod moves;
mod moves_broken;
mod order;
mod races;
mod rebalance;
mod reconcile;
mod reservation;
mod shared;
mod survive;
mod world;
