//! Costs: page sizes multiply, buckets empty and fill again.

use berth_api::{Bucket, Limits};
use berth_model::ClientFor;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::{
    subscription::Socket,
    support::{Api, code},
};

async fn cost(api: &Api, token: &str, query: &str, variables: Value) -> i64 {
    let answer = api.ask(token, query, variables).await;
    let cost = &answer["extensions"]["cost"]["requested"];
    cost.as_i64().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn page_sizes_multiply() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let none = json!({});
    assert_eq!(
        cost(&api, &token, "{ viewer { kind } }", none.clone()).await,
        1
    );
    // The connection, and its 20.
    assert_eq!(
        cost(&api, &token, "{ plans { nodes { id } } }", none.clone()).await,
        21
    );
    assert_eq!(
        cost(
            &api,
            &token,
            "{ plans { edges { node { id } } } }",
            none.clone()
        )
        .await,
        21
    );
    assert_eq!(
        cost(
            &api,
            &token,
            "{ plans(first: 5) { nodes { id } } }",
            none.clone()
        )
        .await,
        6
    );
    let nested = "query($n: Int = 3, $m: Int) { tenants(first: $n) { edges { node {
                      ...Deployments } } } }
                  fragment Deployments on Tenant { deployments(last: $m) { nodes {
                      id plan { id } } } }";
    // 1 + 3 × (tenant + connection + 20 × (deployment + plan))
    assert_eq!(
        cost(&api, &token, nested, none).await,
        1 + 3 * (1 + 1 + 20 * 2)
    );
    assert_eq!(
        cost(&api, &token, nested, json!({ "n": 2, "m": 10 })).await,
        1 + 2 * (1 + 1 + 10 * 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_too_much_is_refused_with_the_limit() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let query = "{ tenants(first: 100) { nodes { deployments(first: 100) { nodes { id } } } } }";
    let answer = api.ask(&token, query, json!({})).await;
    assert_eq!(code(&answer), "LIMIT_EXCEEDED", "{answer}");
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("10000"),
        "{answer}"
    );
}

/// A question that costs 21 and needs all of it.
fn dear() -> String {
    let fields: String = (0..21)
        .map(|n| format!("v{n}: viewer {{ kind }} "))
        .collect();
    format!("{{ {fields} }}")
}

