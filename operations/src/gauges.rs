//! The queue's and the workers' metrics: their names, and the queue's length.

use berth_model::{OperationState, Result};
use berth_store::Store;

/// Operations that a worker let go of, by `kind` and `outcome`.
pub(crate) const OPERATIONS: &str = "berth_operations_total";
/// Operations that a worker claimed.
pub(crate) const CLAIMS: &str = "berth_claims_total";
/// Claims that went to another worker.
pub(crate) const CLAIMS_LOST: &str = "berth_claims_lost_total";
/// How long steps took, by `kind` and `step`.
pub(crate) const STEP_SECONDS: &str = "berth_step_seconds";
const QUEUE_DEPTH: &str = "berth_queue_depth";
const QUEUE_OLDEST: &str = "berth_queue_oldest_seconds";

/// Says what each metric of this room means. To be called once, after the recorder is there.
pub fn metrics_describe() {
    use metrics::Unit;
    metrics::describe_counter!(
        OPERATIONS,
        "Operations that a worker let go of, by outcome."
    );
    metrics::describe_counter!(CLAIMS, "Operations that a worker claimed.");
    metrics::describe_counter!(CLAIMS_LOST, "Claims that went to another worker.");
    metrics::describe_histogram!(STEP_SECONDS, Unit::Seconds, "How long steps took.");
    metrics::describe_gauge!(QUEUE_DEPTH, "Unfinished operations, by state.");
    metrics::describe_gauge!(
        QUEUE_OLDEST,
        Unit::Seconds,
        "How long the oldest due one waits."
    );
}

/// Sets the gauges `berth_queue_depth{state}` and `berth_queue_oldest_seconds` to what the queue is
/// now. To be called before metrics are read.
pub async fn queue_gauges_refresh(store: &Store) -> Result<()> {
    let depth = store.queue_depth().await?;
    for (state, count) in [
        (OperationState::Pending, depth.pending),
        (OperationState::Running, depth.running),
    ] {
        metrics::gauge!(QUEUE_DEPTH, "state" => state.as_str()).set(small(count));
    }
    let oldest = depth
        .oldest
        .map_or(0.0, |age| small(age.num_milliseconds()) / 1000.0);
    metrics::gauge!(QUEUE_OLDEST).set(oldest);
    Ok(())
}

/// A count as a gauge has it; beyond 32 bits it no longer matters how many.
fn small(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap_or(i32::MAX))
}
