//! A creation that is cancelled at each of its steps is undone, unless it was healthy once.

use std::sync::{Arc, Mutex};

use berth_model::{Deployment, DeploymentState, OperationState, Plan};
use berth_operations::Point;

use crate::world::{CancelAt, Size, World};

async fn one_machine() -> World {
    World::sized(Size {
        machines: 1,
        ..Size::default()
    })
    .await
}

/// Orders, and cancels at a point, where `meanwhile` is run in the database too.
async fn cancelled(
    world: &mut World,
    plan: &Plan,
    point: Point<'static>,
    meanwhile: &str,
) -> Deployment {
    world.workers_stop().await;
    let (cancel, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let (cancelled, answered) = std::sync::mpsc::channel();
    let boundary = CancelAt {
        point,
        cancel,
        cancelled: Mutex::new(answered),
    };
    world.work("canceller", 1, Arc::new(boundary));
    let (deployment, operation) = world.order(plan, "regretted").await;
    asked.recv().await.unwrap();
    let cancel = world.store.operation_cancel(&world.platform, operation.id);
    cancel.await.unwrap();
    world.database.sql(meanwhile).await;
    cancelled.send(()).unwrap();
    drop(cancelled);
    let ended = world.end(operation.id).await;
    assert_eq!(
        ended.state,
        OperationState::Cancelled,
        "{point:?}: {ended:#?}"
    );
    deployment
}

async fn undone_before(step: &'static str) {
    let mut world = one_machine().await;
    let small = world.catalogue.small.clone();
    let deployment = cancelled(&mut world, &small, Point::Before(step), "").await;
    world.is(deployment.id, DeploymentState::Purged).await;
    let state = world.simulated(&world.machines[0]).state().unwrap();
    assert!(state.guests.is_empty(), "{step}");
    let volumes: Vec<_> = state
        .volumes
        .keys()
        .filter(|name| !name.starts_with("berth-image-"))
        .collect();
    assert!(volumes.is_empty(), "{step}: {volumes:?}");
    let machine = world.machine(world.machines[0].id).await;
    assert_eq!(machine.memory_used_bytes, 0);
    world.counts().await;
    assert!(world.notices().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_everything_is_undone() {
    for step in [
        "place", "image", "volumes", "seed", "define", "start", "probe",
    ] {
        undone_before(step).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_healthy_once_is_not_undone_whatever_became_of_it() {
    for meanwhile in ["", "UPDATE deployments SET state = 'DEGRADED'"] {
        let mut world = one_machine().await;
        let small = world.catalogue.small.clone();
        let deployment = cancelled(&mut world, &small, Point::Ending, meanwhile).await;
        let state = world.simulated(&world.machines[0]).state().unwrap();
        assert_eq!(state.guests.len(), 1, "{meanwhile}");
        let data = state
            .volumes
            .keys()
            .filter(|name| name.starts_with("berth-data-"));
        assert_eq!(data.count(), 1, "{meanwhile}");
        let cx = &world.platform;
        let found = world.store.deployment_get(cx, deployment.id).await.unwrap();
        assert_ne!(found.state, DeploymentState::Purged, "{meanwhile}");
        world.counts().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_shared_virtual_machine_the_others_go_on() {
    let mut world = one_machine().await;
    let shared = world.catalogue.shared.clone();
    let first = world.running(&shared, "first").await;
    let note = world.data_note(first).await;
    let second = cancelled(&mut world, &shared, Point::Before("probe"), "").await;
    world.is(first, DeploymentState::Running).await;
    world.is(second.id, DeploymentState::Purged).await;
    assert_eq!(world.data_note(first).await, note);
    world.counts().await;
}
