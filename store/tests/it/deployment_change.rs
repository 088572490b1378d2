//! What can be changed in which state, and what is refused with which words.

use berth_model::{DesiredState, ErrorCode, Hosting, OperationState, Role};
use chrono::TimeDelta;
use uuid::Uuid;

use crate::{
    deployment::{ordered, put, told},
    world::{GIB, World, plan_input},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_done_in_which_state() {
    let world = World::new().await;
    let store = world.store();
    let mut table = String::new();
    for desired in DesiredState::ALL {
        for change in [
            "stop", "start", "restart", "resize", "delete", "restore", "repair", "rebuild",
        ] {
            let deployment = ordered(
                &world,
                &format!("{change}-{desired}.example.org").to_lowercase(),
            )
            .await;
            put(&world, &deployment, *desired).await;
            let (cx, id) = (&world.shop, deployment.id);
            let done = match change {
                "stop" => store.deployment_stop(cx, id).await,
                "start" => store.deployment_start(cx, id).await,
                "restart" => store.deployment_restart(cx, id).await,
                "resize" => store.deployment_resize(cx, id, world.large.id).await,
                "delete" => store.deployment_delete(cx, id, None).await,
                "restore" => store.deployment_restore(cx, id).await,
                "repair" => store.deployment_repair(cx, id).await,
                _ => store.deployment_rebuild(cx, id).await,
            };
            let shown = match done {
                Ok((after, operation)) => format!("{} by {}", after.desired_state, operation.kind),
                Err(error) => {
                    assert_eq!(told(&error), (ErrorCode::WrongState, Some("deploymentId")));
                    error.message().to_owned()
                }
            };
            table += &format!(
                "{desired:8} {change:8} {shown}\n",
                desired = desired.as_str()
            );
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resize_keeps_to_what_is_possible() {
    let world = World::new().await;
    let store = world.store();
    let deployment = ordered(&world, "a.example.org").await;
    let (resized, _) = store
        .deployment_resize(&world.shop, deployment.id, world.large.id)
        .await
        .unwrap();
    assert_eq!(resized.plan_id, world.large.id);
    let mut thin = plan_input("thin", Hosting::Own, 8);
    thin.data_bytes = GIB;
    let thin = store.plan_create(&world.platform, thin).await.unwrap();
    let mut weak = plan_input("weak", Hosting::Own, 8);
    weak.memory_bytes = GIB / 2;
    let weak = store.plan_create(&world.platform, weak).await.unwrap();
    for (plan, words) in [
        (&thin, "can't shrink"),
        (&weak, "memory"),
        (&world.shared, "same hosting"),
    ] {
        let error = store
            .deployment_resize(&world.shop, deployment.id, plan.id)
            .await
            .unwrap_err();
        assert_eq!(told(&error), (ErrorCode::InvalidInput, Some("planId")));
        assert!(error.message().contains(words), "{error}");
    }
    let unknown = Uuid::from_u128(7).into();
    let error = store
        .deployment_resize(&world.shop, deployment.id, unknown)
        .await
        .unwrap_err();
    assert_eq!(told(&error), (ErrorCode::NotFound, Some("planId")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_keeps_the_data_for_its_time() {
    let world = World::new().await;
    let store = world.store();
    let now = berth_model::Clock::now(world.database.clock.as_ref());
    for (days, kept) in [(None, 30), (Some(0), 0), (Some(365), 365)] {
        let deployment = ordered(&world, &format!("d{kept}.example.org")).await;
        let (deleted, _) = store
            .deployment_delete(&world.shop, deployment.id, days)
            .await
            .unwrap();
        assert_eq!(deleted.retain_until, Some(now + TimeDelta::days(kept)));
        let restored = store.deployment_restore(&world.shop, deployment.id).await;
        assert_eq!(restored.is_ok(), kept > 0, "{kept} days");
    }
    let deployment = ordered(&world, "last.example.org").await;
    for days in [-1, 366] {
        let refused = store
            .deployment_delete(&world.shop, deployment.id, Some(days))
            .await
            .unwrap_err();
        assert_eq!(
            told(&refused),
            (ErrorCode::InvalidInput, Some("retentionDays"))
        );
    }
    store
        .deployment_delete(&world.shop, deployment.id, Some(7))
        .await
        .unwrap();
    world.database.clock.advance(TimeDelta::days(7));
    let late = store
        .deployment_restore(&world.shop, deployment.id)
        .await
        .unwrap_err();
    assert!(late.message().contains("retention time is over"), "{late}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_supersedes_what_waits() {
    let world = World::new().await;
    let store = world.store();
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    let (deployment, create) = store.deployment_create(&world.shop, order).await.unwrap();
    let (_, delete) = store
        .deployment_delete(&world.shop, deployment.id, None)
        .await
        .unwrap();
    let found = store
        .operation_by_ids(&world.shop, &[create.id, delete.id])
        .await
        .unwrap();
    assert_eq!(found[&create.id].state, OperationState::Cancelled);
    assert!(found[&create.id].superseded_at.is_some());
    assert_eq!(found[&delete.id].state, OperationState::Pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_and_rebuild_tell_the_virtual_machine() {
    let world = World::new().await;
    let store = world.store();
    let deployment = ordered(&world, "a.example.org").await;
    let vm = deployment.virtual_machine_id;
    let before = store.virtual_machine_get(&world.shop, vm).await.unwrap();
    // A tenant's own client may do it too: it has the right to just these columns.
    let support = world.member(&world.tenant, Role::Support).await;
    store
        .deployment_restart(&support, deployment.id)
        .await
        .unwrap();
    store
        .deployment_rebuild(&support, deployment.id)
        .await
        .unwrap();
    let after = store.virtual_machine_get(&support, vm).await.unwrap();
    assert!(before.restart_requested_at.is_none() && after.restart_requested_at.is_some());
    assert_eq!(after.system_revision, before.system_revision + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_own_client_orders_as_a_storefront_does() {
    let world = World::new().await;
    let store = world.store();
    let owner = world.member(&world.tenant, Role::Owner).await;
    for (plan, name) in [
        (&world.small, "a.example.org"),
        (&world.shared, "b.example.org"),
    ] {
        let order = world.order(&world.tenant, plan, name);
        let (deployment, _) = store.deployment_create(&owner, order).await.unwrap();
        store
            .deployment_handover(&owner, deployment.id)
            .await
            .unwrap();
        store.deployment_stop(&owner, deployment.id).await.unwrap();
        store
            .deployment_resize(&owner, deployment.id, plan.id)
            .await
            .unwrap();
        store
            .deployment_delete(&owner, deployment.id, None)
            .await
            .unwrap();
    }
}
