//! What dies, hangs or is killed on real machines.

use std::time::{Duration, Instant};

use berth_tests::{Worker, ended_by_sigkill, until};
use serde_json::json;

use super::guest::{LIMIT, Site};

/// A worker is killed at every boundary of `operation` in turn: at the first, the next one at the second, …
/// Gives how many there were.
async fn kill_through(site: &Site, operation: &str) -> u32 {
    let world = &site.world;
    for number in 1.. {
        let mut worker = world.worker(Worker {
            kill_at: Some(number),
            ..Worker::default()
        });
        let started = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        let died = loop {
            ticks.tick().await;
            if let Some(status) = worker.ended() {
                assert!(ended_by_sigkill(status), "{status}: {}", worker.log());
                break true;
            }
            if world.operation_state(operation).await == "SUCCEEDED" {
                break false;
            }
            assert!(
                started.elapsed() < LIMIT,
                "killed at {number}: {}",
                worker.log()
            );
        };
        if !died {
            return number - 1;
        }
        world.leases_end().await;
    }
    unreachable!("the range has no end")
}

#[tokio::test(flavor = "multi_thread")]
async fn creation_and_delete_killed_at_every_boundary() {
    let site = Site::new(4, 120).await;
    let world = &site.world;
    let (deployment, operation) = world.order(&world.catalogue.own, json!([])).await;
    let boundaries = kill_through(&site, &operation).await;
    assert!(boundaries >= 16, "only {boundaries}");
    assert_eq!(world.state(&deployment).await, "RUNNING");
    world.assert_counted("creation").await;
    site.guest(&deployment).await.note_put("kept").await;

    let operation = world
        .change("deploymentDelete", &deployment, json!({}))
        .await;
    let boundaries = kill_through(&site, &operation).await;
    assert!(boundaries >= 8, "only {boundaries}");
    assert_eq!(world.state(&deployment).await, "DELETED");
    world.assert_counted("delete").await;

    let _worker = world.worker(Worker::default());
    site.change("deploymentRestore", &deployment, json!({}))
        .await;
    assert_eq!(site.guest(&deployment).await.note().await, "kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_libvirtd_killed_in_the_middle_loses_nothing() {
    let site = Site::new(4, 120).await;
    let world = &site.world;
    let _worker = world.worker(Worker::default());
    let (deployment, operation) = world.order(&world.catalogue.own, json!([])).await;
    let begun = || async {
        let operation = world.platform.operation(&operation).await;
        let steps = operation["steps"].as_array().unwrap();
        steps
            .iter()
            .any(|step| step["name"] == "volumes" && step["state"] != "PENDING")
            .then_some(())
    };
    until(LIMIT, begun, || "no volumes".to_owned()).await;
    let machine = site.guest(&deployment).await.machine;
    site.lab.order("libvirtd-kill", &machine);
    site.lab.order("libvirtd-start", &machine);
    site.succeeds(&operation).await;
    site.guest(&deployment).await.answers().await;
    world.assert_counted("a killed libvirtd").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_hangs_delays_nobody_else() {
    let site = Site::new(4, 120).await;
    let world = &site.world;
    let _worker = world.worker(Worker {
        concurrency: Some(4),
        ..Worker::default()
    });
    let victim = site.running(&world.catalogue.own).await;
    let guest = site.guest(&victim).await;
    site.lab.order("libvirtd-hang", &guest.machine);
    let stop = world.change("deploymentStop", &victim, json!({})).await;
    // The machine is as attractive as before until somebody noticed: the provider takes it out.
    let id = &world
        .catalogue
        .machines
        .iter()
        .find(|(name, _)| *name == guest.machine)
        .unwrap()
        .1;
    let out = json!({ "machineId": id, "state": "MAINTENANCE" });
    world
        .platform
        .done("machineUpdate", out, "machine { id }")
        .await;
    let started = Instant::now();
    site.running(&world.catalogue.own).await;
    site.running(&world.catalogue.own).await;
    let took = started.elapsed();
    let stopping = world.platform.operation(&stop).await;
    site.lab.order("libvirtd-resume", &guest.machine);
    assert!(
        ["PENDING", "RUNNING"].contains(&stopping["state"].as_str().unwrap()),
        "{stopping:#}"
    );
    assert!(took < Duration::from_secs(90), "the others took {took:?}");
    site.succeeds(&stop).await;
    world.assert_counted("a machine that hung").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_dies_is_repaired_by_its_event() {
    let site = Site::new(4, 120).await;
    let world = &site.world;
    let _worker = world.worker(Worker::default());
    let deployment = site.running(&world.catalogue.own).await;
    let guest = site.guest(&deployment).await;
    guest.note_put("kept").await;
    // The period of the reconciler is an hour here: only the event can wake it.
    site.lab.virsh(&guest.machine, &["destroy", &guest.id]);
    let repaired = || async {
        let row = world
            .sql
            .query_opt(
                "SELECT 1 FROM operations WHERE kind = 'DEPLOYMENT_REPAIR' AND state = 'SUCCEEDED'",
                &[],
            )
            .await
            .unwrap();
        row.map(|_| ())
    };
    until(LIMIT, repaired, || "no repair".to_owned()).await;
    assert_eq!(guest.note().await, "kept");
    world.assert_counted("a repair").await;
}
