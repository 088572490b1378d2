//! What an operation is called: in the log by its own name, in metrics by what the schema knows.

use std::sync::OnceLock;

use berth_model::ClientFor;
use berth_store::testing::logs;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};

use crate::{subscription::Socket, support::Api};

/// Counts, once for this process, as `berth` itself does.
fn observed() -> &'static PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| PrometheusBuilder::new().install_recorder().unwrap())
}

/// The access log's lines with a word in them.
fn answered(word: &str) -> Vec<Value> {
    let log = logs::text();
    log.lines()
        .filter(|line| line.contains(word) && line.contains(r#""message":"answered"#))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The fields of the access log's lines of a request.
fn lines(request_id: &str) -> Vec<Value> {
    let of = |line: &Value| line["span"]["request_id"] == request_id;
    answered(request_id)
        .into_iter()
        .filter(of)
        .map(|line| line["fields"].clone())
        .collect()
}

/// Asks under a request id. What the access log tells of it.
async fn asked(api: &Api, token: &str, id: &str, body: Value) -> Value {
    let request = api.post(token).header("x-request-id", id).json(&body);
    request.send().await.unwrap();
    let mut lines = lines(id);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_logged_by_its_name() {
    observed();
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let query = "query ShopFront { me: viewer { kind } }";
    let line = asked(&api, &token, "name-1", json!({ "query": query })).await;
    assert_eq!(line["operation_name"], "ShopFront", "{line}");
    assert_eq!(line["operation_type"], "query", "{line}");
    assert_eq!(line["root_field"], "viewer", "{line}");
    assert_eq!(line["outcome"], "OK", "{line}");
    // Refused before it was known: by the name that the client gives, if it is one.
    let given = |name: &str| json!({ "query": "{ viewer { kind } }", "operationName": name });
    let line = asked(&api, &token, "name-2", given("Claimed")).await;
    assert_eq!(line["operation_name"], "Claimed", "{line}");
    assert_eq!(line["outcome"], "INVALID_INPUT", "{line}");
    let line = asked(&api, &token, "name-3", given("x\n{\"level\":\"ERROR\"}")).await;
    assert_eq!(line.get("operation_name"), None, "{line}");
    let line = asked(&api, &token, "name-4", given(&"x".repeat(100_000))).await;
    assert_eq!(
        line["operation_name"].as_str().unwrap().len(),
        100,
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_on_a_socket_is_logged_too() {
    observed();
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let mut socket = Socket::open(&api, json!({ "accessToken": token })).await;
    socket
        .subscribe("1", "query OverSocket { viewer { kind } }")
        .await;
    assert_eq!(socket.next().await["type"], "next");
    let line = answered("OverSocket").remove(0);
    assert_eq!(line["fields"]["root_field"], "viewer", "{line}");
    assert!(line["span"]["request_id"].is_string(), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_clients_choose_are_not_in_the_metrics() {
    let metrics = observed();
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    for n in 0..20 {
        let chosen = format!("Chosen{n}");
        for query in [
            format!("query {chosen} {{ {chosen}: viewer {{ kind }} }}"),
            format!("query {chosen} {{ field{chosen} }}"),
            format!("query {chosen} {{ ...{chosen} }} fragment {chosen} on Query {{ __typename }}"),
        ] {
            let body = json!({ "query": query, "operationName": chosen });
            api.post(&token).json(&body).send().await.unwrap();
        }
        let body = json!({ "query": "{ viewer { kind } }", "operationName": chosen });
        api.post(&token).json(&body).send().await.unwrap();
    }
    let text = metrics.render();
    assert!(!text.contains("Chosen"), "{text}");
    for labels in [
        r#"operation_type="query",root_field="viewer",outcome="OK""#,
        r#"operation_type="query",root_field="unknown",outcome="INVALID_INPUT""#,
        r#"operation_type="query",root_field="introspection",outcome="OK""#,
        r#"operation_type="none",root_field="none",outcome="INVALID_INPUT""#,
    ] {
        assert!(text.contains(labels), "{labels} is not in {text}");
    }
}