/// An API whose tokens may spend this much, and then 10 each second.
async fn with_bucket(size: i64) -> (Api, String) {
    let bucket = Bucket {
        size,
        restore_per_second: 10,
    };
    let api = Api::with(Limits {
        token_bucket: bucket,
        ..Limits::default()
    })
    .await;
    let token = api.token(ClientFor::PROVIDER).await;
    (api, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_bucket_throttles_until_it_fills() {
    let (api, token) = with_bucket(50).await;
    let query = json!({ "query": dear() });
    let mut left = Vec::new();
    for _ in 0..2 {
        let answer = api.ask(&token, &dear(), json!({})).await;
        left.push(answer["extensions"]["cost"]["available"].as_i64().unwrap());
    }
    assert_eq!(left, [29, 8]);
    let answer = api.post(&token).json(&query).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "2");
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(code(&answer), "THROTTLED");
    assert_eq!(answer["errors"][0]["extensions"]["retryAfterSeconds"], 2);
    let told = json!({ "requested": 21, "actual": 0, "maximum": 10_000, "available": 8,
                       "restoreRate": 10 });
    assert_eq!(answer["extensions"]["cost"], told);
    api.database.clock.advance(TimeDelta::seconds(2));
    let answer = api.ask(&token, &dear(), json!({})).await;
    assert_eq!(answer["extensions"]["cost"]["available"], 7, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_did_not_need_is_given_back() {
    let (api, token) = with_bucket(1000).await;
    let page = "{ sites { nodes { id name } } }";
    let cost = |answer: &Value| {
        let cost = &answer["extensions"]["cost"];
        ["requested", "actual", "available"].map(|name| cost[name].as_i64().unwrap())
    };
    let empty = api.ask(&token, page, json!({})).await;
    assert_eq!(cost(&empty), [21, 1, 999]);
    for name in ["Kiel", "Bonn"] {
        let input = json!({ "name": name, "idempotencyKey": name });
        let made = api.make(&token, "siteCreate", input, "site { id }").await;
        assert!(made["site"]["id"].is_string(), "{made}");
    }
    // Each: the change, its payload, and the site; there were none of ten errors.
    let two = api.ask(&token, page, json!({})).await;
    assert_eq!(cost(&two), [21, 3, 999 - 2 * 12 - 3]);
    // What doesn't fit the schema asked for a page all the same.
    let wrong = api
        .ask(&token, "{ sites { nodes { nothing } } }", json!({}))
        .await;
    assert_eq!(code(&wrong), "INVALID_INPUT");
    let [requested, actual, _] = cost(&wrong);
    assert!(requested > 20 && requested == actual, "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cost_is_held_while_its_request_runs() {
    let (api, token) = with_bucket(30).await;
    let page = json!({ "query": "{ sites { nodes { id } } }" });
    let (mut owner, connection) = tokio_postgres::connect(&api.database.owner_url, NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let closed = owner.transaction().await.unwrap();
    closed
        .batch_execute("LOCK TABLE sites IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let running = tokio::spawn(api.post(&token).json(&page).send());
    let waiting = "SELECT count(*) AS number FROM pg_locks JOIN pg_database d ON d.oid = database
                   WHERE NOT granted AND datname = current_database()";
    while api.database.number(waiting).await == 0 {}
    // 21 of 30 are held.
    let beside = api.post(&token).json(&page).send().await.unwrap();
    assert_eq!(beside.status(), 429);
    closed.rollback().await.unwrap();
    let first: Value = running.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(first["extensions"]["cost"]["available"], 29, "{first}");
    let again = api.post(&token).json(&page).send().await.unwrap();
    assert_eq!(again.status(), 200);
    connection.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_its_cost_once_it_has_one() {
    let (api, token) = with_bucket(100_000).await;
    let too_much = "{ tenants(first: 100) { nodes { deployments(first: 100) { nodes { id } } } } }";
    let site = r#"mutation { siteCreate(input: { name: "", idempotencyKey: "k" }) {
                   userErrors { code } } }"#;
    for query in [
        "{ __typename }",
        "{ plans { nodes { id } } }",
        "{ __schema { types { name } } }",
        "{ nothing }",
        "{ node(id: \"x\") { id } }",
        too_much,
        site,
    ] {
        let answer = api.ask(&token, query, json!({})).await;
        is_told(&answer, query);
    }
    let init = json!({ "accessToken": token });
    let mut socket = Socket::open(&api, init).await;
    for query in [
        "{ viewer { kind } }",
        too_much,
        "subscription { operationUpdated(id: \"x\") { number } }",
    ] {
        socket.subscribe("1", query).await;
        is_told(&socket.next().await["payload"], query);
        assert_eq!(socket.next().await["type"], "complete");
    }
}

fn is_told(answer: &Value, query: &str) {
    let cost = &answer["extensions"]["cost"];
    for name in ["requested", "actual", "maximum", "available", "restoreRate"] {
        assert!(cost[name].is_i64(), "{query}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tokens_of_an_owner_share_a_bucket() {
    let bucket = Bucket {
        size: 30,
        restore_per_second: 1,
    };
    let api = Api::with(Limits {
        owner_bucket: bucket,
        ..Limits::default()
    })
    .await;
    let world = crate::support::platform();
    let storefront = api
        .store()
        .storefront_create(&world, "S".to_owned())
        .await
        .unwrap()
        .id;
    let first = api.token(ClientFor::Storefront(storefront)).await;
    let second = api.token(ClientFor::Storefront(storefront)).await;
    let query = &dear();
    assert_eq!(code(&api.ask(&first, query, json!({})).await), "no error");
    assert_eq!(code(&api.ask(&second, query, json!({})).await), "THROTTLED");
}
