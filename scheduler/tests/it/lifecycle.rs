//! A deployment from its order to its purge.

use berth_model::{Address, DeploymentState, MemberCreate, NoticeBody, NoticeKind, Role};
use chrono::TimeDelta;

use crate::world::{GIB, World};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_runs_and_its_operator_is_told() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    world.counts().await;
    assert_eq!(world.notices().await, [NoticeKind::DeploymentRunning]);
    let operation = world.newest(id).await;
    let explanation = world
        .store
        .operation_explanation(&world.platform, operation.id)
        .await;
    let chosen = explanation.unwrap().unwrap().chosen;
    assert_eq!(chosen, world.vm_of(id).await.machine_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_and_administrators_are_told_of_what_became_of_which() {
    let world = World::new().await;
    for (name, role) in [("ben", Role::Admin), ("carla", Role::Viewer)] {
        let member = MemberCreate {
            tenant_id: world.tenant.id,
            name: name.to_owned(),
            email: format!("{name}@example.org").parse().unwrap(),
            role,
        };
        let made = world.store.member_create(&world.platform, member).await;
        made.unwrap();
    }
    let id = world.running(&world.catalogue.small, "one").await;
    let told = world.told().await;
    let names: Vec<_> = told.iter().map(|notice| &notice.recipient.name).collect();
    assert_eq!(names, ["Anna", "ben"]);
    let deployment = world.deployment(id).await;
    for notice in told {
        let NoticeBody::Deployment(notice) = notice.body else {
            panic!("{notice:?}");
        };
        assert_eq!(notice.operation_id, world.newest(id).await.id);
        assert_eq!(notice.domain_name, deployment.domain_name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_start_and_restart() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let (store, cx) = (&world.store, &world.platform);
    let note = world.data_note(id).await;

    world
        .succeeds(store.deployment_stop(cx, id).await.unwrap().1.id)
        .await;
    world.is(id, DeploymentState::Stopped).await;
    world.counts().await;

    world
        .succeeds(store.deployment_start(cx, id).await.unwrap().1.id)
        .await;
    world.is(id, DeploymentState::Running).await;
    world.counts().await;

    let starts = starts(&world, id).await;
    world
        .succeeds(store.deployment_restart(cx, id).await.unwrap().1.id)
        .await;
    world.is(id, DeploymentState::Running).await;
    assert_eq!(self::starts(&world, id).await, starts + 1);
    assert_eq!(world.data_note(id).await, note);
    world.counts().await;
}

async fn starts(world: &World, id: berth_model::DeploymentId) -> u32 {
    let machine = world.machine_of(id).await.unwrap();
    let state = world.simulated(&machine).state().unwrap();
    state.guests[&world.vm_of(id).await.id.0].starts
}

#[tokio::test(flavor = "multi_thread")]
async fn resize_up_and_down() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let (store, cx) = (&world.store, &world.platform);
    let note = world.data_note(id).await;

    let (_, operation) = store
        .deployment_resize(cx, id, world.catalogue.large.id)
        .await
        .unwrap();
    world.succeeds(operation.id).await;
    world.is(id, DeploymentState::Running).await;
    let machine = world.machine_of(id).await.unwrap();
    assert_eq!(machine.memory_used_bytes, 3 * GIB);
    let state = world.simulated(&machine).state().unwrap();
    assert_eq!(state.guests.values().next().unwrap().memory_bytes, 3 << 30);
    world.counts().await;

    // Data never shrinks, so a smaller plan is refused; the same data with less memory is not tried
    // here.
    assert!(
        store
            .deployment_resize(cx, id, world.catalogue.small.id)
            .await
            .is_err()
    );
    assert_eq!(world.data_note(id).await, note);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_system_disk_leaves_the_data_alone() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let note = world.data_note(id).await;
    let (_, operation) = world
        .store
        .deployment_rebuild(&world.platform, id)
        .await
        .unwrap();
    world.succeeds(operation.id).await;
    world.is(id, DeploymentState::Running).await;
    assert_eq!(world.vm_of(id).await.system_revision, 2);
    assert_eq!(world.data_note(id).await, note);
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn delete_and_restore_keep_the_data() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let (store, cx) = (&world.store, &world.platform);
    let note = world.data_note(id).await;
    let before = world.machine_of(id).await.unwrap();

    world
        .succeeds(store.deployment_delete(cx, id, None).await.unwrap().1.id)
        .await;
    world.is(id, DeploymentState::Deleted).await;
    let machine = world.machine_of(id).await.unwrap();
    assert_eq!((machine.memory_used_bytes, machine.vcpus_used), (0, 0));
    assert_eq!(world.data_note(id).await, note);
    world.counts().await;

    world
        .succeeds(store.deployment_restore(cx, id).await.unwrap().1.id)
        .await;
    world.is(id, DeploymentState::Running).await;
    assert_eq!(world.machine_of(id).await.unwrap().id, before.id);
    assert_eq!(world.data_note(id).await, note);
    world.counts().await;
    assert_eq!(
        world.notices().await,
        [
            NoticeKind::DeploymentRunning,
            NoticeKind::DeploymentDeleted,
            NoticeKind::DeploymentRunning
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_retention_nothing_is_left() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let (store, cx) = (&world.store, &world.platform);
    world
        .succeeds(store.deployment_delete(cx, id, Some(3)).await.unwrap().1.id)
        .await;
    world.reconciler.once().await.unwrap();
    world.is(id, DeploymentState::Deleted).await;

    world.clock.advance(TimeDelta::days(3));
    world.reconciler.once().await.unwrap();
    let purge = world.newest(id).await;
    world.succeeds(purge.id).await;
    world.is(id, DeploymentState::Purged).await;
    // What was told before is three days old: nobody sends that any more.
    assert_eq!(world.notices().await, [NoticeKind::DeploymentPurged]);
    assert!(world.vm_of(id).await.machine_id.is_none());
    world.counts().await;
    for machine in &world.machines {
        assert!(world.simulated(machine).state().unwrap().guests.is_empty());
    }

    // Its addresses rest before they are given out again.
    let addresses = world.addresses().await;
    let resting: Vec<_> = addresses
        .iter()
        .filter(|address| address.free_after.is_some())
        .collect();
    assert!(
        resting
            .iter()
            .all(|address| address.virtual_machine_id.is_none())
    );
    assert_eq!(resting.len(), 2);
    let next = world.running(&world.catalogue.small, "next").await;
    let vm = world.vm_of(next).await.id;
    let given = store
        .address_by_virtual_machine_ids(cx, &[vm])
        .await
        .unwrap();
    let is_rested = |given: &Address| resting.iter().any(|one| one.address == given.address);
    assert!(!given[&vm].iter().any(is_rested));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_data_volume_is_never_made_anew() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let (store, cx) = (&world.store, &world.platform);
    world
        .succeeds(store.deployment_stop(cx, id).await.unwrap().1.id)
        .await;
    let machine = world.machine_of(id).await.unwrap();
    let volume = store.volume_by_deployment_ids(cx, &[id]).await.unwrap()[&id].id;
    let name = berth_scheduler::names::data_volume(volume);
    let simulated = world.simulated(&machine);
    berth_hypervisor::Hypervisor::guest_undefine(&simulated, world.vm_of(id).await.id.0)
        .await
        .unwrap();
    berth_hypervisor::Hypervisor::volume_delete(&simulated, "berth", &name)
        .await
        .unwrap();

    let operation = world
        .fails(store.deployment_start(cx, id).await.unwrap().1.id)
        .await;
    assert_eq!(operation.error_code.as_deref(), Some("MACHINE_REFUSED"));
    assert_eq!(operation.attempts, 1, "final at once");
    world.is(id, DeploymentState::Degraded).await;
    assert!(!simulated.state().unwrap().volumes.contains_key(&name));
}
