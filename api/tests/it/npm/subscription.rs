//! `operationUpdated` with graphql-ws, the client that storefronts use.

use std::time::Duration;

use berth_api::Limits;
use berth_model::ClientFor;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Program;
use crate::{subscription::work, support::Api, world::World};

const QUERY: &str = "subscription($id: ID!, $after: Int!) {
                         operationUpdated(id: $id, after: $after) { number kind } }";

/// The client, in the hands of a test.
struct Client(Program);

impl Client {
    async fn open(world: &World, token: &str, more: Value) -> Self {
        let mut program = Program::start("subscribe.mjs", &[("BERTH_URL", &world.api.url)]);
        let mut order = json!({ "do": "open", "token": token, "keepAlive": 0, "retryAttempts": 0 });
        for (name, value) in more.as_object().unwrap() {
            order[name] = value.clone();
        }
        program.order(order).await;
        Self(program)
    }

    async fn follow(&mut self, name: &str, operation: &str, after: i64) {
        let variables = json!({ "id": operation, "after": after });
        let order = json!({ "do": "subscribe", "name": name, "query": QUERY,
                            "variables": variables, "follow": "operationUpdated" });
        self.0.order(order).await;
    }

    /// What happens next.
    async fn next(&mut self) -> Value {
        self.0.told().await.expect("the client goes on")
    }

    /// What happens next, which must be this.
    async fn expect(&mut self, event: &str) -> Value {
        let told = self.next().await;
        assert_eq!(told["event"], event, "{told}");
        told
    }

    /// The number of the next event of the subscription.
    async fn number(&mut self) -> i64 {
        let told = self.expect("next").await;
        let number = &told["result"]["data"]["operationUpdated"]["number"];
        number.as_i64().unwrap_or_else(|| panic!("{told}"))
    }

    /// The code of the error that ends the subscription, and that it ends.
    async fn refusal(&mut self) -> String {
        let told = self.expect("next").await;
        let code = told["result"]["errors"][0]["extensions"]["code"].clone();
        self.expect("complete").await;
        code.as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_follows_an_operation_and_resumes_by_a_number() {
    let world = World::new().await;
    let operation = world.ids["Operation"].clone();
    let mut client = Client::open(&world, &world.shop_a, json!({})).await;
    client.follow("a", &operation, 0).await;
    client.expect("connected").await;
    assert_eq!(client.number().await, 1);
    client.0.order(json!({ "do": "drop" })).await;
    client.expect("closed").await;
    client.expect("error").await;
    // What happens while it is away is there when it comes back.
    let last = work(&world, 3, true).await;
    client.follow("b", &operation, 1).await;
    client.expect("connected").await;
    for number in 2..=last {
        assert_eq!(client.number().await, number);
    }
    assert_eq!(client.expect("complete").await["name"], "b");
    client.0.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_resumes_by_itself_when_its_connection_drops() {
    let world = World::new().await;
    let more = json!({ "retryAttempts": 3 });
    let mut client = Client::open(&world, &world.shop_a, more).await;
    client.follow("a", &world.ids["Operation"], 0).await;
    assert_eq!(client.expect("connected").await["wasRetry"], false);
    assert_eq!(client.number().await, 1);
    client.0.order(json!({ "do": "drop" })).await;
    client.expect("closed").await;
    assert_eq!(client.expect("connected").await["wasRetry"], true);
    // Nothing is told twice, and nothing is left out.
    let last = work(&world, 2, true).await;
    for number in 2..=last {
        assert_eq!(client.number().await, number);
    }
    client.expect("complete").await;
    client.0.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_answered() {
    let world = World::new().await;
    let more = json!({ "keepAlive": 1 });
    let mut client = Client::open(&world, &world.shop_a, more).await;
    client.follow("a", &world.ids["Operation"], 0).await;
    let mut answered = false;
    let mut sent = false;
    while !answered {
        let told = client.next().await;
        sent |= told["event"] == "ping" && told["received"] == false;
        answered = sent && told["event"] == "pong" && told["received"] == true;
        assert_ne!(told["event"], "closed", "{told}");
    }
    client.0.end().await;
}

/// A world whose API looks at idle tokens often.
async fn watchful() -> World {
    let limits = Limits {
        ping: Duration::from_millis(50),
        poll: Duration::from_millis(50),
        ..Limits::default()
    };
    World::over(Api::with(limits).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_ends_the_stream_and_a_new_one_goes_on() {
    let world = watchful().await;
    let mut client = Client::open(&world, &world.shop_a, json!({})).await;
    let operation = world.ids["Operation"].clone();
    client.follow("a", &operation, 0).await;
    client.expect("connected").await;
    assert_eq!(client.number().await, 1);
    world.api.database.clock.advance(TimeDelta::minutes(61));
    assert_eq!(client.refusal().await, "UNAUTHENTICATED");
    let closed = client.expect("closed").await;
    assert_eq!(closed["code"], 4403, "{closed}");
    let reason = closed["reason"].as_str().unwrap();
    assert!(reason.contains("Get a new one"), "{closed}");
    // With the old token it doesn't get in again.
    client.follow("b", &operation, 1).await;
    assert_eq!(client.expect("closed").await["code"], 4403);
    assert_eq!(client.expect("error").await["error"]["code"], 4403);
    let storefront = world.ids["Storefront"].parse().unwrap();
    let token = world.api.token(ClientFor::Storefront(storefront)).await;
    client
        .0
        .order(json!({ "do": "token", "token": token }))
        .await;
    let last = work(&world, 2, true).await;
    client.follow("c", &operation, 1).await;
    client.expect("connected").await;
    for number in 2..=last {
        assert_eq!(client.number().await, number);
    }
    client.expect("complete").await;
    client.0.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_ends_every_stream_of_its_connection() {
    let world = watchful().await;
    let mut client = Client::open(&world, &world.shop_a, json!({})).await;
    for name in ["a", "b"] {
        client.follow(name, &world.ids["Operation"], 0).await;
    }
    client.expect("connected").await;
    for _ in ["a", "b"] {
        assert_eq!(client.number().await, 1);
    }
    world.api.database.sql("DELETE FROM access_tokens").await;
    let mut ended = Vec::new();
    loop {
        let told = client.next().await;
        match told["event"].as_str() {
            Some("next") => {
                let code = &told["result"]["errors"][0]["extensions"]["code"];
                assert_eq!(code, "UNAUTHENTICATED", "{told}");
            }
            Some("complete") => ended.push(told["name"].as_str().unwrap().to_owned()),
            Some("closed") => {
                assert_eq!(told["code"], 4403, "{told}");
                break;
            }
            _ => panic!("{told}"),
        }
    }
    ended.sort();
    assert_eq!(ended, ["a", "b"]);
    client.0.end().await;
}
