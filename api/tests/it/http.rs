//! GraphQL over HTTP: media types, statuses, request ids.

use berth_model::ClientFor;
use serde_json::{Value, json};

use crate::support::{Api, code};

const MEDIA: &str = "application/graphql-response+json";

#[tokio::test(flavor = "multi_thread")]
async fn media_types_and_statuses_are_the_specifications() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let good = json!({ "query": "{ viewer { kind } }" });
    let unknown = json!({ "query": "{ nothing }" });
    let broken = json!({ "query": "{" });
    for (body, accept, status) in [
        (&good, "application/json", 200),
        (&good, MEDIA, 200),
        (&good, "text/html, */*;q=0.1", 200),
        (&unknown, "application/json", 200),
        (&unknown, MEDIA, 400),
        (&broken, "application/json", 200),
        (&broken, MEDIA, 400),
        (&good, "text/html", 406),
    ] {
        let answer = api
            .post(&token)
            .header("accept", accept)
            .json(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{body} as {accept}");
        let media = answer.headers()["content-type"].to_str().unwrap();
        assert_eq!(media.starts_with(MEDIA), accept == MEDIA);
        let errors = answer.json::<Value>().await.unwrap();
        if body != &good {
            assert_eq!(code(&errors), "INVALID_INPUT", "{errors}");
            assert_eq!(errors.get("data"), None, "nothing was looked for");
        }
    }
    // What is no request of GraphQL at all is a bad one, whatever is accepted.
    for body in [
        "{",
        "",
        "[]",
        "{}",
        "{\"query\":1}",
        "{\"query\":\"{a}\",\"variables\":1}",
    ] {
        for accept in ["application/json", MEDIA] {
            let request = api.post(&token).header("accept", accept);
            let request = request.header("content-type", "application/json");
            let answer = request.body(body).send().await.unwrap();
            assert_eq!(answer.status(), 400, "{body} as {accept}");
        }
    }
    let plain = api.post(&token).body("{}").send().await.unwrap();
    assert_eq!(plain.status(), 415);
    let get = api
        .http
        .get(format!("{}/graphql?query=%7Bviewer%7Bkind%7D%7D", api.url));
    assert_eq!(get.bearer_auth(&token).send().await.unwrap().status(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_failed_on_its_way_has_data_all_the_same() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let body = json!({ "query": "{ nodes(ids: [\"x\"]) { id } }" });
    for accept in ["application/json", MEDIA] {
        let request = api.post(&token).header("accept", accept).json(&body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{accept}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(code(&answer), "INVALID_ID", "{answer}");
        assert_eq!(answer.get("data"), Some(&Value::Null), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_come_in_the_order_in_which_they_were_asked_for() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let query = "{ z: plans { nodes { slug } } viewer { role kind } a: sites { nodes { name } }
        ...F machines { nodes { name } } } fragment F on Query { y: viewer { kind } tenants { nodes { id } } }";
    // What needs the database comes later than what doesn't, by the way that it takes each time.
    for _ in 0..5 {
        let request = api.post(&token).json(&json!({ "query": query }));
        let text = request.send().await.unwrap().text().await.unwrap();
        let keys = ["z", "viewer", "role", "kind", "a", "y", "machines"];
        let keys = ["data"].iter().chain(&keys);
        let places = keys.map(|key| {
            text.find(&format!("\"{key}\":"))
                .unwrap_or_else(|| panic!("{key}: {text}"))
        });
        assert!(places.is_sorted(), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_without_a_token() {
    let api = Api::new().await;
    for query in [
        "{ viewer { kind } }",
        "{ __schema { types { name } } }",
        "{ __typename }",
    ] {
        let request = api
            .http
            .post(format!("{}/graphql", api.url))
            .json(&json!({ "query": query }));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(code(&answer.json().await.unwrap()), "UNAUTHENTICATED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_its_id() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let id = |given: &'static str| {
        let request = api
            .post(&token)
            .json(&json!({ "query": "{ viewer { kind } }" }));
        async move {
            let answer = request.header("x-request-id", given).send().await.unwrap();
            answer.headers()["x-request-id"]
                .to_str()
                .unwrap()
                .to_owned()
        }
    };
    assert_eq!(id("order-7.1").await, "order-7.1");
    let made = id("not a plain word").await;
    assert_eq!(made.len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_in_the_audit_log() {
    let world = crate::world::World::new().await;
    let body = json!({
        "query": "mutation($input: DeploymentStopInput!) { deploymentStop(input: $input) {
                      userErrors { code message } } }",
        "variables": { "input": { "idempotencyKey": "k",
        "deploymentId": world.ids["Deployment"] } },
    });
    let request = world
        .api
        .post(&world.shop_a)
        .header("x-request-id", "stop-1")
        .json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        answer["data"]["deploymentStop"]["userErrors"],
        json!([]),
        "{answer}"
    );
    let query = "query($id: ID!) { node(id: $id) { ... on Tenant {
                     auditLog(last: 100) { nodes { action requestId } } } } }";
    let data = world
        .api
        .data(&world.shop_a, query, json!({ "id": world.ids["Tenant"] }))
        .await;
    let line = json!({ "action": "deploymentStop", "requestId": "stop-1" });
    assert!(
        data["node"]["auditLog"]["nodes"]
            .as_array()
            .unwrap()
            .contains(&line),
        "{data}"
    );
}
