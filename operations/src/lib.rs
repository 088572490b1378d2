//! The runner of long work: leases, steps, retries, fairness. Knows no job.
//!
//! A room that has work implements [`Executor`]. The runner claims an operation, runs its steps
//! outside any transaction, keeps the lease, and writes every start, end and progress as an event.
//! Each step looks at the world first and does only what is missing, so that any of them can be
//! repeated.

mod attempt;
mod backoff;
mod boundary;
mod carry;
mod config;
mod course;
mod executor;
mod gauges;
mod lease;
mod progress;
mod runner;

pub use boundary::{Boundary, NoBoundary, Point};
pub use config::RunnerConfig;
pub use executor::{Executor, Step, StepEnd, StepError, Work};
pub use gauges::{metrics_describe, queue_gauges_refresh};
pub use progress::Progress;
pub use runner::Runner;
