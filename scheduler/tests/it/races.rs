//! Many orders at once.

use berth_model::{DeploymentId, DeploymentState, OperationState, PageRequest};

use crate::world::{GIB, Size, World};

#[tokio::test(flavor = "multi_thread")]
async fn of_200_orders_for_50_places_exactly_50_run() {
    let size = Size {
        machines: 5,
        memory_gib: 10,
        workers: 2,
        concurrency: 4,
    };
    let world = World::sized(size).await;
    let mut orders = Vec::new();
    for number in 0..200 {
        orders.push(
            world
                .order(&world.catalogue.small, &format!("d{number}"))
                .await,
        );
    }
    let mut refused = None;
    for (deployment, operation) in &orders {
        let operation = world.end(operation.id).await;
        if operation.state == OperationState::Failed {
            assert_eq!(
                operation.error_code.as_deref(),
                Some("NO_CAPACITY"),
                "{operation:#?}"
            );
            assert!(
                !operation.error_message.as_ref().unwrap().contains("m1"),
                "no machine's name"
            );
            refused = Some((deployment.id, operation.id));
        }
    }
    let ids: Vec<_> = orders.iter().map(|(deployment, _)| deployment.id).collect();
    let states = world.states(&ids).await;
    assert_eq!(states[&DeploymentState::Running], 50);
    assert_eq!(states[&DeploymentState::Refused], 150);
    world.counts().await;
    let page = PageRequest::first(200);
    for machine in world
        .store
        .machine_list(&world.platform, page, &[])
        .await
        .unwrap()
        .items
    {
        assert_eq!(machine.memory_used_bytes, 10 * GIB);
    }

    let (refused, operation) = refused.unwrap();
    let explanation = world
        .store
        .operation_explanation(&world.platform, operation)
        .await
        .unwrap();
    let text = explanation.unwrap().text();
    assert!(
        text.starts_with("m1: 1 GiB of memory short; m2: 1 GiB of memory short"),
        "{text}"
    );
    one_goes_and_one_comes(&world, &ids, refused).await;
}

/// A refused one is tried again when there is room.
async fn one_goes_and_one_comes(world: &World, ids: &[DeploymentId], refused: DeploymentId) {
    let found = world
        .store
        .deployment_by_ids(&world.platform, ids)
        .await
        .unwrap();
    let mut running = found
        .values()
        .filter(|found| found.state == DeploymentState::Running);
    let gone = running.next().unwrap().id;
    let deleted = world
        .store
        .deployment_delete(&world.platform, gone, None)
        .await
        .unwrap();
    world.succeeds(deleted.1.id).await;
    let repair = world
        .store
        .deployment_repair(&world.platform, refused)
        .await
        .unwrap();
    world.succeeds(repair.1.id).await;
    world.is(refused, DeploymentState::Running).await;
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_drained_a_moment_after_a_decision_takes_nothing_more() {
    let world = World::new().await;
    let (first, operation) = world.order(&world.catalogue.small, "first").await;
    assert_eq!(
        world.end(operation.id).await.state,
        OperationState::Succeeded
    );
    let place = async |deployment: DeploymentId| {
        let cx = &world.platform;
        let found = world.store.deployment_get(cx, deployment).await.unwrap();
        let vm = found.virtual_machine_id;
        let vm = world.store.virtual_machine_get(cx, vm).await.unwrap();
        vm.machine_id.unwrap()
    };
    let drained = place(first.id).await;
    let key = berth_store::IdempotencyKey::parse("drain").unwrap();
    let drain = berth_model::MachineUpdate {
        machine_id: drained,
        state: Some(berth_model::MachineState::Draining),
        vcpu_overcommit_percent: None,
        memory_reserve_bytes: None,
    };
    let cx = world.platform.clone().with_key(key);
    world.store.machine_update(&cx, drain).await.unwrap();
    let (second, operation) = world.order(&world.catalogue.small, "second").await;
    assert_eq!(
        world.end(operation.id).await.state,
        OperationState::Succeeded
    );
    assert_ne!(place(second.id).await, drained);
}
