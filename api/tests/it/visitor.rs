//! The public token of a storefront: safe in a browser, as it opens what the shop shows and no more.

use std::net::{IpAddr, Ipv4Addr};

use berth_api::{Bucket, Limits};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    subscription::refused_connection,
    support::{Api, code},
    world::World,
};

const SHOP: &str = "{ viewer { kind account { id } storefront {
    name brand { accentColor } locale offers { plans { price { minor currency } } }
} } plans { nodes { slug price { minor currency } } }
  applications { nodes { slug versions { nodes { options { name } } } } } }";

/// The public token of the storefront of a token.
pub async fn public_token(api: &Api, shop: &str) -> String {
    let query = "{ viewer { storefront { publicToken } } }";
    let data = api.data(shop, query, json!({})).await;
    let token = &data["viewer"]["storefront"]["publicToken"];
    token.as_str().unwrap().to_owned()
}

/// What one asks from another address of this machine.
async fn ask_from(api: &Api, host: u8, token: &str) -> Value {
    let address = IpAddr::from(Ipv4Addr::new(127, 0, 0, host));
    let http = reqwest::Client::builder().local_address(address).build();
    let request = http.unwrap().post(format!("{}/graphql", api.url));
    let body = json!({ "query": "{ viewer { kind storefront { name } } }" });
    let answer = request.bearer_auth(token).json(&body).send().await.unwrap();
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_the_catalogue_the_prices_and_the_brand() {
    let world = World::new().await;
    let token = public_token(&world.api, &world.shop_a).await;
    let data = world.api.data(&token, SHOP, json!({})).await;
    let price = json!({ "minor": 700, "currency": "CHF" });
    assert_eq!(
        data["viewer"],
        json!({ "kind": "VISITOR", "account": null, "storefront": {
            "name": "Shop A", "brand": { "accentColor": "#1a4b8c" }, "locale": "EN",
            "offers": { "plans": [{ "price": price }] },
        } })
    );
    assert_eq!(
        data["plans"]["nodes"],
        json!([{ "slug": "small", "price": price }])
    );
    assert_eq!(data["applications"]["nodes"][0]["slug"], "matrix");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_changes_nothing_follows_nothing_and_leaves_no_trace_in_the_log() {
    let world = World::new().await;
    let token = public_token(&world.api, &world.shop_a).await;
    let lines = "SELECT count(*) AS number FROM audit_log";
    let before = world.api.database.number(lines).await;
    let storefront = &world.ids["Storefront"];
    let rotate = format!(
        "mutation {{ storefrontPublicTokenRotate(input: {{ idempotencyKey: \"k\",
         storefrontId: \"{storefront}\" }}) {{ userErrors {{ code }} }} }}"
    );
    let answer = world.api.ask(&token, &rotate, json!({})).await;
    assert_eq!(code(&answer), "FORBIDDEN", "{answer}");
    assert_eq!(world.api.database.number(lines).await, before);
    let query = format!(
        "subscription {{ operationUpdated(id: \"{}\") {{ __typename }} }}",
        world.ids["Operation"]
    );
    let answer = world.api.ask(&token, &query, json!({})).await;
    assert_eq!(code(&answer), "FORBIDDEN", "{answer}");
    let closed = refused_connection(&world.api, &token).await;
    assert!(closed.contains("4403"), "{closed}");
    // To OAuth's endpoints it is no token at all.
    let (client_id, secret) = world.api.client(berth_model::ClientFor::PROVIDER).await;
    let form = [("token", token.as_str())];
    let told = world
        .api
        .http
        .post(format!("{}/oauth/introspect", world.api.url));
    let told = told.basic_auth(client_id, Some(secret)).form(&form).send();
    let told: Value = told.await.unwrap().json().await.unwrap();
    assert_eq!(told, json!({ "active": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_replaced_is_nobodys() {
    let world = World::new().await;
    let token = public_token(&world.api, &world.shop_a).await;
    let input = json!({ "idempotencyKey": "k", "storefrontId": world.ids["Storefront"] });
    let fields = "storefront { publicToken }";
    let mutation = "storefrontPublicTokenRotate";
    let made = world.api.make(&world.shop_a, mutation, input, fields).await;
    let answer = world.api.ask(&token, SHOP, json!({})).await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
    let token = made["storefront"]["publicToken"].as_str().unwrap();
    world.api.data(token, SHOP, json!({})).await;
    for bad in ["bp_", "bp_x", "bp_%00", "bp_' OR true --"] {
        let answer = world.api.ask(bad, SHOP, json!({})).await;
        assert_eq!(code(&answer), "UNAUTHENTICATED", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_from_one_address_throttles_no_other() {
    let limits = Limits {
        visitor_bucket: Bucket {
            size: 6,
            restore_per_second: 1,
        },
        ..Limits::default()
    };
    let world = World::over(Api::with(limits).await).await;
    let token = public_token(&world.api, &world.shop_a).await;
    for expected in ["no error", "no error", "no error", "THROTTLED", "THROTTLED"] {
        let answer = ask_from(&world.api, 2, &token).await;
        assert_eq!(code(&answer), expected, "{answer}");
    }
    let answer = ask_from(&world.api, 3, &token).await;
    assert_eq!(code(&answer), "no error", "{answer}");
    // Nor are two storefronts one.
    let other = public_token(&world.api, &world.shop_b).await;
    assert_eq!(code(&ask_from(&world.api, 2, &other).await), "no error");
    world.api.database.clock.advance(TimeDelta::seconds(2));
    assert_eq!(code(&ask_from(&world.api, 2, &token).await), "no error");
}
