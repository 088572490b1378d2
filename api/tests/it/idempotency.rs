//! A request that is sent twice has one effect.

use serde_json::json;

use crate::world::World;

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
async fn a_handover_tells_the_password_and_is_written_down() {
    let world = World::new().await;
    let input = json!({ "deploymentId": world.ids["Deployment"] });
    let fields = "handover { username initialPassword }";
    let made = world
        .api
        .make(&world.owner_a, "deploymentHandover", input.clone(), fields)
        .await;
    assert_eq!(made["handover"]["username"], "anna");
    assert!(made["handover"]["initialPassword"].as_str().unwrap().len() >= 24);
    let query = "query($id: ID!) { node(id: $id) { ... on Tenant {
                     auditLog(last: 100) { nodes { action subject } } } } }";
    let data = world
        .api
        .data(&world.owner_a, query, json!({ "id": world.ids["Tenant"] }))
        .await;
    let line = json!({ "action": "deploymentHandover", "subject": world.ids["Deployment"] });
    assert!(
        data["node"]["auditLog"]["nodes"]
            .as_array()
            .unwrap()
            .contains(&line),
        "{data}"
    );
    let payload = world
        .api
        .try_make(&world.platform, "deploymentHandover", input, fields)
        .await;
    assert_eq!(payload["userErrors"][0]["code"], "FORBIDDEN");
}
