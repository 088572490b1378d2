//! The sandbox and the demo, as somebody who builds a storefront meets them: two commands.

use berth_tests::Sandbox;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_in_the_sandbox_runs_and_a_fault_is_told() {
    let sandbox = Sandbox::start().await;
    let output = sandbox.demo().await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for step in ["place", "probe", "finish"] {
        assert!(text.contains(step), "one line for each step: {text}");
    }

    sandbox.fault("no-capacity", "on").await;
    let output = sandbox.demo().await;
    assert!(!output.status.success(), "there is no room: {output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("no room") && text.contains("m1: "),
        "{output:?}"
    );

    sandbox.fault("no-capacity", "off").await;
    let output = sandbox.demo().await;
    assert!(output.status.success(), "{output:?}");
}
