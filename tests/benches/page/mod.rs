//! `deployments(first: 20)` for a storefront with thousands of them, beside the same SQL by `pgbench`.
//!
//! The statements of one request are read from PostgreSQL's own log, so that the peer can't drift from what
//! Berth sends. Both load generators (`wrk`, `pgbench`) have the same number of connections.

mod peer;
mod shop;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use berth_tests::{World, simulated};
use serde_json::json;

use crate::{recording, rounds::Rounds};

/// What one request asks for.
const DOCUMENT: &str = "{ deployments(first: 20) { edges { node { id name domainName state createdAt } } \
    pageInfo { hasNextPage endCursor } } }";
/// Requests under way at a time.
const CONNECTIONS: &str = "8";
/// Seconds of each load in a round.
const SECONDS: &str = "2";

/// Measures `rounds` pairs.
pub async fn run(rounds: usize) {
    let home = tempfile::tempdir().unwrap();
    let world = World::new(simulated(home.path(), 1, 8)).await;
    shop::fill(&world.sql).await;
    let answer = world.storefront.query(DOCUMENT, json!({})).await;
    let found = answer["deployments"]["edges"].as_array().unwrap().len();
    assert_eq!(found, 20);
    let statements = recording::of_one_request(&world, &world.storefront, DOCUMENT).await;
    println!(
        "one request is {} statements in {} messages; pgbench waits for the answer to each",
        statements.count(),
        statements.messages()
    );
    let script = file(home.path(), "page.sql", &statements.pgbench());
    let request = file(home.path(), "page.lua", &wrk_script(&world));
    let mut rates = Rounds::default();
    for round in 0..rounds {
        let berth = berth_rate(&world, &request);
        let peer = peer::rate(&world, &script);
        println!(
            "round {}: Berth {berth:.0}, pgbench {peer:.0} a second",
            round + 1
        );
        rates.push(berth, peer);
    }
    Rounds::heading("pgbench with the same SQL", rounds);
    rates.print("deployments(first: 20)", "1/s", "aim: 0.5 or more");
}

fn file(home: &Path, name: &str, text: &str) -> PathBuf {
    let path = home.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A refusal has a status of its own with this media type, so that `wrk` counts it.
fn wrk_script(world: &World) -> String {
    let body = json!({ "query": DOCUMENT }).to_string();
    format!(
        "wrk.method = 'POST'\nwrk.body = [==[{body}]==]\n\
        wrk.headers['content-type'] = 'application/json'\n\
        wrk.headers['accept'] = 'application/graphql-response+json'\n\
        wrk.headers['authorization'] = 'Bearer {}'\n",
        world.storefront.token()
    )
}

/// Requests per second.
fn berth_rate(world: &World, script: &Path) -> f64 {
    let url = format!("{}/graphql", world.storefront.url());
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads", "1", "--connections", CONNECTIONS]);
    wrk.args(["--duration", &format!("{SECONDS}s"), "--script"]);
    let printed = printed(wrk.arg(script).arg(url));
    assert!(
        !printed.contains("Non-2xx") && !printed.contains("Socket errors"),
        "{printed}"
    );
    number_after(&printed, "Requests/sec:")
}

fn printed(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|cause| panic!("{command:?}: {cause}; run scripts/bench"));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn number_after(text: &str, word: &str) -> f64 {
    let (_, rest) = text
        .split_once(word)
        .unwrap_or_else(|| panic!("no {word} in {text}"));
    rest.split_whitespace().next().unwrap().parse().unwrap()
}
