//! Metrics in Prometheus' text format. Rooms count with the `metrics` macros, and say what each
//! means; what can only be asked for (pool, queue) is asked for when somebody reads.

use std::time::Duration;

use berth_store::Store;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// From 1 ms, what a query takes, to 10 minutes, what a guest may take.
const SECONDS_BUCKETS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 180.0,
    600.0,
];

/// How often counts that nobody reads are folded together.
const UPKEEP: Duration = Duration::from_secs(10);

/// Begins to count. Once for each process; the error is for people.
pub(crate) fn start() -> Result<PrometheusHandle, String> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)
        .map_err(|cause| cause.to_string())?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|cause| cause.to_string())?;
    berth_api::metrics_describe();
    berth_domains_mail::metrics_describe();
    #[cfg(feature = "libvirt")]
    berth_hypervisor::libvirt::metrics_describe();
    berth_operations::metrics_describe();
    berth_scheduler::metrics_describe();
    berth_webhooks::metrics_describe();
    metrics::describe_gauge!("berth_build_info", "1, with the version as a label.");
    metrics::describe_gauge!("berth_database_connections_used", "Connections in use.");
    metrics::describe_gauge!("berth_database_connections_max", "Connections at most.");
    metrics::gauge!("berth_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// Folds counts together until the process ends.
pub(crate) async fn upkeep(handle: PrometheusHandle) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

/// Everything, now. Queue gauges stay as they were when the database doesn't answer.
pub(crate) async fn render(handle: &PrometheusHandle, store: &Store) -> String {
    let (used, max) = store.pool_status();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
    {
        metrics::gauge!("berth_database_connections_used").set(used as f64);
        metrics::gauge!("berth_database_connections_max").set(max as f64);
    }
    if let Err(error) = berth_operations::queue_gauges_refresh(store).await {
        tracing::warn!(cause = error.cause_text(), "the queue could not be counted");
    }
    if let Err(error) = berth_webhooks::webhook_gauges_refresh(store).await {
        tracing::warn!(cause = error.cause_text(), "webhooks could not be counted");
    }
    if let Err(error) = berth_domains_mail::notice_gauges_refresh(store).await {
        tracing::warn!(cause = error.cause_text(), "notices could not be counted");
    }
    handle.render()
}
