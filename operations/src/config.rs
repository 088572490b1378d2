//! What a provider can set about a worker.

use std::time::Duration;

/// How a worker works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerConfig {
    /// The worker's name, unique among the workers that share the database.
    pub worker: String,
    /// Operations it carries out at a time.
    pub concurrency: usize,
    /// How long a claim holds without a heartbeat: a dead worker's operation waits that long.
    pub lease: Duration,
    /// Operations of one tenant that run at a time, over all workers.
    pub per_tenant_limit: i64,
    /// How often the queue is looked at when no notification comes.
    pub poll: Duration,
    /// How often an operation is tried before it is given up; an undo has as many tries again.
    pub max_attempts: i32,
    /// The wait before the second try; it doubles with every try, and a random half is taken off
    /// it.
    pub backoff_base: Duration,
    /// The longest wait between two tries.
    pub backoff_cap: Duration,
    /// The longest time of one step, repeats included, unless a call of it tells that it moves. The
    /// last bound: a step has closer ones itself.
    pub step_limit: Duration,
    /// How long a step may go on when the worker stops.
    pub grace: Duration,
}

impl RunnerConfig {
    /// The usual worker.
    #[must_use]
    pub fn new(worker: impl Into<String>) -> Self {
        Self {
            worker: worker.into(),
            concurrency: 8,
            lease: Duration::from_secs(30),
            per_tenant_limit: 4,
            poll: Duration::from_secs(1),
            max_attempts: 10,
            backoff_base: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(300),
            step_limit: Duration::from_secs(3600),
            grace: Duration::from_secs(20),
        }
    }
}
