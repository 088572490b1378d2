//! What row-level security costs: `tenants`, `viewer` and `deployments` among a thousand tenants, each query as
//! Berth sends it in its role, beside the same query as the schema's owner, whom no policy holds, with the
//! filter in it that the policy would have added. Both give the same rows; that is looked at first.
//!
//! Both are prepared, and sent in turn. `query` is the statement alone, in a session that has its role;
//! `transaction` is all of it in one message, with the role and settings that the query without policies has no
//! use for.

mod fill;
mod pair;

use berth_tests::{Api, World, connect, simulated};

use crate::{recording, rounds::Rounds};
use pair::Pair;

/// What is asked: a name, a document, and for a storefront and for a tenant the table that it leads to.
const ASKED: [(&str, &str, [&str; 2]); 3] = [
    (
        "tenants",
        "{ tenants(first: 20) { nodes { id name } } }",
        ["tenants", "tenants"],
    ),
    (
        "viewer",
        "{ viewer { kind role storefront { id name } tenant { id name } } }",
        ["storefronts", "tenants"],
    ),
    (
        "deployments",
        "{ deployments(first: 20) { nodes { id name state } } }",
        ["deployments", "deployments"],
    ),
];

/// How often each is asked in a round.
const TIMES: usize = 400;

/// Measures `rounds` rounds of each.
pub async fn run(rounds: usize) {
    let home = tempfile::tempdir().unwrap();
    let world = World::new(simulated(home.path(), 1, 8)).await;
    let tenant = fill::fill(&world.sql).await;
    let owner = ["--kind", "tenant", "--tenant", &tenant, "--role", "OWNER"];
    let owner = world.client(&owner).await;
    Rounds::heading(
        "the same query with the policy's filter, as the owner",
        rounds,
    );
    for (name, document, tables) in ASKED {
        let callers = [("storefront", &world.storefront), ("tenant", &owner)];
        for ((caller, client), table) in callers.into_iter().zip(tables) {
            let what = format!("{name}, {caller}");
            measure(&world, client, &what, document, table, rounds).await;
        }
    }
}

async fn measure(
    world: &World,
    client: &Api,
    what: &str,
    document: &str,
    table: &str,
    rounds: usize,
) {
    let question = recording::of_one_request(world, client, document)
        .await
        .question(table);
    let berth = connect(world.app_url()).await;
    let pair = Pair::new(&berth, &world.sql, &question, table).await;
    pair.assert_same().await;
    let (mut queries, mut transactions) = (Rounds::default(), Rounds::default());
    for _ in 0..rounds {
        let (with, without) = pair.queries(TIMES).await;
        queries.push(with, without);
    }
    pair.leave_role().await;
    for _ in 0..rounds {
        let (with, without) = pair.transactions(TIMES).await;
        transactions.push(with, without);
    }
    pair.end().await;
    queries.print(&format!("{what}: query"), "µs", "aim: 1.15 or less");
    transactions.print(&format!("{what}: transaction"), "µs", "");
}
