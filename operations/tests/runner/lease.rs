//! Claims that are lost, and operations that outlive their workers.

use std::{sync::Arc, time::Duration};

use berth_model::{OperationKind as Kind, OperationState as State};
use berth_operations::RunnerConfig;
use berth_store::ClaimRequest;
use chrono::TimeDelta;
use tokio::sync::Semaphore;

use crate::{
    player::{Player, done},
    world::World,
};

/// Tells that a step's future was dropped.
struct Dropped(Arc<Semaphore>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

#[tokio::test]
async fn a_lost_claim_drops_the_step_and_another_worker_goes_on() {
    let world = World::new().await;
    let dropped = Arc::new(Semaphore::new(0));
    let signal = dropped.clone();
    let stuck = Player::new(move |_| {
        let guard = Dropped(signal.clone());
        async move {
            let _guard = guard;
            std::future::pending().await
        }
    });
    // Its heartbeats come every 500 ms of real time; its lease is one of the clock that stands
    // still.
    let lease = Duration::from_millis(1500);
    let first = world.start(
        &stuck,
        RunnerConfig {
            lease,
            ..World::config("first")
        },
    );
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    stuck.called("place", 1).await;
    first.stop.cancel();

    let player = Player::new(|_| async { done("Good.") });
    let second = world.start(&player, World::config("second"));
    // A heartbeat right after the clock was moved keeps the lease; then it is moved again.
    let taken = world.until(operation.id, |now| now.claim_number == 2);
    tokio::pin!(taken);
    while tokio::time::timeout(Duration::from_millis(100), &mut taken)
        .await
        .is_err()
    {
        world.database.clock.advance(TimeDelta::minutes(5));
    }
    let ended = world.until_final(operation.id).await;
    assert_eq!(
        (ended.state, ended.claim_number, ended.attempts),
        (State::Succeeded, 2, 2)
    );
    dropped.acquire().await.unwrap().forget();
    first.stopped().await;
    second.stopped().await;
    assert_eq!(stuck.calls(), ["place"]);
    assert_eq!(
        world.get(operation.id).await,
        ended,
        "the first worker wrote no more"
    );
}

#[tokio::test]
async fn what_a_worker_writes_after_it_lost_its_claim_is_refused() {
    let world = World::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    let slow = Player::new(move |_| {
        let gate = gate.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            done("Too late.")
        }
    });
    // With a lease of a minute no heartbeat tells it in time.
    let first = world.start(&slow, World::config("first"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    slow.called("place", 1).await;
    world.database.clock.advance(TimeDelta::minutes(5));
    let player = Player::new(|_| async { done("Good.") });
    first.stop.cancel();
    let second = world.start(&player, World::config("second"));
    let ended = world.until_final(operation.id).await;
    opened.add_permits(10);
    first.stopped().await;
    second.stopped().await;
    assert_eq!(slow.calls(), ["place"]);
    assert_eq!(world.get(operation.id).await, ended);
    let told = world.told(operation.id).await;
    assert!(!told.contains("Too late."), "{told}");
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn an_operation_that_ends_all_its_workers_is_given_up() {
    let world = World::new().await;
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    let request = ClaimRequest {
        worker: "dies",
        lease: TimeDelta::seconds(1),
        kinds: Kind::ALL,
        per_tenant_limit: 1,
    };
    for _ in 0..3 {
        world
            .store
            .operation_claim(&request)
            .await
            .unwrap()
            .unwrap();
        world.database.clock.advance(TimeDelta::seconds(2));
    }
    let player = Player::new(|_| async { done("Good.") });
    let worker = world.start(&player, World::config("a"));
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!(
        (ended.state, ended.error_code.as_deref()),
        (State::Failed, Some("INTERNAL"))
    );
    assert_eq!(player.calls(), ["gave up: INTERNAL"]);
}

#[tokio::test]
async fn a_worker_that_died_while_undoing_is_followed_by_one_that_undoes() {
    let world = World::new().await;
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    let request = ClaimRequest {
        worker: "dies",
        lease: TimeDelta::seconds(1),
        kinds: Kind::ALL,
        per_tenant_limit: 1,
    };
    let (_, claim) = world
        .store
        .operation_claim(&request)
        .await
        .unwrap()
        .unwrap();
    let steps = [("place", ""), ("start", ""), ("stop", ""), ("remove", "")];
    world
        .store
        .operation_steps_plan(&claim, &steps, 0)
        .await
        .unwrap();
    world
        .store
        .operation_cancel(&world.cx(), operation.id)
        .await
        .unwrap();
    world
        .store
        .operation_steps_plan(&claim, &steps, 2)
        .await
        .unwrap();
    world.store.operation_step_started(&claim, 2).await.unwrap();
    world.database.clock.advance(TimeDelta::seconds(2));
    let player = Player::new(|_| async { done("Good.") });
    let worker = world.start(&player, World::config("a"));
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!(ended.state, State::Cancelled);
    assert_eq!(player.calls(), ["stop", "remove"]);
}
