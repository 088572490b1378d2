//! Differences that come by themselves.

use std::time::Duration;

use berth_hypervisor::Hypervisor;
use berth_model::{DeploymentState, NoticeKind, OperationKind};
use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::world::{PATIENCE, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_an_event_and_is_repaired() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let note = world.data_note(id).await;
    let stop = CancellationToken::new();
    let reconciler = tokio::spawn(world.reconciler.clone().run(stop.clone()));
    let machine = world.machine_of(id).await.unwrap();
    let simulated = world.simulated(&machine);
    let vm = world.vm_of(id).await.id.0;
    // The period is an hour: only the event can tell. It may come before the reconciler listens.
    let repaired = async {
        loop {
            simulated.guest_crash(vm).unwrap();
            let newest = world.newest(id).await;
            if newest.kind == OperationKind::DeploymentRepair {
                return newest;
            }
            let mut hints = world.feed.subscribe();
            hints
                .heard_within(Duration::from_millis(200), |_| true)
                .await;
        }
    };
    let repair = tokio::time::timeout(PATIENCE, repaired).await.unwrap();
    world.succeeds(repair.id).await;
    stop.cancel();
    reconciler.await.unwrap();
    assert!(simulated.state().unwrap().guests[&vm].power.is_on());
    assert_eq!(world.data_note(id).await, note);
    world.counts().await;
    assert_eq!(
        world.notices().await,
        [NoticeKind::DeploymentRunning],
        "a crash that was repaired is no news"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vanished_guest_is_made_again_and_a_started_one_is_stopped() {
    let world = World::new().await;
    let (store, cx) = (&world.store, &world.platform);
    let lost = world.running(&world.catalogue.small, "lost").await;
    let still = world.running(&world.catalogue.small, "still").await;
    world
        .succeeds(store.deployment_stop(cx, still).await.unwrap().1.id)
        .await;
    let note = world.data_note(lost).await;

    let simulated = world.simulated(&world.machine_of(lost).await.unwrap());
    simulated
        .guest_undefine(world.vm_of(lost).await.id.0)
        .await
        .unwrap();
    let simulated = world.simulated(&world.machine_of(still).await.unwrap());
    simulated
        .guest_start(world.vm_of(still).await.id.0)
        .await
        .unwrap();
    world.reconciler.once().await.unwrap();
    for id in [lost, still] {
        let repair = world.newest(id).await;
        assert_eq!(repair.kind, OperationKind::DeploymentRepair);
        world.succeeds(repair.id).await;
    }
    world.is(lost, DeploymentState::Running).await;
    world.is(still, DeploymentState::Stopped).await;
    assert_eq!(world.data_note(lost).await, note);
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repairs_keep_a_growing_distance() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let simulated = world.simulated(&world.machine_of(id).await.unwrap());
    let vm = world.vm_of(id).await.id.0;
    let mut last = world.newest(id).await.id;
    // The floor is 10 s and doubles.
    for (wait, is_repaired) in [(0, true), (5, false), (6, true), (11, false), (10, true)] {
        world.clock.advance(TimeDelta::seconds(wait));
        simulated.guest_crash(vm).unwrap();
        world.reconciler.once().await.unwrap();
        let newest = world.newest(id).await.id;
        assert_eq!(newest != last, is_repaired, "after {wait} s");
        world.succeeds(newest).await;
        last = newest;
    }
    world.counts().await;
}
