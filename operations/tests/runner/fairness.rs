//! Many operations: one of a lock key at a time and in order, tenants side by side, none left over.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use berth_model::{OperationId, OperationKind as Kind, OperationState as State};
use berth_operations::RunnerConfig;
use uuid::Uuid;

use crate::{
    player::{Player, done},
    world::World,
};

/// What runs now and what ran, by deployment; and the most that ran at once.
#[derive(Default)]
struct Watched {
    running: HashMap<Uuid, OperationId>,
    begun: HashMap<Uuid, Vec<OperationId>>,
    most: usize,
    wrong: Vec<String>,
}

impl Watched {
    fn begins(&mut self, key: Uuid, id: OperationId) {
        self.begun.entry(key).or_default().push(id);
        if let Some(other) = self.running.insert(key, id) {
            self.wrong.push(format!("{other} and {id} at once"));
        }
        self.most = self.most.max(self.running.len());
    }
}

/// An executor that writes down what it runs.
fn watching(watched: &Arc<Mutex<Watched>>) -> Arc<Player> {
    let watched = watched.clone();
    Player::new(move |call| {
        let watched = watched.clone();
        async move {
            let key = call.operation.deployment_id.unwrap().0;
            if call.step == "place" {
                watched.lock().unwrap().begins(key, call.operation.id);
            }
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            if call.step == "start" {
                watched.lock().unwrap().running.remove(&key);
            }
            done("Good.")
        }
    })
}

/// `each` operations on each of `keys` deployments, in turn.
async fn ordered(world: &World, keys: usize, each: usize) -> HashMap<Uuid, Vec<OperationId>> {
    let mut deployments = Vec::new();
    for _ in 0..keys {
        deployments.push(world.work.deployment(world.tenant).await.unwrap());
    }
    let (cx, kind) = (world.cx(), Kind::DeploymentRepair);
    let mut ordered: HashMap<Uuid, Vec<OperationId>> = HashMap::new();
    for _ in 0..each {
        let round = world.work.enqueue_many(&cx, &deployments, kind).await;
        for operation in round.unwrap() {
            let key = operation.deployment_id.unwrap().0;
            ordered.entry(key).or_default().push(operation.id);
        }
    }
    ordered
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_workers_run_one_operation_of_a_key_at_a_time_and_in_order() {
    const LIMIT: usize = 6;
    let world = World::live().await;
    let ordered = ordered(&world, 20, 10).await;
    let watched = Arc::new(Mutex::new(Watched::default()));
    let player = watching(&watched);
    let per_tenant_limit = i64::try_from(LIMIT).unwrap();
    let mut workers = Vec::new();
    for number in 0..8 {
        let config = World::config(&format!("worker {number}"));
        let config = RunnerConfig {
            per_tenant_limit,
            ..config
        };
        workers.push(world.start(&player, config));
    }
    for id in ordered.values().flatten() {
        assert_eq!(world.until_final(*id).await.state, State::Succeeded);
        assert!(world.work.events_are_whole(*id).await.unwrap());
    }
    for worker in workers {
        worker.stopped().await;
    }
    let watched = watched.lock().unwrap();
    assert!(watched.wrong.is_empty(), "{:?}", watched.wrong);
    assert_eq!(watched.begun, ordered);
    let most = watched.most;
    assert!((2..=LIMIT).contains(&most), "{most} ran at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_orders_of_one_tenant_do_not_delay_anothers_first() {
    let world = World::live().await;
    let many = vec![world.deployment; 1000];
    let kind = Kind::DeploymentRepair;
    world
        .work
        .enqueue_many(&world.cx(), &many, kind)
        .await
        .unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let begun = order.clone();
    let player = Player::new(move |call| {
        if call.step == "place" {
            begun.lock().unwrap().push(call.operation.tenant_id);
        }
        async { done("Good.") }
    });
    let worker = world.start(&player, World::config("a"));
    player.called("place", 1).await;

    let tenant = world.work.tenant().await.unwrap();
    let deployment = world.work.deployment(tenant).await.unwrap();
    let first = world
        .work
        .enqueue(&world.cx(), deployment, Kind::DeploymentCreate)
        .await
        .unwrap();
    // What was begun before the order was there can't be overtaken.
    let before = order.lock().unwrap().len();
    world.until_final(first.id).await;
    worker.stopped().await;
    let position = order
        .lock()
        .unwrap()
        .iter()
        .position(|ran| *ran == tenant)
        .unwrap();
    assert!(
        position <= before + 2,
        "{before} had begun, and it came at place {position}"
    );
}

#[tokio::test]
async fn work_is_begun_when_it_is_enqueued_not_when_the_poll_comes() {
    let world = World::new().await;
    let player = Player::new(|_| async { done("Good.") });
    let poll = Duration::from_secs(3600);
    let worker = world.start(
        &player,
        RunnerConfig {
            poll,
            ..World::config("a")
        },
    );
    for _ in 0..3 {
        let operation = world.enqueue(Kind::DeploymentRepair).await;
        assert_eq!(
            world.until_final(operation.id).await.state,
            State::Succeeded
        );
    }
    worker.stopped().await;
}
