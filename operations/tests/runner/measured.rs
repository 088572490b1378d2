//! What the metrics say.

use berth_model::OperationKind as Kind;
use berth_operations::{metrics_describe, queue_gauges_refresh};
use chrono::TimeDelta;
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::{
    player::{Player, done},
    world::World,
};

#[tokio::test]
async fn operations_claims_steps_and_the_queue_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // For this thread only, on which the whole test runs.
    let _recording = metrics::set_default_local_recorder(&recorder);
    metrics_describe();
    let world = World::new().await;
    let player = Player::new(|_| async { done("Good.") });
    let worker = world.start(&player, World::config("a"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    world.until_final(operation.id).await;
    worker.stopped().await;
    world.enqueue(Kind::DeploymentStop).await;
    world.database.clock.advance(TimeDelta::milliseconds(2500));
    queue_gauges_refresh(&world.store).await.unwrap();
    let text = handle.render();
    for line in [
        "berth_operations_total{kind=\"DEPLOYMENT_CREATE\",outcome=\"SUCCEEDED\"} 1",
        "berth_claims_total 1",
        "berth_step_seconds_count{kind=\"DEPLOYMENT_CREATE\",step=\"place\"} 1",
        "berth_queue_depth{state=\"PENDING\"} 1",
        "berth_queue_depth{state=\"RUNNING\"} 0",
        "berth_queue_oldest_seconds 2.5",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
}
