//! The life of deployments on real machines.

use berth_tests::{Worker, until};
use serde_json::json;

use super::guest::{LIMIT, Site};

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_keeps_its_data_through_its_whole_life() {
    let site = Site::new(8, 120).await;
    let world = &site.world;
    let _worker = world.worker(Worker {
        reconcile: Some(2),
        ..Worker::default()
    });
    let deployment = site.running(&world.catalogue.own).await;
    let guest = site.guest(&deployment).await;
    for address in &guest.addresses {
        let told = guest.told_at(address).await;
        assert_eq!(
            told["domainName"], guest.domain_name,
            "at {address}: {told}"
        );
    }
    assert_eq!(guest.addresses.len(), 2, "one of each family: {guest:?}");
    guest.note_put("kept").await;
    let system = system_volume(&site, &guest.machine);

    for (mutation, more) in [
        ("deploymentStop", json!({})),
        ("deploymentStart", json!({})),
        ("deploymentRestart", json!({})),
        (
            "deploymentResize",
            json!({ "planId": world.catalogue.large }),
        ),
        ("deploymentRebuild", json!({})),
        ("deploymentDelete", json!({ "retentionDays": 1 })),
        ("deploymentRestore", json!({})),
    ] {
        site.change(mutation, &deployment, more).await;
        world.assert_counted(mutation).await;
        if !["deploymentStop", "deploymentDelete"].contains(&mutation) {
            assert_eq!(
                site.guest(&deployment).await.note().await,
                "kept",
                "after {mutation}"
            );
        }
    }
    assert_ne!(
        system_volume(&site, &guest.machine),
        system,
        "the system disk was replaced"
    );
    let boots = site.guest(&deployment).await.told().await["boots"]
        .as_i64()
        .unwrap();
    assert_eq!(
        boots, 6,
        "created, started, restarted, resized, rebuilt, restored"
    );

    site.change(
        "deploymentDelete",
        &deployment,
        json!({ "retentionDays": 0 }),
    )
    .await;
    let purged = || async { (world.state(&deployment).await == "PURGED").then_some(()) };
    until(LIMIT, purged, || "the retention time is over".to_owned()).await;
    world.assert_counted("purge").await;
}

fn system_volume(site: &Site, machine: &str) -> String {
    let volumes = site.lab.virsh(machine, &["vol-list", "berth"]);
    let name = volumes.lines().find(|line| line.contains("berth-system-"));
    name.unwrap_or_default()
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_moves_to_another_machine_and_never_stops() {
    let site = Site::new(4, 120).await;
    let world = &site.world;
    let _worker = world.worker(Worker {
        concurrency: Some(2),
        ..Worker::default()
    });
    let deployment = site.running(&world.catalogue.own).await;
    let before = site.guest(&deployment).await;
    before.note_put("taken along").await;
    let told = before.told().await;

    let rebalance = world.move_away(&deployment).await;
    site.succeeds(&rebalance).await;
    let document = "query($id: ID!) { node(id: $id) { ... on Operation {
        moves { state operation { steps { name message } } } } } }";
    let moved = world.platform.query(document, json!({ "id": rebalance }));
    let moves = moved.await["node"]["moves"].clone();
    assert_eq!(moves[0]["state"], "DONE", "{moves:#}");

    let after = site.guest(&deployment).await;
    assert_ne!(after.machine, before.machine);
    assert_eq!(after.addresses, before.addresses);
    assert_eq!(after.note().await, "taken along");
    assert_eq!(
        after.told().await["boots"],
        told["boots"],
        "it never stopped"
    );
    world.assert_counted("a move").await;

    // What stands still takes its data along, and begins on a fresh system disk.
    site.change("deploymentStop", &deployment, json!({})).await;
    let back = world.move_away(&deployment).await;
    site.succeeds(&back).await;
    site.change("deploymentStart", &deployment, json!({})).await;
    let at_last = site.guest(&deployment).await;
    assert_ne!(at_last.machine, after.machine);
    assert_eq!(at_last.note().await, "taken along");
    world.assert_counted("a move of what stood still").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_deployments_share_a_machine_and_one_leaves() {
    let site = Site::new(4, 120).await;
    let world = &site.world;
    let _worker = world.worker(Worker::default());
    let first = site.running(&world.catalogue.shared).await;
    site.guest(&first).await.note_put("first").await;
    let second = site.running(&world.catalogue.shared).await;
    let guests = [site.guest(&first).await, site.guest(&second).await];
    assert_eq!(guests[0].id, guests[1].id, "one virtual machine");
    guests[0].answers().await;
    guests[1].note_put("second").await;
    assert_eq!(guests[0].note().await, "first");
    assert_ne!(
        guests[0].told().await["deployment"],
        guests[1].told().await["deployment"]
    );
    world.assert_counted("two in one").await;

    site.change("deploymentDelete", &first, json!({})).await;
    guests[1].answers().await;
    assert_eq!(guests[1].note().await, "second");
    world.assert_counted("one has left").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_never_gets_healthy_is_degraded_with_its_console() {
    let site = Site::new(4, 25).await;
    let world = &site.world;
    let _worker = world.worker(Worker::default());
    let options = json!([{ "name": "unhealthy", "value": { "boolean": true } }]);
    let (deployment, operation) = world.order(&world.catalogue.own, options).await;
    let ended = world.platform.operation_end(&operation, LIMIT).await;
    assert_eq!(
        (ended["state"].as_str(), ended["errorCode"].as_str()),
        (Some("FAILED"), Some("UNHEALTHY"))
    );
    let console = ended["consoleTail"].as_str().unwrap();
    assert!(
        console.contains("berth:"),
        "the end of the console: {console:?}"
    );
    assert_eq!(world.state(&deployment).await, "DEGRADED");

    site.change("deploymentDelete", &deployment, json!({}))
        .await;
    world.assert_counted("a delete of what was degraded").await;
}
