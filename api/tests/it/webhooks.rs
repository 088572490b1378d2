//! Webhooks over GraphQL: a storefront's own endpoints, their secrets told once, deliveries and
//! their attempts.

use berth_model::WebhookDeliveryId;
use berth_store::{WebhookClaim, WebhookLane, WebhookOutcome};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::world::{World, text};

const DELIVERIES: &str = "query($states: [WebhookDeliveryState!]) { webhookEndpoints { nodes {
    id url patterns failingSince disabledReason
    deliveries(first: 1, states: $states) { pageInfo { hasNextPage } nodes {
        id eventType body state attemptCount nextAttemptAt
        webhookEndpoint { id } tenant { id }
        attempts { number responseStatus durationMs error }
    } } } } }";

async fn endpoints(world: &World, token: &str, states: Value) -> Vec<Value> {
    let asked = json!({ "states": states });
    let mut data = world.api.data(token, DELIVERIES, asked).await;
    let nodes = data["webhookEndpoints"]["nodes"].take();
    nodes.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_told_once_and_a_storefront_sees_its_own() {
    let world = World::new().await;
    let input = json!({
        "idempotencyKey": "mine", "url": "https://shop.example.org/b", "patterns": ["tenant.*"],
        "description": "Billing",
    });
    let fields = "webhookEndpoint { id storefront { id } description } secret";
    let make = async || {
        let input = input.clone();
        let api = &world.api;
        api.make(&world.shop_b, "webhookEndpointCreate", input, fields)
            .await
    };
    let (made, again) = (make().await, make().await);
    assert!(text(&made["secret"]).starts_with("whsec_"));
    assert_eq!(again["secret"], Value::Null);
    assert_eq!(again["webhookEndpoint"], made["webhookEndpoint"]);
    let seen = endpoints(&world, &world.shop_b, Value::Null).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["id"], made["webhookEndpoint"]["id"]);
    assert_eq!(
        seen[0]["deliveries"]["nodes"],
        json!([]),
        "nothing happened since"
    );
    assert_eq!(
        endpoints(&world, &world.platform, Value::Null).await.len(),
        2
    );
    let id = json!({ "idempotencyKey": "r", "webhookEndpointId": made["webhookEndpoint"]["id"] });
    let api = &world.api;
    let rotated = api
        .make(
            &world.shop_b,
            "webhookEndpointSecretRotate",
            id.clone(),
            "secret",
        )
        .await;
    assert_ne!(rotated["secret"], made["secret"]);
    let deleted = api
        .make(
            &world.shop_b,
            "webhookEndpointDelete",
            id,
            "webhookEndpointId",
        )
        .await;
    assert_eq!(deleted["webhookEndpointId"], made["webhookEndpoint"]["id"]);
    assert!(
        endpoints(&world, &world.shop_b, Value::Null)
            .await
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_told_is_refused_with_its_field() {
    let world = World::new().await;
    for (url, pattern, field) in [
        ("http://shop.example.org", "*", "url"),
        ("https://127.0.0.1/", "*", "url"),
        ("https://[fd00:ec2::254]/latest", "*", "url"),
        ("https://anna:x@shop.example.org", "*", "url"),
        ("https://shop.example.org", "tenants.*", "patterns"),
    ] {
        let input = json!({ "idempotencyKey": "k", "url": url, "patterns": [pattern] });
        let name = "webhookEndpointCreate";
        let payload = world
            .api
            .try_make(&world.shop_b, name, input, "secret")
            .await;
        let error = &payload["userErrors"][0];
        assert_eq!(error["code"], "INVALID_INPUT", "{payload}");
        assert_eq!(error["field"], json!(["input", field]), "{payload}");
        assert_eq!(payload["secret"], Value::Null);
    }
    let data = world
        .api
        .data(&world.shop_b, "{ webhookEventTypes }", json!({}))
        .await;
    let types = data["webhookEventTypes"].as_array().unwrap();
    assert!(types.contains(&json!("operation.succeeded")));
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_shown_and_a_delivery_is_made_again() {
    let world = World::new().await;
    let store = world.api.store();
    let request = WebhookClaim {
        lane: WebhookLane::Healthy,
        limit: 1,
        per_endpoint: 1,
        lease: TimeDelta::seconds(60),
    };
    let work = store.webhook_claim(&request).await.unwrap().remove(0);
    let outcome = WebhookOutcome {
        duration: TimeDelta::milliseconds(7),
        status: Some(410),
        error: Some("It answered 410 Gone.".to_owned()),
        gone: true,
        retry_at: berth_model::Timestamp::UNIX_EPOCH,
    };
    store.webhook_attempt_record(&work, &outcome).await.unwrap();
    let shown = endpoints(&world, &world.shop_a, json!(["PENDING"]))
        .await
        .remove(0);
    assert_eq!(shown["disabledReason"], "GONE");
    assert_eq!(shown["deliveries"]["pageInfo"]["hasNextPage"], true);
    let delivery = &shown["deliveries"]["nodes"][0];
    let id: WebhookDeliveryId = text(&delivery["id"]).parse().unwrap();
    assert_eq!(id, work.id);
    assert_eq!(delivery["tenant"]["id"], world.ids["Tenant"].as_str());
    assert_eq!(delivery["webhookEndpoint"]["id"], shown["id"]);
    let body: Value = serde_json::from_str(&text(&delivery["body"])).unwrap();
    assert_eq!(body["type"], delivery["eventType"]);
    let attempt = json!({
        "number": 1, "responseStatus": 410, "durationMs": 7, "error": "It answered 410 Gone.",
    });
    assert_eq!(delivery["attempts"], json!([attempt]));
    let name = "webhookDeliveryRedeliver";
    let again = |key: &str| json!({ "idempotencyKey": key, "webhookDeliveryId": delivery["id"] });
    let fields = "webhookDelivery { id state attemptCount }";
    let refused = world
        .api
        .try_make(&world.shop_a, name, again("1"), fields)
        .await;
    assert_eq!(refused["userErrors"][0]["code"], "WRONG_STATE");
    let on = json!({ "idempotencyKey": "on", "webhookEndpointId": shown["id"], "enabled": true });
    let switched = "webhookEndpoint { disabledAt failingSince }";
    let payload = world
        .api
        .make(&world.shop_a, "webhookEndpointUpdate", on, switched)
        .await;
    assert_eq!(
        payload["webhookEndpoint"],
        json!({ "disabledAt": null, "failingSince": null })
    );
    let made = world
        .api
        .make(&world.shop_a, name, again("2"), fields)
        .await;
    assert_eq!(made["webhookDelivery"]["state"], "PENDING");
    assert_eq!(made["webhookDelivery"]["attemptCount"], 1);
}
