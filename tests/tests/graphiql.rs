//! GraphiQL in a real browser, over a sandbox: api/graphiql/test does it, here is where it happens.

use std::process::Command;

use berth_tests::{Sandbox, output};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: scripts/test has them and runs it"]
async fn a_person_uses_graphiql_in_a_browser() {
    let sandbox = Sandbox::start().await;
    let pictures = concat!(env!("CARGO_TARGET_TMPDIR"), "/graphiql");
    let mut command = Command::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../api/graphiql/test/run"
    ));
    let variables = sandbox.storefront_env();
    command
        .envs(variables.lines().filter_map(|line| line.split_once('=')))
        .env("BERTH_PICTURES", pictures);
    let ended = output(command).await;
    assert!(
        ended.status.success(),
        "{}\n{}\nWhat it saw is in {pictures}.",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
}
