//! The queue on real PostgreSQL: who claims what and when, and what a worker may write then.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod cancel;
mod claim;
mod events;
mod fixture;
mod notifications;
mod races;
