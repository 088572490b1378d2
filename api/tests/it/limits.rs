//! What is too large is refused before anything is asked of the database.

use std::{sync::Arc, time::Duration};

use berth_api::Limits;
use berth_model::{ClientFor, Clock, Ids, SystemClock};
use berth_store::{Keyring, Store, StoreConfig, testing::KEYRING, testing::TestDatabase};
use serde_json::{Value, json};

use crate::support::{Api, code};

/// An API whose database can't be reached: whatever asks it fails as `UNAVAILABLE`.
async fn cut_off(limits: Limits) -> Api {
    let database = TestDatabase::new().await;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Arc::new(Ids::new(Arc::clone(&clock)));
    let config = StoreConfig {
        // Nothing listens on the discard port.
        url: "postgres://nobody@127.0.0.1:9/none".to_owned(),
        max_connections: 1,
        wait: Duration::from_secs(2),
    };
    let keyring = Arc::new(Keyring::parse(KEYRING).unwrap());
    let store = Store::new(&config, clock, ids, keyring).unwrap();
    Api::over(database, store, limits).await
}

async fn refused(api: &Api, body: String) -> (u16, Value) {
    let request = api
        .post("bt_some")
        .header("content-type", "application/json")
        .body(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_is_refused_without_sql() {
    let api = cut_off(Limits::default()).await;
    let deep = "{a".repeat(100) + &"}".repeat(100);
    let deep_within_brackets = "{a".repeat(40) + &"}".repeat(40);
    let aliases: String = (0..1000)
        .map(|n| format!("a{n}: viewer {{ kind }} "))
        .collect();
    let directives = "@skip(if: false) ".repeat(51);
    let roots = "viewer { kind } ".repeat(51);
    let query = |text: &str| json!({ "query": text }).to_string();
    for (name, body, status) in [
        ("10 MB", query(&"x".repeat(10 * 1024 * 1024)), 413),
        ("100 levels", query(&deep), 200),
        ("40 levels", query(&deep_within_brackets), 200),
        ("brackets without end", query(&"{".repeat(900_000)), 200),
        ("1,000 aliases", query(&format!("{{ {aliases} }}")), 200),
        (
            "directives",
            query(&format!("{{ viewer {directives} {{ kind }} }}")),
            200,
        ),
        ("roots", query(&format!("{{ {roots} }}")), 200),
        (
            "a batch",
            format!("[{0},{0}]", query("{ viewer { kind } }")),
            400,
        ),
    ] {
        let (found, answer) = refused(&api, body).await;
        assert_eq!(
            (found, code(&answer)),
            (status, "LIMIT_EXCEEDED"),
            "{name}: {answer}"
        );
    }
    // Proof that the database would have been noticed.
    let (status, answer) = refused(&api, query("{ viewer { kind } }")).await;
    assert_eq!((status, code(&answer)), (503, "UNAVAILABLE"), "{answer}");
}

/// Each fragment spreads the one before twice: 2^40 fields in a few kilobytes. `leaf`: the last.
fn bomb(operation: &str, leaf: &str) -> String {
    let mut text = format!("{operation} {leaf} ");
    for n in 1..=40 {
        let before = n - 1;
        text +=
            &format!("fragment f{n} on Query {{ viewer {{ kind }} ...f{before} ...f{before} }} ");
    }
    text
}

/// A code, what it is, and a document.
type Attack = (&'static str, &'static str, String);

fn many(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// Documents that repeat something.
fn floods() -> Vec<Attack> {
    let spreads = many(60, |n| format!("...f{n} "));
    let aliased = many(60, |n| {
        format!("fragment f{n} on Query {{ a{n}: viewer {{ kind }} b{n}: viewer {{ kind }} }} ")
    });
    let directives = many(51, |n| format!("a{n}: kind @include(if: true) "));
    let declared = many(51, |n| format!("$v{n}: Int @d{n} "));
    let twice = "{ viewer @skip(if: false) @skip(if: true) { kind } }".to_owned();
    // Compared each with each, these would keep a processor busy for seconds.
    let arguments = many(40_000, |n| format!("a{n}: 1 "));
    let arguments = format!("viewer({arguments}) {{ kind }} ").repeat(2);
    let variables = many(40_000, |n| format!("$v{n}: Int "));
    let large = "LIMIT_EXCEEDED";
    vec![
        (
            large,
            "aliases in fragments",
            format!("{{ {spreads} }} {aliased}"),
        ),
        (
            large,
            "directives on fields",
            format!("{{ viewer {{ {directives} }} }}"),
        ),
        (
            large,
            "directives on variables",
            format!("query({declared}) {{ a }}"),
        ),
        ("INVALID_INPUT", "a repeated directive", twice),
        (large, "arguments", format!("{{ {arguments} }}")),
        (large, "variables", format!("query({variables}) {{ a }}")),
    ]
}

/// Documents that grow when their fragments are spread.
fn bombs() -> Vec<Attack> {
    let leaf = "fragment f0 on Query { viewer { kind } }";
    let round = "fragment f0 on Query { ...f40 }";
    let beside = "query a { viewer { kind } } query b { ...f40 }";
    let (large, wrong) = ("LIMIT_EXCEEDED", "INVALID_INPUT");
    vec![
        (large, "a fragment bomb", bomb("{ ...f40 }", leaf)),
        (
            large,
            "one that isn't spread",
            bomb("{ viewer { kind } }", leaf),
        ),
        (
            large,
            "one in an operation that doesn't run",
            bomb(beside, leaf),
        ),
        (wrong, "one without an end", bomb("{ ...f40 }", "")),
        (wrong, "one that goes round", bomb("{ ...f40 }", round)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_and_bombs_are_refused_without_sql() {
    let api = cut_off(Limits::default()).await;
    for (expected, name, query) in floods().into_iter().chain(bombs()) {
        let body = json!({ "query": query }).to_string();
        let (status, answer) = refused(&api, body).await;
        assert_eq!((status, code(&answer)), (200, expected), "{name}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_refused_without_sql() {
    let api = cut_off(Limits::default()).await;
    let one = json!({ "query": "{ viewer { kind } }" });
    for batch in [
        json!([]),
        json!([one]),
        json!([[one], [one]]),
        json!(vec![one; 1000]),
    ] {
        let (status, answer) = refused(&api, batch.to_string()).await;
        assert_eq!((status, code(&answer)), (400, "LIMIT_EXCEEDED"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_that_is_off_is_refused_without_sql() {
    let limits = Limits {
        introspection: false,
        ..Limits::default()
    };
    let api = cut_off(limits).await;
    for query in [
        "{ __schema { types { name } } }",
        "{ hidden: __type(name: \"Query\") { name } }",
        "{ ...f } fragment f on Query { ... on Query { __schema { types { name } } } }",
        "{ viewer { kind } __schema @include(if: false) { types { name } } }",
        "query a { viewer { kind } } query b { __type(name: \"Query\") { name } }",
    ] {
        let body = json!({ "query": query, "operationName": "a" }).to_string();
        let (status, answer) = refused(&api, body).await;
        assert_eq!(
            (status, code(&answer)),
            (200, "FORBIDDEN"),
            "{query}: {answer}"
        );
    }
    let api = Api::with(limits).await;
    let token = api.token(ClientFor::PROVIDER).await;
    let data = api
        .data(&token, "{ __typename viewer { __typename } }", json!({}))
        .await;
    assert_eq!(
        data,
        json!({ "__typename": "Query", "viewer": { "__typename": "Viewer" } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_opens_no_connection() {
    let api = Api::new().await;
    let deep = "{a".repeat(100) + &"}".repeat(100);
    let (_, answer) = refused(&api, json!({ "query": deep }).to_string()).await;
    assert_eq!(code(&answer), "LIMIT_EXCEEDED");
    let query = "SELECT count(*) AS number FROM pg_stat_activity
                 WHERE usename = 'berth_app' AND datname = current_database()
                 AND query NOT LIKE 'LISTEN%'";
    assert_eq!(api.database.number(query).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_ended() {
    let limits = Limits {
        time: Duration::ZERO,
        ..Limits::default()
    };
    let api = Api::with(limits).await;
    let token = api.token(ClientFor::PROVIDER).await;
    let answer = api
        .ask(&token, "{ sites { nodes { id } } }", json!({}))
        .await;
    assert_eq!(code(&answer), "LIMIT_EXCEEDED", "{answer}");
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("longer than")
    );
}
