//! Costs: page sizes multiply, buckets empty and fill again.

use berth_api::{Bucket, Limits};
use berth_model::ClientFor;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Api, code};

async fn cost(api: &Api, token: &str, query: &str, variables: Value) -> i64 {
    let answer = api.ask(token, query, variables).await;
    let cost = &answer["extensions"]["cost"]["requested"];
    cost.as_i64().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn page_sizes_multiply() {
    let api = Api::new().await;
    let token = api.token(ClientFor::Platform).await;
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
    let token = api.token(ClientFor::Platform).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_bucket_throttles_until_it_fills() {
    let bucket = Bucket {
        size: 50,
        restore_per_second: 10,
    };
    let api = Api::with(Limits {
        token_bucket: bucket,
        ..Limits::default()
    })
    .await;
    let token = api.token(ClientFor::Platform).await;
    let query = json!({ "query": "{ plans { nodes { id } } }" });
    let mut left = Vec::new();
    for _ in 0..2 {
        let answer: Value = api
            .post(&token)
            .json(&query)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        left.push(answer["extensions"]["cost"]["available"].as_i64().unwrap());
    }
    assert_eq!(left, [29, 8]);
    let answer = api.post(&token).json(&query).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "2");
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(code(&answer), "THROTTLED");
    assert_eq!(answer["errors"][0]["extensions"]["retryAfterSeconds"], 2);
    api.database.clock.advance(TimeDelta::seconds(2));
    let answer = api
        .ask(&token, "{ plans { nodes { id } } }", json!({}))
        .await;
    assert_eq!(answer["extensions"]["cost"]["available"], 7, "{answer}");
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
    let query = "{ plans { nodes { id } } }";
    assert_eq!(code(&api.ask(&first, query, json!({})).await), "no error");
    assert_eq!(code(&api.ask(&second, query, json!({})).await), "THROTTLED");
}
