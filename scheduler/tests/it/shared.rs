//! Two deployments in one virtual machine.

use berth_model::DeploymentState;

use crate::world::{GIB, World};

/// The domain names that the guest serves.
async fn served(world: &World, id: berth_model::DeploymentId) -> Vec<String> {
    let machine = world.machine_of(id).await.unwrap();
    let state = world.simulated(&machine).state().unwrap();
    let guest = &state.guests[&world.vm_of(id).await.id.0];
    let seed = guest.seed.as_ref().unwrap();
    seed.deployments
        .iter()
        .map(|deployment| deployment.domain_name.clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_stopped_and_deleted_while_the_other_runs_on() {
    let world = World::new().await;
    let (store, cx) = (&world.store, &world.platform);
    let first = world.running(&world.catalogue.shared, "first").await;
    let second = world.running(&world.catalogue.shared, "second").await;
    assert_eq!(world.vm_of(first).await.id, world.vm_of(second).await.id);
    assert_eq!(
        world.machine_of(first).await.unwrap().memory_used_bytes,
        2 * GIB
    );
    assert_eq!(
        served(&world, first).await,
        ["first.example.org", "second.example.org"]
    );
    let notes = (world.data_note(first).await, world.data_note(second).await);
    world.counts().await;

    world
        .succeeds(store.deployment_stop(cx, second).await.unwrap().1.id)
        .await;
    world.is(first, DeploymentState::Running).await;
    world.is(second, DeploymentState::Stopped).await;
    assert_eq!(served(&world, first).await, ["first.example.org"]);
    assert_eq!(
        world.machine_of(first).await.unwrap().memory_used_bytes,
        2 * GIB
    );
    world.counts().await;

    world
        .succeeds(store.deployment_start(cx, second).await.unwrap().1.id)
        .await;
    assert_eq!(
        served(&world, first).await,
        ["first.example.org", "second.example.org"]
    );

    world
        .succeeds(
            store
                .deployment_delete(cx, first, Some(0))
                .await
                .unwrap()
                .1
                .id,
        )
        .await;
    world.is(first, DeploymentState::Deleted).await;
    world.is(second, DeploymentState::Running).await;
    assert_eq!(served(&world, second).await, ["second.example.org"]);
    assert_eq!(
        world.machine_of(second).await.unwrap().memory_used_bytes,
        GIB
    );
    assert_eq!(world.data_note(first).await, notes.0);
    world.counts().await;

    world.reconciler.once().await.unwrap();
    world.succeeds(world.newest(first).await.id).await;
    world.is(first, DeploymentState::Purged).await;
    world.is(second, DeploymentState::Running).await;
    assert_eq!(world.data_note(second).await, notes.1);
    world.counts().await;
}
