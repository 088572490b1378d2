//! A creation that is cancelled at each of its steps is undone.

use std::sync::{Arc, Mutex};

use berth_model::{DeploymentState, OperationState};

use crate::world::{CancelBefore, Size, World};

async fn cancelled_before(step: &'static str) {
    let size = Size {
        machines: 1,
        workers: 1,
        ..Size::default()
    };
    let mut world = World::sized(size).await;
    world.workers_stop().await;
    let (cancel, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let (cancelled, answered) = std::sync::mpsc::channel();
    let boundary = CancelBefore {
        step,
        cancel,
        cancelled: Mutex::new(answered),
    };
    world.work("canceller", 1, Arc::new(boundary));
    let (deployment, operation) = world.order(&world.catalogue.small, "regretted").await;
    asked.recv().await.unwrap();
    world
        .store
        .operation_cancel(&world.platform, operation.id)
        .await
        .unwrap();
    cancelled.send(()).unwrap();
    let ended = world.end(operation.id).await;
    assert_eq!(ended.state, OperationState::Cancelled, "{step}: {ended:#?}");
    world.is(deployment.id, DeploymentState::Purged).await;
    let state = world.simulated(&world.machines[0]).state().unwrap();
    assert!(state.guests.is_empty(), "{step}");
    let volumes: Vec<_> = state
        .volumes
        .keys()
        .filter(|name| !name.starts_with("berth-image-"))
        .collect();
    assert!(volumes.is_empty(), "{step}: {volumes:?}");
    assert_eq!(
        world.machine(world.machines[0].id).await.memory_used_bytes,
        0
    );
    world.counts().await;
    assert!(world.notices().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_step_everything_is_undone() {
    for step in [
        "place", "image", "volumes", "seed", "define", "start", "probe",
    ] {
        cancelled_before(step).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_shared_virtual_machine_the_others_go_on() {
    let mut world = World::sized(Size {
        machines: 1,
        ..Size::default()
    })
    .await;
    let first = world.running(&world.catalogue.shared, "first").await;
    let note = world.data_note(first).await;
    world.workers_stop().await;
    let (cancel, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let (cancelled, answered) = std::sync::mpsc::channel();
    let boundary = CancelBefore {
        step: "probe",
        cancel,
        cancelled: Mutex::new(answered),
    };
    world.work("canceller", 1, Arc::new(boundary));
    let (second, operation) = world.order(&world.catalogue.shared, "second").await;
    asked.recv().await.unwrap();
    world
        .store
        .operation_cancel(&world.platform, operation.id)
        .await
        .unwrap();
    cancelled.send(()).unwrap();
    assert_eq!(
        world.end(operation.id).await.state,
        OperationState::Cancelled
    );
    world.is(first, DeploymentState::Running).await;
    world.is(second.id, DeploymentState::Purged).await;
    assert_eq!(world.data_note(first).await, note);
    world.counts().await;
}
