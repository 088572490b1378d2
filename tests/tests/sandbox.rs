//! The sandbox and the demo, as somebody who builds a storefront meets them: two commands.

#![expect(clippy::unwrap_used, reason = "a test's help fails where it stands")]

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use berth_store::testing::{APP_PASSWORD, TestDatabase};
use berth_tests::{Process, binary, until};

/// A sandbox that runs, in a folder of its own.
struct Sandbox {
    home: tempfile::TempDir,
    url: String,
    _database: TestDatabase,
    _process: Process,
}

impl Sandbox {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let database = TestDatabase::empty().await;
        let (api, internal) = (free_address(), free_address());
        let mut command = command(home.path());
        // The login role is the whole cluster's: with another password the tests beside this one fail.
        let folder = home.path().join("var/sandbox");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("password"), APP_PASSWORD).unwrap();
        command
            .args(["sandbox", "--listen", &api, "--internal-listen", &internal])
            .env("BERTH_DATABASE_OWNER_URL", &database.owner_url);
        let process = Process::start(command, &home.path().join("sandbox.log"));
        let look = || async { process.log().contains("The sandbox is ready").then_some(()) };
        until(Duration::from_secs(60), look, || process.log()).await;
        Self {
            home,
            url: format!("http://{api}"),
            _database: database,
            _process: process,
        }
    }

    /// Runs the demo: orders the tiny application and follows the order.
    async fn demo(&self) -> Output {
        let file = self.home.path().join("var/sandbox/client.env");
        let variables = std::fs::read_to_string(file).unwrap();
        let mut command = command(self.home.path());
        command.args([
            "demo",
            "--application",
            "tiny",
            "--skip-application",
            "--url",
            &self.url,
        ]);
        for (name, value) in variables.lines().filter_map(|line| line.split_once('=')) {
            command.env(name, value);
        }
        run(command).await
    }

    async fn fault(&self, fault: &str, switch: &str) {
        let mut command = command(self.home.path());
        command
            .args(["sandbox", "fault", fault, switch])
            .env("BERTH_URL", &self.url);
        let output = run(command).await;
        assert!(output.status.success(), "{output:?}");
    }
}

fn command(home: &Path) -> Command {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut command = Command::new(binary());
    command.current_dir(home);
    // What the sandbox sells is found beside where it is started.
    let _ = std::os::unix::fs::symlink(root.join("catalogue"), home.join("catalogue"));
    let _ = std::fs::create_dir(home.join("var"));
    command
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

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
