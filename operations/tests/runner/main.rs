//! The runner on real PostgreSQL, with an executor whose steps do what a test tells them to.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod boundary;
mod cancel;
mod course;
mod fairness;
mod lease;
mod measured;
mod player;
mod stop;
mod world;
