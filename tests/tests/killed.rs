//! A worker is killed by SIGKILL at every boundary between two steps of every kind of operation. Another
//! goes on, and afterwards exactly that is on the machines what the database says.

#![expect(clippy::unwrap_used, reason = "a test's help fails where it stands")]

use berth_tests::{Worker, World, ended_by_sigkill, simulated};
use serde_json::json;
use std::time::Duration;

/// Whether a second worker runs all the while, or comes when the first one is dead.
#[derive(Clone, Copy, PartialEq)]
enum Other {
    /// It comes later. The boundaries are counted on the way.
    Later,
    /// It runs beside, for as many boundaries as there are.
    Beside(u32),
}

/// What was asked for, and the state that the deployment must end in.
struct Order {
    deployment: String,
    operation: String,
    state: &'static str,
}

const LIMIT: Duration = Duration::from_secs(60);

/// Kills a worker at boundary 1, 2, 3, … of what `order` asks for, until one lives to the end. `order` gives
/// the operation, and the state that its deployment must end in.
async fn kill_everywhere(world: &World, other: Other, order: impl AsyncFn(u32) -> Order) -> u32 {
    for number in 1.. {
        let Order {
            deployment,
            operation,
            state,
        } = order(number).await;
        let mut first = world.worker(Worker {
            kill_at: Some(number),
            ..Worker::default()
        });
        let beside = matches!(other, Other::Beside(_)).then(|| world.worker(Worker::default()));
        let died = until_dead_or_done(world, &mut first, &operation).await;
        let ended = if died {
            world.leases_end().await;
            let _later = (other == Other::Later).then(|| world.worker(Worker::default()));
            world.platform.operation_end(&operation, LIMIT).await
        } else {
            first.stop().await;
            world.platform.operation_end(&operation, LIMIT).await
        };
        if let Some(mut beside) = beside {
            beside.stop().await;
        }
        assert_eq!(
            ended["state"],
            "SUCCEEDED",
            "killed at {number}: {ended:#}\n{}",
            first.log()
        );
        assert_eq!(world.state(&deployment).await, state, "killed at {number}");
        world
            .assert_counted(&format!("a kill at boundary {number}: {}", first.log()))
            .await;
        // Beside another, it may live because the other took the work.
        match other {
            Other::Later if !died => return number - 1,
            Other::Beside(boundaries) if number == boundaries => return number,
            Other::Later | Other::Beside(_) => {}
        }
    }
    unreachable!("the range has no end")
}

async fn until_dead_or_done(
    world: &World,
    worker: &mut berth_tests::Process,
    operation: &str,
) -> bool {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    loop {
        ticks.tick().await;
        if let Some(status) = worker.ended() {
            assert!(ended_by_sigkill(status), "{status}: {}", worker.log());
            return true;
        }
        let state = world.operation_state(operation).await;
        if state == "SUCCEEDED" {
            // It may still be on its way to the last boundary.
            return false;
        }
        assert!(
            state == "PENDING" || state == "RUNNING",
            "{state}: {}",
            worker.log()
        );
    }
}

/// Runs `test` alone and beside a second worker, each on a platform of its own.
async fn both(test: impl AsyncFn(&World, Other) -> u32) {
    let mut boundaries = 0;
    for alone in [true, false] {
        let other = if alone {
            Other::Later
        } else {
            Other::Beside(boundaries)
        };
        let home = tempfile::tempdir().unwrap();
        let world = World::new(simulated(home.path(), 2, 100)).await;
        boundaries = test(&world, other).await;
        assert!(
            boundaries >= 6,
            "only {boundaries} boundaries: the hook is not where it should be"
        );
    }
}

async fn running(world: &World) -> String {
    let (deployment, operation) = world.order(&world.catalogue.own, json!([])).await;
    let ended = world.carry_out(&operation).await;
    assert_eq!(ended["state"], "SUCCEEDED", "{ended:#}");
    deployment
}

#[tokio::test(flavor = "multi_thread")]
async fn create_killed_anywhere_makes_one_deployment() {
    both(async |world, other| {
        kill_everywhere(world, other, async |_| {
            let (deployment, operation) = world.order(&world.catalogue.own, json!([])).await;
            Order {
                deployment,
                operation,
                state: "RUNNING",
            }
        })
        .await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn delete_killed_anywhere_keeps_the_data_and_nothing_else() {
    both(async |world, other| {
        kill_everywhere(world, other, async |_| {
            let deployment = running(world).await;
            let operation = world
                .change("deploymentDelete", &deployment, json!({}))
                .await;
            Order {
                deployment,
                operation,
                state: "DELETED",
            }
        })
        .await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_killed_anywhere_stops() {
    both(async |world, other| {
        let deployment = &running(world).await;
        kill_everywhere(world, other, async |number| {
            if number > 1 {
                let start = world.change("deploymentStart", deployment, json!({})).await;
                assert_eq!(world.carry_out(&start).await["state"], "SUCCEEDED");
            }
            let operation = world.change("deploymentStop", deployment, json!({})).await;
            Order {
                deployment: deployment.clone(),
                operation,
                state: "STOPPED",
            }
        })
        .await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_killed_anywhere_restarts() {
    both(async |world, other| {
        let deployment = &running(world).await;
        kill_everywhere(world, other, async |_| {
            let operation = world
                .change("deploymentRestart", deployment, json!({}))
                .await;
            Order {
                deployment: deployment.clone(),
                operation,
                state: "RUNNING",
            }
        })
        .await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resize_killed_anywhere_has_the_new_size() {
    both(async |world, other| {
        kill_everywhere(world, other, async |_| {
            let deployment = running(world).await;
            let large = json!({ "planId": world.catalogue.large });
            let operation = world.change("deploymentResize", &deployment, large).await;
            Order {
                deployment,
                operation,
                state: "RUNNING",
            }
        })
        .await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn start_killed_anywhere_starts() {
    both(async |world, other| {
        let deployment = &running(world).await;
        kill_everywhere(world, other, async |_| {
            let stop = world.change("deploymentStop", deployment, json!({})).await;
            assert_eq!(world.carry_out(&stop).await["state"], "SUCCEEDED");
            let operation = world.change("deploymentStart", deployment, json!({})).await;
            Order {
                deployment: deployment.clone(),
                operation,
                state: "RUNNING",
            }
        })
        .await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn move_killed_anywhere_is_on_the_other_machine() {
    both(async |world, other| {
        let deployment = &running(world).await;
        kill_everywhere(world, other, async |_| Order {
            deployment: deployment.clone(),
            operation: world.move_away(deployment).await,
            state: "RUNNING",
        })
        .await
    })
    .await;
}
