//! The course of an operation that nobody disturbs: to its end, by several tries, or given up.

use std::time::Duration;

use berth_model::{Error, ErrorCode, OperationKind as Kind, OperationState as State};
use berth_operations::{RunnerConfig, StepEnd, StepError};
use chrono::TimeDelta;

use crate::{
    player::{Player, done, retry},
    world::World,
};

#[tokio::test]
async fn an_operation_runs_its_steps_and_tells_of_them() {
    let world = World::new().await;
    let player = Player::new(|call| async move {
        match (call.step, call.nth) {
            ("place", _) => done("It fits on a machine."),
            (_, 1 | 2) => Ok(StepEnd::Again {
                after: Duration::from_millis(1),
                percent: 40,
                message: "It boots.".to_owned(),
            }),
            _ => done("It answers."),
        }
    });
    let worker = world.start(&player, World::config("a"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!((ended.state, ended.attempts), (State::Succeeded, 1));
    assert_eq!(player.calls(), ["place", "start", "start", "start"]);
    insta::assert_snapshot!(world.told(operation.id).await);
}

#[tokio::test]
async fn what_fails_is_tried_again_from_the_first_step_after_a_growing_time() {
    let world = World::new().await;
    let player = Player::new(|call| async move {
        if call.step == "start" && call.nth < 3 {
            retry()
        } else {
            done("Good.")
        }
    });
    let worker = world.start(&player, World::config("a"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    let mut wait = 4;
    for attempt in 1..3 {
        let retried =
            |now: &berth_model::Operation| now.attempts == attempt && now.state == State::Pending;
        let waits = world.until(operation.id, retried).await.run_after - world.clock.now();
        assert!(waits >= TimeDelta::seconds(wait / 2) && waits <= TimeDelta::seconds(wait));
        world.database.clock.advance(waits);
        wait *= 2;
    }
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!((ended.state, ended.attempts), (State::Succeeded, 3));
    insta::assert_snapshot!(world.told(operation.id).await);
}

#[tokio::test]
async fn after_the_last_try_it_is_given_up() {
    let world = World::new().await;
    let player = Player::new(|_| async { retry() });
    let config = RunnerConfig {
        backoff_base: Duration::ZERO,
        ..World::config("a")
    };
    let worker = world.start(&player, config);
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!((ended.state, ended.attempts), (State::Failed, 3));
    assert_eq!(ended.error_code.as_deref(), Some("MACHINE_UNAVAILABLE"));
    assert_eq!(
        player.calls(),
        ["place", "place", "place", "gave up: MACHINE_UNAVAILABLE"]
    );
    insta::assert_snapshot!(world.told(operation.id).await);
}

#[tokio::test]
async fn what_cannot_work_is_given_up_at_once() {
    let world = World::new().await;
    let player = Player::new(|_| async {
        Err(StepError::Final(Error::new(
            ErrorCode::NoCapacity,
            "No machine has room.",
        )))
    });
    let worker = world.start(&player, World::config("a"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!((ended.state, ended.attempts), (State::Failed, 1));
    assert_eq!(ended.error_message.as_deref(), Some("No machine has room."));
    assert_eq!(player.calls(), ["place", "gave up: NO_CAPACITY"]);
}

#[tokio::test]
async fn a_panic_is_a_mistake_of_ours_and_the_worker_lives_on() {
    let world = World::new().await;
    let player = Player::new(|call| async move {
        assert!(call.nth > 1, "secret panic");
        done("Good.")
    });
    let config = RunnerConfig {
        backoff_base: Duration::ZERO,
        ..World::config("a")
    };
    let worker = world.start(&player, config);
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!((ended.state, ended.attempts), (State::Succeeded, 3));
    let told = world.told(operation.id).await;
    assert!(told.contains("Something went wrong on our side."), "{told}");
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test]
async fn a_step_that_never_ends_is_dropped_at_its_limit() {
    let world = World::new().await;
    let player = Player::new(|call| async move {
        if call.nth == 1 {
            std::future::pending().await
        } else {
            done("Good.")
        }
    });
    let config = RunnerConfig {
        backoff_base: Duration::ZERO,
        step_limit: Duration::from_millis(20),
        max_attempts: 100,
        ..World::config("a")
    };
    let worker = world.start(&player, config);
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!(ended.state, State::Succeeded);
    assert!(ended.attempts >= 3, "{}", ended.attempts);
}

#[tokio::test]
async fn a_call_that_tells_that_it_moves_is_heard_and_outlives_the_limit() {
    let world = World::new().await;
    let player = Player::new(|call| async move {
        for percent in 1..=30 {
            call.progress.tell(percent, "Copying");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        done("Good.")
    });
    let config = RunnerConfig {
        // Longer than a busy machine stands still.
        step_limit: Duration::from_secs(1),
        max_attempts: 1,
        ..World::config("a")
    };
    let worker = world.start(&player, config);
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!((ended.state, ended.attempts), (State::Succeeded, 1));
    let told = world.told(operation.id).await;
    assert!(told.contains("Copying"), "{told}");
}

#[tokio::test]
async fn one_that_waits_for_others_holds_no_worker_and_uses_no_try() {
    let world = World::new().await;
    let player = Player::new(|call| async move {
        if call.operation.kind == Kind::DeploymentCreate && call.step == "place" && call.nth < 6 {
            return Ok(StepEnd::Later {
                after: Duration::ZERO,
                percent: 10,
                message: "Waiting for others".to_owned(),
            });
        }
        done("Good.")
    });
    let config = RunnerConfig {
        max_attempts: 1,
        ..World::config("a")
    };
    let worker = world.start(&player, config);
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!((ended.state, ended.attempts), (State::Succeeded, 1));
    assert_eq!(ended.claim_number, 6, "it was given back each time");
    let told = world.told(operation.id).await;
    assert!(told.contains("Waiting for others"), "{told}");
}
