//! Guests that don't get healthy.

use berth_hypervisor::simulator::GuestFault;
use berth_model::{DeploymentState, NoticeKind};
use chrono::TimeDelta;

use crate::{order::DEADLINE, world::World};

fn fault_everywhere(world: &World, fault: Option<GuestFault>) {
    for machine in &world.machines {
        world
            .simulated(machine)
            .fault_set(|faults| faults.every_guest = fault)
            .unwrap();
    }
}

/// Orders one that never answers, and lets its time run out.
async fn degraded(world: &World, name: &str) -> berth_model::DeploymentId {
    fault_everywhere(world, Some(GuestFault::NeverHealthy));
    let (deployment, operation) = world.order(&world.catalogue.small, name).await;
    world
        .until(operation.id, |operation| operation.last_event > 14)
        .await;
    world.clock.advance(TimeDelta::seconds(DEADLINE.into()));
    let operation = world.fails(operation.id).await;
    assert_eq!(operation.error_code.as_deref(), Some("UNHEALTHY"));
    let console = world.console(operation.id).await;
    assert!(console.contains("is up"), "{console}");
    world.is(deployment.id, DeploymentState::Degraded).await;
    deployment.id
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_degraded_with_its_console_and_can_be_repaired() {
    let world = World::new().await;
    let id = degraded(&world, "sick").await;
    assert_eq!(world.notices().await, [NoticeKind::DeploymentDegraded]);
    // A reconciler doesn't restart what is on; people decide.
    world.reconciler.once().await.unwrap();
    world.is(id, DeploymentState::Degraded).await;

    fault_everywhere(&world, None);
    let (_, operation) = world
        .store
        .deployment_repair(&world.platform, id)
        .await
        .unwrap();
    world.succeeds(operation.id).await;
    world.is(id, DeploymentState::Running).await;
    world.counts().await;
    assert_eq!(world.notices().await, [NoticeKind::DeploymentRunning]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_deleted() {
    let world = World::new().await;
    let id = degraded(&world, "sick").await;
    let deleted = world
        .store
        .deployment_delete(&world.platform, id, None)
        .await
        .unwrap();
    world.succeeds(deleted.1.id).await;
    world.is(id, DeploymentState::Deleted).await;
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_goes_off_by_itself_is_started_again_a_few_times() {
    let world = World::new().await;
    fault_everywhere(&world, Some(GuestFault::CrashesAtBoot));
    let (deployment, operation) = world.order(&world.catalogue.small, "crashes").await;
    let operation = world.fails(operation.id).await;
    assert_eq!(operation.error_code.as_deref(), Some("UNHEALTHY"));
    assert!(world.console(operation.id).await.contains("Kernel panic"));
    world.is(deployment.id, DeploymentState::Degraded).await;
    let machine = world.machine_of(deployment.id).await.unwrap();
    let state = world.simulated(&machine).state().unwrap();
    assert_eq!(
        state.guests.values().next().unwrap().starts,
        4,
        "once, and three times again"
    );
}
