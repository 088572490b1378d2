//! A worker that stops: what it has in hand is finished or handed back.

use std::{sync::Arc, time::Duration};

use berth_model::{OperationKind as Kind, OperationState as State};
use berth_operations::{RunnerConfig, StepEnd};
use tokio::sync::Semaphore;

use crate::{
    player::{Player, done},
    world::World,
};

#[tokio::test]
async fn a_step_that_outlasts_the_grace_is_dropped_and_handed_back() {
    let world = World::new().await;
    let stuck = Player::new(|_| std::future::pending());
    let grace = Duration::from_millis(5);
    let first = world.start(
        &stuck,
        RunnerConfig {
            grace,
            ..World::config("first")
        },
    );
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    stuck.called("place", 1).await;
    first.stopped().await;
    let left = world.get(operation.id).await;
    assert_eq!((left.state, left.attempts), (State::Pending, 0));
    assert_eq!(left.run_after, world.clock.now());

    let player = Player::new(|_| async { done("Good.") });
    let second = world.start(&player, World::config("second"));
    let ended = world.until_final(operation.id).await;
    second.stopped().await;
    assert_eq!(
        (ended.state, ended.attempts, ended.claim_number),
        (State::Succeeded, 1, 2)
    );
    insta::assert_snapshot!(world.told(operation.id).await);
}

#[tokio::test]
async fn a_step_is_finished_within_the_grace_and_the_rest_handed_back() {
    let world = World::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    let player = Player::new(move |_| {
        let gate = gate.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            done("Good.")
        }
    });
    let worker = world.start(&player, World::config("a"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    player.called("place", 1).await;
    worker.stop.cancel();
    opened.add_permits(1);
    worker.stopped().await;
    assert_eq!(player.calls(), ["place"]);
    assert_eq!(world.get(operation.id).await.state, State::Pending);
    let told = world.told(operation.id).await;
    assert!(told.contains("STEP_DONE        place   50%"), "{told}");
    assert!(told.contains("HANDED_BACK"), "{told}");
}

#[tokio::test]
async fn an_operation_whose_last_step_ends_within_the_grace_is_finished() {
    let world = World::new().await;
    let gate = Arc::new(Semaphore::new(1));
    let opened = gate.clone();
    let player = Player::new(move |_| {
        let gate = gate.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            done("Good.")
        }
    });
    let worker = world.start(&player, World::config("a"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    player.called("start", 1).await;
    worker.stop.cancel();
    opened.add_permits(1);
    worker.stopped().await;
    assert_eq!(world.get(operation.id).await.state, State::Succeeded);
}

#[tokio::test]
async fn a_step_that_waits_is_handed_back_at_once() {
    let world = World::new().await;
    let player = Player::new(|_| async {
        let (after, message) = (Duration::from_secs(3600), "It boots.".to_owned());
        Ok(StepEnd::Again {
            after,
            percent: 10,
            message,
        })
    });
    let worker = world.start(&player, World::config("a"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    world.until(operation.id, |now| now.last_event >= 4).await;
    worker.stopped().await;
    assert_eq!(world.get(operation.id).await.state, State::Pending);
}
