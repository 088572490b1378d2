//! Events: each change of a state is told in its own transaction, to those who may know of it.

use std::collections::BTreeSet;

use berth_model::{
    DeploymentState, MemberCreate, OperationState, PageRequest, Role, webhook_event_types,
};
use berth_store::{Cx, WebhookFannedOut};
use serde_json::Value;

use crate::world::{World, tenant_input};

/// What the outbox has, in its order.
async fn outbox(world: &World) -> Vec<String> {
    let query = "SELECT coalesce(string_agg(event_type, ' ' ORDER BY number), '') AS line
                 FROM webhook_outbox";
    let text = world.text(query).await;
    text.split_whitespace().map(str::to_owned).collect()
}

/// The bodies that were made for an owner, in order.
async fn told(world: &World, cx: &Cx) -> Vec<Value> {
    let store = world.store();
    let mut bodies = Vec::new();
    let page = PageRequest::first(100);
    for endpoint in store.webhook_endpoint_list(cx, page).await.unwrap().items {
        let found = store
            .webhook_delivery_list(cx, page, endpoint.id, &[])
            .await;
        for delivery in found.unwrap().items {
            bodies.push(serde_json::from_str(&delivery.body).unwrap());
        }
    }
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_and_its_event_commit_together() {
    let world = World::new().await;
    let store = world.store();
    world.endpoint(&world.shop, "*").await;
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    let (deployment, _) = store
        .deployment_create(&world.shop, order.clone())
        .await
        .unwrap();
    assert_eq!(
        outbox(&world).await,
        ["deployment.ordered", "operation.pending"]
    );
    // Refused after it had begun to write: nothing of it is told.
    assert!(store.deployment_create(&world.shop, order).await.is_err());
    assert_eq!(outbox(&world).await.len(), 2);
    store
        .deployment_delete(&world.shop, deployment.id, None)
        .await
        .unwrap();
    let input = MemberCreate {
        tenant_id: world.tenant.id,
        name: "Dora".to_owned(),
        email: "dora@example.org".parse().unwrap(),
        role: Role::Viewer,
    };
    store.member_create(&world.shop, input).await.unwrap();
    let made = store
        .tenant_create(&world.shop, tenant_input("Emil", "e"))
        .await;
    made.unwrap();
    let rest = outbox(&world).await.split_off(2);
    assert_eq!(
        rest,
        [
            "operation.cancelled",
            "operation.pending",
            "member.created",
            "tenant.created",
            "member.created"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_is_told_under_a_known_type() {
    let world = World::new().await;
    world.endpoint(&world.shop, "*").await;
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    world
        .store()
        .deployment_create(&world.shop, order)
        .await
        .unwrap();
    world.member(&world.tenant, Role::Viewer).await;
    let mut sql = String::new();
    for state in DeploymentState::ALL {
        sql += &format!("UPDATE deployments SET state = '{state}';");
    }
    for state in OperationState::ALL {
        let (lease, end) = match state {
            OperationState::Running => ("now()", "NULL"),
            state if state.is_final() => ("NULL", "now()"),
            _ => ("NULL", "NULL"),
        };
        sql += &format!(
            "UPDATE operations SET state = '{state}', lease_until = {lease}, finished_at = {end};"
        );
    }
    let tenant = world.tenant.id.0;
    sql += &format!(
        "UPDATE tenants SET name = 'New' WHERE id = '{tenant}';
         INSERT INTO invitations
             SELECT gen_random_uuid(), id, realm_id, 'a@example.org', 'VIEWER', name, 'x', now(), now()
             FROM tenants WHERE id = '{tenant}';
         DELETE FROM invitations;
         INSERT INTO support_grants (id, tenant_id, account_id, staff_name, role, reason, created_at,
                                     expires_at)
             SELECT gen_random_uuid(), tenant_id, account_id, 'Staff', 'SUPPORT', 'r', now(),
                    now() + interval '1 hour'
             FROM members WHERE tenant_id = '{tenant}';
         UPDATE support_grants SET ended_at = now();
         UPDATE members SET role = 'ADMIN' WHERE tenant_id = '{tenant}';
         DELETE FROM members WHERE tenant_id = '{tenant}';"
    );
    world.database.sql(&sql).await;
    world
        .store()
        .tenant_create(&world.shop, tenant_input("Emil", "e"))
        .await
        .unwrap();
    let told: BTreeSet<String> = outbox(&world).await.into_iter().collect();
    let known: BTreeSet<String> = webhook_event_types().into_iter().collect();
    assert_eq!(told, known);
    // The same again is no change.
    let before = outbox(&world).await.len();
    let same =
        "UPDATE deployments SET state = state, name = 'Other'; UPDATE tenants SET name = name;";
    world.database.sql(same).await;
    assert_eq!(outbox(&world).await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_told_of_its_own_tenants_what_it_chose() {
    let world = World::new().await;
    let store = world.store();
    assert_eq!(
        outbox(&world).await,
        Vec::<String>::new(),
        "nobody is told yet"
    );
    world.endpoint(&world.shop, "deployment.*").await;
    world.endpoint(&world.other_shop, "*").await;
    world.endpoint(&world.platform, "operation.pending").await;
    for (cx, tenant, name) in [
        (&world.shop, &world.tenant, "a.example.org"),
        (&world.other_shop, &world.other_tenant, "b.example.org"),
    ] {
        let mut order = world.order(tenant, &world.small, name);
        order.external_id = Some("order-7".to_owned());
        store.deployment_create(cx, order).await.unwrap();
    }
    let fanned_out = store.webhook_fan_out(3).await.unwrap();
    assert_eq!((fanned_out.events, outbox(&world).await.len()), (3, 1));
    store.webhook_fan_out(3).await.unwrap();
    let nothing = store.webhook_fan_out(3).await.unwrap();
    assert_eq!(nothing, WebhookFannedOut::default());
    let own = told(&world, &world.shop).await;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["type"], "deployment.ordered");
    assert_eq!(
        own[0]["timestamp"], "2026-01-02T03:04:05.000000Z",
        "the clock's time"
    );
    let data = &own[0]["data"];
    assert_eq!(data["tenantId"], world.tenant.id.to_string());
    assert_eq!(data["tenantExternalId"], "a-1");
    assert_eq!(data["deploymentExternalId"], "order-7");
    assert_eq!(
        (&data["state"], &data["desiredState"]),
        (&"ORDERED".into(), &"RUNNING".into())
    );
    let other = told(&world, &world.other_shop).await;
    let other_tenant = world.other_tenant.id.to_string();
    assert_eq!(other.len(), 2);
    assert!(
        other
            .iter()
            .all(|body| body["data"]["tenantId"] == other_tenant.as_str())
    );
    // The provider sees everybody's deliveries; its own endpoint was told of both.
    let all = told(&world, &world.platform).await;
    let pending = all
        .iter()
        .filter(|body| body["type"] == "operation.pending")
        .count();
    assert_eq!((all.len(), pending), (5, 3));
    // A storefront doesn't see what the provider's endpoint was told of its own tenants.
    let query = format!(
        "SELECT count(*)::text AS line FROM webhook_deliveries WHERE tenant_id = '{}'",
        world.tenant.id.0
    );
    assert_eq!(world.text(&query).await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_to_those_who_are_switched_off() {
    let world = World::new().await;
    let endpoint = world.endpoint(&world.shop, "*").await;
    let off = format!(
        "UPDATE webhook_endpoints SET disabled_at = now(), disabled_reason = 'OWNER'
         WHERE id = '{}'",
        endpoint.id.0
    );
    world.database.sql(&off).await;
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    world
        .store()
        .deployment_create(&world.shop, order)
        .await
        .unwrap();
    assert_eq!(outbox(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_can_write_an_event_by_hand() {
    let world = World::new().await;
    for role in [
        "berth_tenant",
        "berth_storefront",
        "berth_platform",
        "berth_worker",
        "berth_auth",
    ] {
        let may = format!(
            "SELECT has_function_privilege('{role}', 'webhook_tell(uuid, text, jsonb)', 'EXECUTE')::text
             AS line"
        );
        assert_eq!(world.text(&may).await, "false", "{role}");
    }
}
