//! Deployments that share a virtual machine of their tenant.

use crate::{deployment::ordered, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn shared_deployments_of_a_tenant_live_together() {
    let world = World::new().await;
    let store = world.store();
    let order = |name: &str| world.order(&world.tenant, &world.shared, name);
    let (first, _) = store
        .deployment_create(&world.shop, order("a.example.org"))
        .await
        .unwrap();
    let (second, _) = store
        .deployment_create(&world.shop, order("b.example.org"))
        .await
        .unwrap();
    assert_eq!(first.virtual_machine_id, second.virtual_machine_id);
    let own = ordered(&world, "c.example.org").await;
    assert_ne!(own.virtual_machine_id, first.virtual_machine_id);
    let other = world.order(&world.other_tenant, &world.shared, "d.example.org");
    let (other, _) = store
        .deployment_create(&world.other_shop, other)
        .await
        .unwrap();
    assert_ne!(other.virtual_machine_id, first.virtual_machine_id);
    let there = store
        .deployment_by_virtual_machine_ids(&world.shop, &[first.virtual_machine_id])
        .await;
    assert_eq!(there.unwrap()[&first.virtual_machine_id].len(), 2);
    // In one whose deployments are all deleted nobody moves in: it is about to go.
    for deployment in [&first, &second] {
        store
            .deployment_delete(&world.shop, deployment.id, None)
            .await
            .unwrap();
    }
    let (later, _) = store
        .deployment_create(&world.shop, order("e.example.org"))
        .await
        .unwrap();
    assert_ne!(later.virtual_machine_id, first.virtual_machine_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_orders_at_once_make_one_virtual_machine() {
    let world = World::new().await;
    let store = world.store();
    let names: Vec<String> = (0..8)
        .map(|number| format!("s{number}.example.org"))
        .collect();
    let orders = names.iter().map(|name| {
        store.deployment_create(&world.shop, world.order(&world.tenant, &world.shared, name))
    });
    futures::future::try_join_all(orders).await.unwrap();
    assert_eq!(
        world
            .text("SELECT count(*)::text AS line FROM virtual_machines")
            .await,
        "1"
    );
}
