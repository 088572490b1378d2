//! The audit log over GraphQL: every mutation leaves a line that was opened and completed, and who
//! reads it sees who, what, from where, when, and what came of it.

use berth_model::{ClientFor, Role, TenantId};
use serde_json::{Value, json};

use crate::{inputs::Schema, world::World};

/// How many lines of a mutation were opened, are open still, and ended so.
async fn counted(world: &World, action: &str, code: Option<&str>) -> [i64; 3] {
    let of = format!("FROM audit_log l WHERE opened AND action = '{action}'");
    let outcome = "(SELECT FROM audit_outcomes o WHERE o.entry_id = l.id";
    let ended = code.map_or("IS NULL".to_owned(), |code| format!("= '{code}'"));
    let number = async |query: String| world.api.database.number(&query).await;
    [
        number(format!("SELECT count(*) AS number {of}")).await,
        number(format!(
            "SELECT count(*) AS number {of} AND NOT EXISTS {outcome})"
        ))
        .await,
        number(format!(
            "SELECT count(*) AS number {of} AND EXISTS {outcome} AND error_code {ended})"
        ))
        .await,
    ]
}

/// Every mutation of the schema, by one caller.
async fn walk(world: &World, token: &str) {
    let schema = Schema::read(world).await;
    let mut fields: Vec<_> = schema.fields("Mutation").iter().collect();
    fields.sort_by_key(|field| field["name"].as_str().unwrap().ends_with("Delete"));
    for (index, field) in fields.into_iter().enumerate() {
        let name = field["name"].as_str().unwrap();
        let input = schema.input(world, name, &format!("k{index}"));
        let before = counted(world, name, None).await;
        let payload = world.api.try_make(token, name, input.clone(), "").await;
        let code = payload["userErrors"][0]["code"].as_str();
        let [opened, open, ended] = counted(world, name, code).await;
        assert_eq!((opened, open), (before[0] + 1, 0), "{name}: {payload}");
        assert!(ended > 0, "{name} has no line that ended so: {payload}");
        // A repeat is written down as well.
        world.api.try_make(token, name, input, "").await;
        let [again, open, _] = counted(world, name, code).await;
        assert_eq!((again, open), (opened + 1, 0), "{name} once more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutation_that_is_done_is_opened_and_completed() {
    let world = World::new().await;
    walk(&world, &world.shop_b).await;
    let world = World::with_two_machines().await;
    walk(&world, &world.platform).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_try_is_in_their_own_log_alone() {
    let world = World::new().await;
    let tenant: TenantId = world.mine["Tenant"].parse().unwrap();
    let lines = async || {
        let query = format!(
            "SELECT count(*) AS number FROM audit_log WHERE tenant_id = '{}'",
            tenant.0
        );
        world.api.database.number(&query).await
    };
    let before = lines().await;
    for stranger in [&world.shop_a, &world.owner_a] {
        walk(&world, stranger).await;
        assert_eq!(lines().await, before);
    }
    // One of its own who may not is in its log.
    let viewer = world
        .api
        .token(ClientFor::Tenant(tenant, Role::Viewer))
        .await;
    let before = lines().await;
    let input = json!({ "idempotencyKey": "k", "deploymentId": world.mine["Deployment"] });
    let payload = world
        .api
        .try_make(&viewer, "deploymentDelete", input, "")
        .await;
    assert_eq!(payload["userErrors"][0]["code"], "FORBIDDEN");
    assert_eq!(lines().await, before + 1);
}

const LINE: &str =
    "actor action subject requestId from userAgent openedAt completedAt result errorCode";

async fn log(world: &World, token: &str, filter: Value) -> Vec<Value> {
    let query = format!(
        "query($id: ID!, $filter: AuditFilterInput) {{ node(id: $id) {{ ... on Tenant {{
             auditLog(last: 100, filter: $filter) {{ nodes {{ {LINE} }} }} }} }} }}"
    );
    let variables = json!({ "id": world.ids["Tenant"], "filter": filter });
    let data = world.api.data(token, &query, variables).await;
    let nodes = &data["node"]["auditLog"]["nodes"];
    nodes.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_reads_who_what_from_where_and_what_came_of_it() {
    let world = World::new().await;
    let query = "mutation($input: DeploymentRestoreInput!) {
                     deploymentRestore(input: $input) { deployment { id } } }";
    let input = json!({ "idempotencyKey": "k", "deploymentId": world.ids["Deployment"] });
    let answer = world
        .api
        .post(&world.owner_a)
        .header("user-agent", "shop/1".to_owned() + &"x".repeat(300))
        .header("x-request-id", "r1")
        .json(&json!({ "query": query, "variables": { "input": input } }))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success());
    let filter = json!({ "action": "deploymentRestore" });
    let found = log(&world, &world.owner_a, filter).await;
    let now = json!("2026-01-02T03:04:05+00:00");
    assert_eq!(
        found,
        [json!({
            "actor": format!("{}/OWNER", world.ids["Tenant"]),
            "action": "deploymentRestore",
            "subject": world.ids["Deployment"],
            "requestId": "r1",
            "from": "127.0.0.1",
            "userAgent": "shop/1".to_owned() + &"x".repeat(194),
            "openedAt": now,
            "completedAt": now,
            // Told although the caller did not ask for user errors.
            "result": "REFUSED",
            "errorCode": "WRONG_STATE",
        })]
    );
    let filter = json!({ "since": "2026-01-02T03:04:06Z" });
    assert_eq!(
        log(&world, &world.owner_a, filter).await,
        Vec::<Value>::new()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_reads_all_and_others_do_not() {
    let world = World::new().await;
    let query = "{ auditLog(filter: { action: \"tenantCreate\" }) { nodes { actor } } }";
    let data = world.api.data(&world.platform, query, json!({})).await;
    // Two of storefronts, and the reseller.
    assert_eq!(data["auditLog"]["nodes"].as_array().unwrap().len(), 3);
    for other in [&world.shop_a, &world.owner_a] {
        let answer = world.api.ask(other, query, json!({})).await;
        assert_eq!(crate::support::code(&answer), "FORBIDDEN");
    }
}
