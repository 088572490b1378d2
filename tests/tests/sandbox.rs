//! The sandbox and the demo, as somebody who builds a storefront meets them: two commands.

#![expect(clippy::unwrap_used, reason = "a test's help fails where it stands")]

use berth_tests::Sandbox;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_in_the_sandbox_runs_and_a_fault_is_told() {
    let sandbox = Sandbox::start().await;
    let output = sandbox.demo(&[]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for step in ["place", "probe", "finish"] {
        assert!(text.contains(step), "one line for each step: {text}");
    }

    let again = sandbox.demo(&["--resume"]).await;
    let again = String::from_utf8_lossy(&again.stdout).into_owned();
    let row = |text: &str, name: &str| {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}"))
            .to_owned()
    };
    assert_eq!(
        row(&again, "deployment"),
        row(&text, "deployment"),
        "the same order"
    );

    let shop = sandbox.shop().await;
    let told = String::from_utf8_lossy(&shop.stdout);
    assert!(shop.status.success() && told.contains(" runs"), "{shop:?}");

    sandbox.fault("no-capacity", "on").await;
    let refused = sandbox.shop().await;
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && told.contains("no room"),
        "{refused:?}"
    );
    let output = sandbox.demo(&[]).await;
    assert!(!output.status.success(), "there is no room: {output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("no room") && text.contains("3 machines: closed"),
        "{output:?}"
    );

    sandbox.fault("no-capacity", "off").await;
    let output = sandbox.demo(&[]).await;
    assert!(output.status.success(), "{output:?}");
    metrics_are_explained(&sandbox).await;
}

/// Every metric that orders left behind says what it means.
async fn metrics_are_explained(sandbox: &Sandbox) {
    let url = format!("{}/metrics", sandbox.internal_url);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let names = |what| {
        let lines = text.lines().filter_map(move |line| line.strip_prefix(what));
        lines.filter_map(|line| line.split_once(' ').map(|(name, _)| name))
    };
    let explained: Vec<_> = names("# HELP ").collect();
    let missing: Vec<_> = names("# TYPE ")
        .filter(|name| !explained.contains(name))
        .collect();
    assert!(missing.is_empty(), "without a meaning: {missing:?}\n{text}");
    for name in ["berth_requests_total", "berth_step_seconds"] {
        assert!(explained.contains(&name), "{name} is not in\n{text}");
    }
}
