//! `operationUpdated` over a real WebSocket: what was, what comes, what is resumed, and who is cut
//! off.

use std::time::Duration;

use berth_model::{ClientFor, OperationId, OperationKind, TenantId};
use berth_store::{ClaimRequest, Outcome};
use chrono::TimeDelta;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{
    support::{Api, code, platform},
    world::World,
};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// A connection that has begun, of a program whose headers ask for a language.
    pub async fn open_in(api: &Api, language: &str, init: Value) -> Self {
        let mut socket = Self::connect(api, &[("accept-language", language)]).await;
        socket.init(init).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket
    }

    /// A connection that has begun.
    pub async fn open(api: &Api, init: Value) -> Self {
        let mut socket = Self::upgrade(api).await;
        socket.init(init).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket
    }

    /// A connection that hasn't begun.
    async fn upgrade(api: &Api) -> Self {
        Self::connect(api, &[]).await
    }

    async fn connect(api: &Api, headers: &[(&'static str, &str)]) -> Self {
        let url = format!("{}/graphql/ws", api.url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Self(connect_async(request).await.unwrap().0)
    }

    async fn init(&mut self, payload: Value) {
        self.send(json!({ "type": "connection_init", "payload": payload }))
            .await;
    }

    /// The code and the reason with which it is closed, which must be next.
    pub async fn closed(&mut self) -> String {
        let message = self.next().await;
        let closed = message["closed"].as_str();
        closed.unwrap_or_else(|| panic!("{message}")).to_owned()
    }

    async fn send(&mut self, message: Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({ "type": "subscribe", "id": id, "payload": { "query": query } }))
            .await;
    }

    /// The next message of the protocol.
    pub async fn next(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.0.next())
                .await
                .expect("a message in time");
            match message.expect("the connection is open").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => return json!({ "closed": format!("{frame:?}") }),
                _ => {}
            }
        }
    }

    /// Numbers of the events until the subscription completes.
    async fn numbers(&mut self) -> Vec<i64> {
        let mut numbers = Vec::new();
        loop {
            let message = self.next().await;
            match message["type"].as_str() {
                Some("next") => numbers.push(number(&message)),
                Some("complete") => return numbers,
                _ => panic!("{message}"),
            }
        }
    }
}

pub fn number(message: &Value) -> i64 {
    let number = &message["payload"]["data"]["operationUpdated"]["number"];
    number.as_i64().unwrap_or_else(|| panic!("{message}"))
}

pub fn bearer(token: &str) -> Value {
    json!({ "authorization": format!("Bearer {token}") })
}

pub fn follow(operation: &str, after: i64) -> String {
    format!(
        "subscription {{ operationUpdated(id: \"{operation}\", after: {after}) {{ number kind }} }}"
    )
}

/// What a subscription answers first: an event, or errors.
pub async fn first_answer(api: &Api, token: &str, query: &str) -> Value {
    let mut socket = Socket::open(api, bearer(token)).await;
    socket.subscribe("1", query).await;
    let mut message = socket.next().await;
    message["payload"].take()
}

/// How a connection ends that may not begin.
pub async fn refused_connection(api: &Api, token: &str) -> String {
    let mut socket = Socket::upgrade(api).await;
    socket.init(bearer(token)).await;
    socket.closed().await
}

