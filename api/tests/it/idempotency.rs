//! A request that is sent twice has one effect.

use serde_json::json;

use crate::{
    inputs::{Schema, arguments},
    world::World,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_order_is_one_order() {
    let world = World::new().await;
    let fields = "deployment { id } operation { id }";
    let order = world.order(&world.ids["Tenant"], "twice.example");
    let (first, second) = (order.clone(), order.clone());
    let (first, second) = tokio::join!(
        world
            .api
            .make(&world.shop_a, "deploymentCreate", first, fields),
        world
            .api
            .make(&world.shop_a, "deploymentCreate", second, fields),
    );
    assert_eq!(first, second);
    let mut other = order;
    other["name"] = json!("Other");
    let payload = world
        .api
        .try_make(&world.shop_a, "deploymentCreate", other, fields)
        .await;
    let error = &payload["userErrors"][0];
    assert_eq!(error["code"], "IDEMPOTENCY_KEY_REUSED", "{payload}");
    assert_eq!(error["field"], json!(["input", "idempotencyKey"]));
    assert_eq!(payload["deployment"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_stores_nothing() {
    let world = World::new().await;
    let mut order = world.order(&world.ids["Tenant"], "again.example");
    order["planId"] = json!(crate::inputs::unknown("Plan"));
    let payload = world
        .api
        .try_make(&world.shop_a, "deploymentCreate", order.clone(), "")
        .await;
    assert_eq!(
        payload["userErrors"][0]["field"],
        json!(["input", "planId"]),
        "{payload}"
    );
    order["planId"] = json!(world.ids["Plan"]);
    world
        .api
        .make(&world.shop_a, "deploymentCreate", order, "")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handover_tells_the_password_once_for_each_key_and_is_written_down() {
    let world = World::new().await;
    let input =
        |key: &str| json!({ "idempotencyKey": key, "deploymentId": world.ids["Deployment"] });
    let fields = "handover { username initialPassword }";
    let name = "deploymentHandover";
    let made = world
        .api
        .make(&world.owner_a, name, input("k1"), fields)
        .await;
    assert_eq!(made["handover"]["username"], "anna");
    let password = made["handover"]["initialPassword"].clone();
    assert!(password.as_str().unwrap().len() >= 24);
    // A repeat is the same look, and a replayed answer holds no secret.
    let again = world
        .api
        .make(&world.owner_a, name, input("k1"), fields)
        .await;
    assert_eq!(
        again["handover"],
        json!({ "username": "anna", "initialPassword": null })
    );
    // What was asked is written down each time, also when nothing was told.
    assert_eq!(looks(&world).await, 2);
    let second = world
        .api
        .make(&world.owner_a, name, input("k2"), fields)
        .await;
    assert_eq!(second["handover"]["initialPassword"], password);
    assert_eq!(looks(&world).await, 3);
    let payload = world
        .api
        .try_make(&world.platform, name, input("k3"), fields)
        .await;
    assert_eq!(payload["userErrors"][0]["code"], "FORBIDDEN");
}

/// How often tenant A's audit log says that the password was asked for, and not refused.
async fn looks(world: &World) -> usize {
    let query = "query($id: ID!) { node(id: $id) { ... on Tenant {
                     auditLog(last: 100) { nodes { action subject result } } } } }";
    let data = world
        .api
        .data(&world.owner_a, query, json!({ "id": world.ids["Tenant"] }))
        .await;
    let line = json!({ "action": "deploymentHandover", "subject": world.ids["Deployment"], "result": "OK" });
    let log = data["node"]["auditLog"]["nodes"].as_array().unwrap();
    log.iter().filter(|one| **one == line).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_takes_a_key() {
    let world = World::new().await;
    let schema = Schema::read(&world).await;
    let changes = schema.fields("Mutation");
    assert!(changes.len() > 20, "only {} mutations", changes.len());
    for field in changes {
        let name = field["name"].as_str().unwrap();
        let [input] = arguments(field).try_into().ok().expect("one argument");
        assert_eq!(
            (input.name.as_str(), input.required),
            ("input", true),
            "{name}"
        );
        let inputs = schema.inputs(&input.ty);
        let key = inputs.iter().find(|slot| slot.name == "idempotencyKey");
        let key = key.unwrap_or_else(|| panic!("{name} has no idempotencyKey"));
        assert_eq!((key.ty.as_str(), key.required), ("String", true), "{name}");
    }
}
