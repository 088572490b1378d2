//! An order until it is `RUNNING`, beside the same libvirt calls by one `virsh` process.

mod twin;
mod virsh;

use std::time::{Duration, Instant};

use berth_tests::{Lab, Process, Worker, World, until};
use serde_json::json;

use self::{twin::Twin, virsh::Virsh};
use crate::rounds::Rounds;

const LIMIT: Duration = Duration::from_secs(180);

/// Measures `rounds` pairs on one machine that has the image.
pub async fn run(lab: &Lab, rounds: usize) {
    let mut settings = lab.settings(4, 120);
    settings.plan.machines.truncate(1);
    let machine = settings.plan.machines[0].clone();
    let address = settings.plan.ipv4_take();
    let world = World::new(settings).await;
    let worker = world.worker(Worker::default());
    let definition = first_order(lab, &world, &machine.name).await;
    let twin = Twin::new(&world, definition, &address).await;
    let mut virsh = Virsh::start(&machine.uri);
    let (mut running, mut powered_on) = (Rounds::default(), Rounds::default());
    for round in 0..rounds {
        let berth = order(&world).await;
        let peer = twin.run(&mut virsh).await;
        println!(
            "round {}: Berth {:.2} s, virsh {:.2} s",
            round + 1,
            berth.running.as_secs_f64(),
            peer.running.as_secs_f64()
        );
        running.push_times(berth.running, peer.running);
        powered_on.push_times(berth.powered_on, peer.powered_on);
    }
    drop::<Process>(worker);
    Rounds::heading("one virsh process, and the same probe", rounds);
    running.print("order to RUNNING", "s", "aim: 1.2 or less");
    powered_on.print("of this, until the guest is on", "s", "");
}

/// How long it took from the request.
pub struct Times {
    /// Until the guest was on.
    pub powered_on: Duration,
    /// Until it was healthy, and its seed gone.
    pub running: Duration,
}

/// An order that brings the image to the machine; the definition of its guest, with its seed.
async fn first_order(lab: &Lab, world: &World, machine: &str) -> String {
    let (deployment, operation) = world.order(&world.catalogue.own, json!([])).await;
    let defined = || async {
        let guests = lab.virsh(machine, &["list", "--uuid", "--state-running"]);
        let guest = guests.split_whitespace().next()?.to_owned();
        let definition = lab.virsh(machine, &["dumpxml", "--inactive", &guest]);
        definition.contains("berth-seed-").then_some(definition)
    };
    let definition = until(LIMIT, defined, || "no guest".to_owned()).await;
    succeeded(world, &operation).await;
    delete(world, &deployment).await;
    definition
}

async fn order(world: &World) -> Times {
    let begun = Instant::now();
    let (deployment, operation) = world.order(&world.catalogue.own, json!([])).await;
    succeeded(world, &operation).await;
    let running = begun.elapsed();
    let id = berth_tests::global_uuid(&json!(operation)).to_string();
    // From its first moment in the database; the request before it is a few milliseconds more.
    let sql = "SELECT extract(epoch FROM step.finished_at - operation.created_at)::float8
        FROM operation_steps step JOIN operations operation ON operation.id = step.operation_id
        WHERE operation.id::text = $1 AND step.name = 'start'";
    let powered_on: f64 = world.sql.query_one(sql, &[&id]).await.unwrap().get(0);
    delete(world, &deployment).await;
    Times {
        powered_on: Duration::from_secs_f64(powered_on),
        running,
    }
}

/// Looks past the API, so that looking costs nothing.
async fn succeeded(world: &World, operation: &str) {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    let begun = Instant::now();
    loop {
        ticks.tick().await;
        match world.operation_state(operation).await.as_str() {
            "SUCCEEDED" => return,
            "FAILED" | "CANCELLED" => panic!("{:#}", world.platform.operation(operation).await),
            _ => assert!(begun.elapsed() < LIMIT, "it doesn't end"),
        }
    }
}

async fn delete(world: &World, deployment: &str) {
    let more = json!({ "retentionDays": 1 });
    let operation = world.change("deploymentDelete", deployment, more).await;
    succeeded(world, &operation).await;
}
