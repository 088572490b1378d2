//! The postmen's metrics: their names, and how much there is to send.

use berth_model::Result;
use berth_store::Store;

/// Attempts to send a notice, by `kind` and `outcome`: `SENT`, `QUEUED` (tried again later),
/// `FAILED` (given up), `DISCARDED` (no mail is set up), and `LOST` when what came of it could not be
/// written down.
pub(crate) const NOTICES: &str = "berth_notices_total";
const QUEUE: &str = "berth_notice_queue_depth";
const QUEUE_OLDEST: &str = "berth_notice_queue_oldest_seconds";

/// Says what each metric of this room means. To be called once, after the recorder is there.
pub fn metrics_describe() {
    use metrics::Unit::Seconds;
    metrics::describe_counter!(NOTICES, "Attempts to mail a notice, by kind and outcome.");
    metrics::describe_gauge!(QUEUE, "Notices that wait to be mailed.");
    metrics::describe_gauge!(QUEUE_OLDEST, Seconds, "How long the oldest due one waits.");
}

/// Sets the gauges to what is now. To be called before metrics are read.
pub async fn notice_gauges_refresh(store: &Store) -> Result<()> {
    let depth = store.notice_depth().await?;
    let oldest = depth.oldest.map_or(0, |age| age.num_milliseconds());
    metrics::gauge!(QUEUE).set(small(depth.queued));
    metrics::gauge!(QUEUE_OLDEST).set(small(oldest) / 1000.0);
    Ok(())
}

/// A count as a gauge has it; beyond 32 bits it no longer matters how many.
fn small(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap_or(i32::MAX))
}
