//! An operation that somebody stops: a cancel undoes what it made, a later operation leaves it.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use berth_model::{Error, ErrorCode, Operation, OperationKind as Kind, OperationState as State};
use berth_operations::{Boundary, Point, RunnerConfig, StepEnd, StepError};
use tokio::sync::{Semaphore, mpsc::UnboundedSender};

use crate::{
    player::{Call, Played, Player, done, retry},
    world::World,
};

/// A second step that waits for something for an hour, looking again when it is asked to.
async fn waits(call: Call) -> Played {
    if call.step == "start" {
        let (after, message) = (Duration::from_secs(3600), "It boots.".to_owned());
        return Ok(StepEnd::Again {
            after,
            percent: 50,
            message,
        });
    }
    done("Good.")
}

#[tokio::test]
async fn a_cancel_wakes_a_step_that_waits_and_undoes_what_was_made() {
    let world = World::new().await;
    let player = Player::new(waits);
    let worker = world.start(&player, World::config("a"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    player.called("start", 1).await;
    world
        .store
        .operation_cancel(&world.cx(), operation.id)
        .await
        .unwrap();
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!(ended.state, State::Cancelled);
    assert_eq!(ended.error_code.as_deref(), Some("CANCELLED"));
    assert_eq!(player.calls(), ["place", "start", "stop", "remove"]);
    let told = world.told(operation.id).await;
    // Whether the step's progress or the cancel is told first depends on who writes first.
    assert!(told.contains("CANCEL_REQUESTED"), "{told}");
    let steps: Vec<&str> = told.lines().rev().take(4).collect();
    let expected = ["3 remove DONE     1", "2 stop   DONE     1"];
    assert_eq!(steps[..2], expected);
    assert_eq!(steps[2..], ["1 start  SKIPPED  1", "0 place  DONE     1"]);
}

#[tokio::test]
async fn a_cancel_before_the_first_claim_is_undone_all_the_same() {
    let world = World::new().await;
    let player = Player::new(|_| async { done("Good.") });
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    world
        .store
        .operation_cancel(&world.cx(), operation.id)
        .await
        .unwrap();
    let worker = world.start(&player, World::config("a"));
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!(ended.state, State::Cancelled);
    insta::assert_snapshot!(world.told(operation.id).await);
}

#[tokio::test]
async fn a_cancel_during_the_last_step_is_honoured_after_it() {
    let world = World::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    let player = Player::new(move |call| {
        let gate = gate.clone();
        async move {
            if call.step == "start" {
                gate.acquire().await.unwrap().forget();
            }
            done("Good.")
        }
    });
    let worker = world.start(&player, World::config("a"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    player.called("start", 1).await;
    world
        .store
        .operation_cancel(&world.cx(), operation.id)
        .await
        .unwrap();
    opened.add_permits(1);
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!(ended.state, State::Cancelled);
    assert_eq!(player.calls(), ["place", "start", "stop", "remove"]);
    insta::assert_snapshot!(world.told(operation.id).await);
}

/// Holds a worker up before it writes the first end of an operation.
struct HoldEnd {
    held: UnboundedSender<()>,
    go: Mutex<mpsc::Receiver<()>>,
}

impl Boundary for HoldEnd {
    fn at(&self, _: Kind, point: Point<'_>) {
        if point == Point::Ending && self.held.send(()).is_ok() {
            // Only the first end is waited for: then the test has dropped its half.
            let _ = self.go.lock().unwrap().recv();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_right_before_a_failure_is_written_is_honoured() {
    let world = World::new().await;
    let player = Player::new(|call| async move {
        match call.step {
            "start" => Err(StepError::Final(Error::new(
                ErrorCode::Unhealthy,
                "It is ill.",
            ))),
            _ => done("Good."),
        }
    });
    let (held, mut is_held) = tokio::sync::mpsc::unbounded_channel();
    let (go, wait) = mpsc::channel();
    let go_on = Mutex::new(wait);
    let boundary = Arc::new(HoldEnd { held, go: go_on });
    let worker = world.start_watched(&player, World::config("a"), boundary);
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    is_held.recv().await.unwrap();
    world
        .store
        .operation_cancel(&world.cx(), operation.id)
        .await
        .unwrap();
    drop((is_held, go));
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!(ended.state, State::Cancelled);
    let calls = ["place", "start", "gave up: UNHEALTHY", "stop", "remove"];
    assert_eq!(player.calls(), calls);
}

/// The end of a creation that is cancelled before anybody takes it.
async fn undone(world: &World, player: &Arc<Player>) -> Operation {
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    world
        .store
        .operation_cancel(&world.cx(), operation.id)
        .await
        .unwrap();
    let config = RunnerConfig {
        backoff_base: Duration::ZERO,
        ..World::config("a")
    };
    let worker = world.start(player, config);
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    ended
}

#[tokio::test]
async fn an_undo_that_is_given_up_ends_failed() {
    let world = World::new().await;
    let player = Player::new(|_| async { retry() });
    let ended = undone(&world, &player).await;
    assert_eq!((ended.state, ended.attempts), (State::Failed, 6));
    assert_eq!(ended.error_code.as_deref(), Some("MACHINE_UNAVAILABLE"));
}

#[tokio::test]
async fn an_undo_that_fails_is_tried_again_with_tries_of_its_own() {
    let world = World::new().await;
    let player = Player::new(|call| async move {
        match (call.step, call.nth) {
            ("stop", 1..=4) => retry(),
            _ => done("Good."),
        }
    });
    let ended = undone(&world, &player).await;
    assert_eq!((ended.state, ended.attempts), (State::Cancelled, 5));
    assert_eq!(
        player.calls(),
        ["stop", "stop", "stop", "stop", "stop", "remove"]
    );
}

#[tokio::test]
async fn a_later_operation_ends_one_that_waits_and_undoes_nothing() {
    let world = World::new().await;
    let player = Player::new(waits);
    let worker = world.start(&player, World::config("a"));
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    player.called("start", 1).await;
    world
        .work
        .supersede(&world.cx(), world.deployment)
        .await
        .unwrap();
    let ended = world.until_final(operation.id).await;
    worker.stopped().await;
    assert_eq!(ended.state, State::Cancelled);
    assert_eq!(ended.error_code.as_deref(), Some("SUPERSEDED"));
    assert_eq!(player.calls(), ["place", "start"]);
}
