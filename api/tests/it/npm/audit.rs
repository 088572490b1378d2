//! GraphQL over HTTP: the audits of graphql-http.

use berth_model::ClientFor;

use super::Program;
use crate::support::Api;

/// Requirements of level MAY that we don't take up: all are about queries by GET, which would put
/// what they ask for into logs and caches.
const NOT_TAKEN: [&str; 3] = ["5A70", "D6D5", "6A70"];

#[tokio::test(flavor = "multi_thread")]
async fn the_audits_of_graphql_over_http_pass() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let variables = [("BERTH_URL", api.url.as_str()), ("BERTH_TOKEN", &token)];
    let mut program = Program::start("audit.mjs", &variables);
    let mut passed = Vec::new();
    let mut failed = Vec::new();
    while let Some(audit) = program.told().await {
        let id = audit["id"].as_str().unwrap().to_owned();
        match audit["status"].as_str() {
            Some("ok") => passed.push(id),
            _ if NOT_TAKEN.contains(&id.as_str()) => {}
            _ => failed.push(audit),
        }
    }
    program.end().await;
    assert!(
        failed.is_empty(),
        "{}",
        serde_json::to_string_pretty(&failed).unwrap()
    );
    assert!(passed.len() > 50, "only {} audits passed", passed.len());
    assert!(
        NOT_TAKEN
            .iter()
            .all(|id| !passed.iter().any(|one| one == id))
    );
}
