//! The couriers' metrics: their names, and how much there is to tell.

use berth_model::Result;
use berth_store::Store;

/// Attempts, by `outcome`: `DELIVERED`, `PENDING` (tried again later), `FAILED` (given up), and
/// `LOST` when what came of it could not be written down.
pub(crate) const ATTEMPTS: &str = "berth_webhook_attempts_total";
/// How long attempts took.
pub(crate) const ATTEMPT_SECONDS: &str = "berth_webhook_attempt_seconds";
/// Events that became deliveries.
pub(crate) const EVENTS: &str = "berth_webhook_events_total";
/// Endpoints that were disabled, by `reason`.
pub(crate) const DISABLED: &str = "berth_webhook_endpoints_disabled_total";
const OUTBOX: &str = "berth_webhook_outbox_depth";
const OUTBOX_OLDEST: &str = "berth_webhook_outbox_oldest_seconds";
const QUEUE: &str = "berth_webhook_queue_depth";
const QUEUE_OLDEST: &str = "berth_webhook_queue_oldest_seconds";
const FAILING: &str = "berth_webhook_endpoints_failing";

/// Says what each metric of this room means. To be called once, after the recorder is there.
pub fn metrics_describe() {
    use metrics::Unit::Seconds;
    metrics::describe_counter!(ATTEMPTS, "Attempts to deliver a webhook, by outcome.");
    metrics::describe_histogram!(ATTEMPT_SECONDS, Seconds, "How long attempts took.");
    metrics::describe_counter!(EVENTS, "Events that were taken out of the outbox.");
    metrics::describe_counter!(DISABLED, "Webhook endpoints that were disabled, by reason.");
    metrics::describe_gauge!(OUTBOX, "Events that are no deliveries yet.");
    metrics::describe_gauge!(OUTBOX_OLDEST, Seconds, "How long the oldest of them waits.");
    metrics::describe_gauge!(QUEUE, "Webhook deliveries that wait for an attempt.");
    metrics::describe_gauge!(QUEUE_OLDEST, Seconds, "How long the oldest due one waits.");
    metrics::describe_gauge!(FAILING, "Webhook endpoints whose last attempt failed.");
}

/// Sets the gauges to what is now. To be called before metrics are read.
pub async fn webhook_gauges_refresh(store: &Store) -> Result<()> {
    let depth = store.webhook_depth().await?;
    let seconds = |age: Option<chrono::TimeDelta>| {
        age.map_or(0.0, |age| small(age.num_milliseconds()) / 1000.0)
    };
    metrics::gauge!(OUTBOX).set(small(depth.outbox));
    metrics::gauge!(OUTBOX_OLDEST).set(seconds(depth.outbox_oldest));
    metrics::gauge!(QUEUE).set(small(depth.pending));
    metrics::gauge!(QUEUE_OLDEST).set(seconds(depth.oldest));
    metrics::gauge!(FAILING).set(small(depth.failing));
    Ok(())
}

/// A count as a gauge has it; beyond 32 bits it no longer matters how many.
fn small(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap_or(i32::MAX))
}
