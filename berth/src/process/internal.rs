//! `/healthz`, `/readyz` and `/metrics`, on an address of their own that isn't public.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use berth_store::Store;
use metrics_exporter_prometheus::PrometheusHandle;

/// What the routes look at.
#[derive(Clone)]
pub(crate) struct Internal {
    /// For readiness and the gauges.
    pub(crate) store: Store,
    /// Where the counts are.
    pub(crate) metrics: PrometheusHandle,
    /// The parts of this process that run until it stops, such as `worker`.
    pub(crate) parts: Vec<Part>,
}

/// A part of the process that must run.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    name: &'static str,
    runs: Arc<AtomicBool>,
}

/// Held by a running part: when it is dropped, also by a panic, the part no longer runs.
#[derive(Debug)]
pub(crate) struct Running(Arc<AtomicBool>);

impl Part {
    /// A part that runs from now on, as long as the other half lives.
    pub(crate) fn new(name: &'static str) -> (Self, Running) {
        let runs = Arc::new(AtomicBool::new(true));
        (
            Self {
                name,
                runs: Arc::clone(&runs),
            },
            Running(runs),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// The routes.
pub(crate) fn router(internal: Internal) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(internal)
}

/// 200 when requests can be served and work is done, else 503 with a line for each reason.
async fn ready(State(internal): State<Internal>) -> (StatusCode, String) {
    let mut text = String::new();
    match internal.store.schema_missing().await {
        Ok(missing) if missing.is_empty() => {}
        Ok(missing) => {
            let _ = writeln!(
                text,
                "schema: {} changes are missing; run berth migrate",
                missing.len()
            );
        }
        Err(error) => {
            tracing::warn!(
                cause = error.cause_text(),
                "not ready: the database does not answer"
            );
            let _ = writeln!(text, "database: {error}");
        }
    }
    for part in &internal.parts {
        if !part.runs.load(Ordering::Relaxed) {
            let _ = writeln!(text, "{}: has ended", part.name);
        }
    }
    if text.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

async fn metrics(State(internal): State<Internal>) -> String {
    super::metrics::render(&internal.metrics, &internal.store).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_panicked_no_longer_runs() {
        let (part, running) = Part::new("worker");
        assert!(part.runs.load(Ordering::Relaxed));
        let ended = std::thread::spawn(move || {
            let _running = running;
            panic!("as a test");
        });
        assert!(ended.join().is_err());
        assert!(!part.runs.load(Ordering::Relaxed));
    }
}
