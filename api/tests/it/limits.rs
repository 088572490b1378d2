//! What is too large is refused before anything is asked of the database.

use std::{sync::Arc, time::Duration};

use berth_api::Limits;
use berth_model::{Clock, Ids, SystemClock};
use berth_store::{Keyring, Store, StoreConfig, testing::KEYRING, testing::TestDatabase};
use serde_json::{Value, json};

use crate::support::{Api, code};

/// An API whose database can't be reached: whatever asks it fails as `UNAVAILABLE`.
async fn cut_off() -> Api {
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
    Api::over(database, store, Limits::default()).await
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
    let api = cut_off().await;
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
            200,
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
    let token = api.token(berth_model::ClientFor::Platform).await;
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
