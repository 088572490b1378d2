//! Machines: what isn't Berth's on them, and when they can't be reached.

use berth_model::{DeploymentState, MachineState, MachineUpdate, OperationState};
use uuid::Uuid;

use crate::world::{GIB, Size, World};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_berths_counts_as_used() {
    let world = World::sized(Size {
        machines: 1,
        memory_gib: 4,
        ..Size::default()
    })
    .await;
    let simulated = world.simulated(&world.machines[0]);
    simulated
        .guest_add_foreign(Uuid::from_u128(7), "theirs", 2 << 30, 2)
        .unwrap();
    world.reconciler.once().await.unwrap();
    let machine = world.machine(world.machines[0].id).await;
    assert_eq!(
        (machine.memory_foreign_bytes, machine.vcpus_foreign),
        (2 * GIB, 2)
    );

    let (refused, operation) = world.order(&world.catalogue.large, "large").await;
    assert_eq!(world.end(operation.id).await.state, OperationState::Failed);
    world.is(refused.id, DeploymentState::Refused).await;
    let explanation = world
        .store
        .operation_explanation(&world.platform, operation.id)
        .await;
    assert_eq!(
        explanation.unwrap().unwrap().text(),
        "m1: 1 GiB of memory short"
    );
    world.running(&world.catalogue.small, "small").await;
    world.counts().await;
    assert!(
        simulated
            .state()
            .unwrap()
            .guests
            .contains_key(&Uuid::from_u128(7)),
        "left alone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_is_waited_for_and_delays_no_other() {
    let world = World::sized(Size {
        machines: 2,
        ..Size::default()
    })
    .await;
    let first = world.running(&world.catalogue.small, "first").await;
    let machine = world.machine_of(first).await.unwrap();
    let simulated = world.simulated(&machine);
    simulated.fault_set(|faults| faults.hangs = true).unwrap();
    let (_, restart) = world
        .store
        .deployment_restart(&world.platform, first)
        .await
        .unwrap();

    // The reconciler finds out, and new orders go elsewhere.
    world.reconciler.once().await.unwrap();
    assert!(world.machine(machine.id).await.unreachable_since.is_some());
    let second = world.running(&world.catalogue.small, "second").await;
    assert_ne!(world.machine_of(second).await.unwrap().id, machine.id);
    assert!(
        !world
            .store
            .operation_get(&world.platform, restart.id)
            .await
            .unwrap()
            .state
            .is_final()
    );

    simulated.fault_set(|faults| faults.hangs = false).unwrap();
    world.succeeds(restart.id).await;
    world.reconciler.once().await.unwrap();
    assert!(world.machine(machine.id).await.unreachable_since.is_none());
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_make_nothing_twice() {
    let world = World::new().await;
    for machine in &world.machines {
        world
            .simulated(machine)
            .fault_set(|faults| faults.fail_after = 12)
            .unwrap();
    }
    let id = world.running(&world.catalogue.small, "one").await;
    world.counts().await;
    assert!(
        world
            .store
            .operation_get(&world.platform, world.newest(id).await.id)
            .await
            .unwrap()
            .attempts
            > 1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_machine_takes_no_new_ones_and_lets_what_is_there_grow() {
    let world = World::sized(Size {
        machines: 1,
        ..Size::default()
    })
    .await;
    let id = world.running(&world.catalogue.small, "one").await;
    let update = MachineUpdate {
        machine_id: world.machines[0].id,
        state: Some(MachineState::Draining),
        vcpu_overcommit_percent: None,
        memory_reserve_bytes: None,
    };
    world
        .store
        .machine_update(&world.platform, update)
        .await
        .unwrap();
    let (_, operation) = world.order(&world.catalogue.small, "two").await;
    world.fails(operation.id).await;
    let explanation = world
        .store
        .operation_explanation(&world.platform, operation.id)
        .await;
    assert_eq!(explanation.unwrap().unwrap().text(), "m1: draining");
    let resize = world
        .store
        .deployment_resize(&world.platform, id, world.catalogue.large.id)
        .await;
    world.succeeds(resize.unwrap().1.id).await;
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resize_without_room_leaves_what_runs() {
    let world = World::sized(Size {
        machines: 1,
        memory_gib: 2,
        ..Size::default()
    })
    .await;
    let id = world.running(&world.catalogue.small, "one").await;
    let resize = world
        .store
        .deployment_resize(&world.platform, id, world.catalogue.large.id)
        .await;
    let operation = world.fails(resize.unwrap().1.id).await;
    assert_eq!(operation.error_code.as_deref(), Some("NO_CAPACITY"));
    world.is(id, DeploymentState::Running).await;
    // It can be restarted in the size that it has.
    let restart = world
        .store
        .deployment_restart(&world.platform, id)
        .await
        .unwrap();
    world.succeeds(restart.1.id).await;
    let repair = world
        .store
        .deployment_repair(&world.platform, id)
        .await
        .unwrap();
    world.succeeds(repair.1.id).await;
    world.is(id, DeploymentState::Running).await;
    world.counts().await;
}