/// A worker takes the operation of tenant A, makes some steps and, if told to, ends it. The number
/// of the last event.
pub async fn work(world: &World, steps: usize, end: bool) -> i64 {
    let store = world.api.store();
    let request = ClaimRequest {
        worker: "w1",
        lease: TimeDelta::seconds(60),
        kinds: &[OperationKind::DeploymentCreate],
        per_tenant_limit: 10,
    };
    let tenant: TenantId = world.ids["Tenant"].parse().unwrap();
    let claim = loop {
        let (operation, claim) = store
            .operation_claim(&request)
            .await
            .unwrap()
            .expect("one waits");
        if operation.tenant_id == tenant {
            break claim;
        }
    };
    let names: Vec<String> = (0..steps).map(|step| format!("s{step}")).collect();
    let plan: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "A step")).collect();
    store.operation_steps_plan(&claim, &plan, 0).await.unwrap();
    for ordinal in 0..i32::try_from(steps).unwrap() {
        store.operation_step_started(&claim, ordinal).await.unwrap();
    }
    if end {
        store
            .operation_finish(&claim, &Outcome::Succeeded)
            .await
            .unwrap();
    }
    let id: OperationId = world.ids["Operation"].parse().unwrap();
    store
        .operation_get(&platform(), id)
        .await
        .unwrap()
        .last_event
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_replayed_and_resumed_and_end() {
    let world = World::new().await;
    let operation = world.ids["Operation"].clone();
    work(&world, 3, true).await;
    let mut socket = Socket::open(&world.api, bearer(&world.shop_a)).await;
    socket.subscribe("1", &follow(&operation, 0)).await;
    let all = socket.numbers().await;
    let last = i64::try_from(all.len()).unwrap();
    assert!(last >= 6, "{all:?}");
    assert_eq!(all, (1..=last).collect::<Vec<_>>());
    socket.subscribe("2", &follow(&operation, 2)).await;
    assert_eq!(socket.numbers().await, (3..=last).collect::<Vec<_>>());
    socket.subscribe("3", &follow(&operation, last)).await;
    assert_eq!(socket.numbers().await, Vec::<i64>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_arrive_live() {
    let world = World::new().await;
    let mut socket = Socket::open(&world.api, json!({ "accessToken": world.owner_a })).await;
    socket
        .subscribe("1", &follow(&world.ids["Operation"], 0))
        .await;
    assert_eq!(number(&socket.next().await), 1);
    // The first arrived before any worker came: the rest can only be live.
    work(&world, 2, true).await;
    let rest = socket.numbers().await;
    assert_eq!(rest.first(), Some(&2));
    assert!(rest.len() >= 4, "{rest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_gone_ends_a_subscription() {
    let world = World::new().await;
    let mut socket = Socket::open(&world.api, bearer(&world.shop_a)).await;
    socket
        .subscribe("1", &follow(&world.ids["Operation"], 0))
        .await;
    assert_eq!(number(&socket.next().await), 1);
    world.api.database.sql("DELETE FROM access_tokens").await;
    work(&world, 1, false).await;
    let message = socket.next().await;
    assert_eq!(message["type"], "next");
    assert_eq!(code(&message["payload"]), "UNAUTHENTICATED", "{message}");
    assert_eq!(socket.next().await["type"], "complete");
    assert!(socket.closed().await.contains("4403"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_holds_a_connection_without_a_good_token() {
    let api = Api::new().await;
    for init in [json!({}), json!(null), bearer("bt_unknown")] {
        let mut socket = Socket::upgrade(&api).await;
        socket.init(init).await;
        assert!(socket.closed().await.contains("4403"));
    }
    let token = api.token(ClientFor::PROVIDER).await;
    let mut socket = Socket::open(&api, bearer(&token)).await;
    api.database.clock.advance(TimeDelta::minutes(61));
    socket.subscribe("1", "{ viewer { kind } }").await;
    assert_eq!(code(&socket.next().await["payload"]), "UNAUTHENTICATED");
    assert_eq!(socket.next().await["type"], "complete");
    assert!(socket.closed().await.contains("4403"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_have_the_protocols_codes() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let mut early = Socket::upgrade(&api).await;
    early.subscribe("1", "{ viewer { kind } }").await;
    assert!(early.closed().await.contains("4401"));
    let subscribe = json!({ "query": "{ viewer { kind } }" });
    let long = "x".repeat(1000);
    for (message, code) in [
        (
            json!({ "type": "connection_init", "payload": bearer(&token) }),
            "4429",
        ),
        (json!({ "type": long }), "4400"),
        (
            json!({ "type": "subscribe", "id": "1", "payload": [subscribe, subscribe] }),
            "4400",
        ),
    ] {
        let mut socket = Socket::open(&api, bearer(&token)).await;
        socket.send(message).await;
        let closed = socket.closed().await;
        assert!(closed.contains(code), "{closed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_passes_the_same_gate() {
    let world = World::new().await;
    let mut socket = Socket::open(&world.api, bearer(&world.shop_a)).await;
    let deep = "{a".repeat(100) + &"}".repeat(100);
    socket.subscribe("1", &deep).await;
    assert_eq!(code(&socket.next().await["payload"]), "LIMIT_EXCEEDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_begin_is_closed() {
    let limits = berth_api::Limits {
        ping: Duration::from_millis(50),
        ..Default::default()
    };
    let api = Api::with(limits).await;
    let mut socket = Socket::upgrade(&api).await;
    assert!(socket.closed().await.contains("4408"));
}
