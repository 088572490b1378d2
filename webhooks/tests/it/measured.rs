//! What the metrics say.

use berth_webhooks::{metrics_describe, webhook_gauges_refresh};
use chrono::TimeDelta;
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::{server::Server, world::World};

#[tokio::test]
async fn attempts_events_and_what_waits_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // For this thread only, on which the whole test runs.
    let _recording = metrics::set_default_local_recorder(&recorder);
    metrics_describe();
    let world = World::new().await;
    let mut statuses = [200, 500].into_iter();
    let mut server = Server::answering(move |_| {
        let status: u16 = statuses.next().unwrap();
        axum::response::IntoResponse::into_response(
            axum::http::StatusCode::from_u16(status).unwrap(),
        )
    })
    .await;
    let (endpoint, _) = world
        .endpoint(&world.shop, &server.url(), "tenant.created")
        .await;
    let courier = world.start();
    world.tenant(&world.shop, "anna").await;
    server.next().await;
    world.until_delivered(endpoint.id).await;
    world.tenant(&world.shop, "berta").await;
    server.next().await;
    // It ends when what it began is written down.
    courier.stopped().await;
    world.tenant(&world.shop, "carla").await;
    world
        .database
        .clock
        .advance(TimeDelta::milliseconds(12_500));
    webhook_gauges_refresh(&world.store).await.unwrap();
    let text = handle.render();
    for line in [
        "berth_webhook_attempts_total{outcome=\"DELIVERED\"} 1",
        "berth_webhook_attempts_total{outcome=\"PENDING\"} 1",
        "berth_webhook_attempt_seconds_count 2",
        // A tenant and its first member, twice.
        "berth_webhook_events_total 4",
        "berth_webhook_outbox_depth 2",
        "berth_webhook_outbox_oldest_seconds 12.5",
        "berth_webhook_queue_depth 1",
        "berth_webhook_endpoints_failing 1",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
    let oldest = text
        .lines()
        .find_map(|line| line.strip_prefix("berth_webhook_queue_oldest_seconds "))
        .unwrap();
    let oldest: f64 = oldest.parse().unwrap();
    assert!(
        (2.5..=7.5).contains(&oldest),
        "due after 5 to 10 of 12.5 s: {oldest}"
    );
}
