//! A sandbox, as somebody who builds a storefront starts it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use berth_store::testing::{APP_PASSWORD, TestDatabase};

use crate::{Process, binary, environment::free_address, until};

/// A sandbox that runs, in a folder of its own.
#[derive(Debug)]
pub struct Sandbox {
    /// Where the API is.
    pub url: String,
    /// Where its health and its metrics are.
    pub internal_url: String,
    _process: Process,
    _database: TestDatabase,
    home: tempfile::TempDir,
}

impl Sandbox {
    /// Starts one and waits until it is ready.
    pub async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let database = TestDatabase::empty().await;
        let (api, internal) = (free_address(), free_address());
        let folder = home.path().join("var/sandbox");
        std::fs::create_dir_all(&folder).unwrap();
        // The login role is the whole cluster's: with another password the tests beside this one fail.
        std::fs::write(folder.join("password"), APP_PASSWORD).unwrap();
        // What the sandbox sells is found beside where it is started.
        let catalogue = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../catalogue"));
        std::os::unix::fs::symlink(catalogue, home.path().join("catalogue")).unwrap();
        let mut command = command(home.path());
        command
            .args(["sandbox", "--listen", &api, "--internal-listen", &internal])
            .env("BERTH_DATABASE_OWNER_URL", &database.owner_url);
        let process = Process::start(command, "sandbox");
        let look = || async { process.log().contains("The sandbox is ready").then_some(()) };
        until(Duration::from_secs(60), look, || process.log()).await;
        Self {
            url: format!("http://{api}"),
            internal_url: format!("http://{internal}"),
            _process: process,
            _database: database,
            home,
        }
    }

    /// What it wrote for whoever wants to try a storefront.
    #[must_use]
    pub fn storefront_env(&self) -> String {
        std::fs::read_to_string(self.home.path().join("var/sandbox/client.env")).unwrap()
    }

    /// Runs the demo: orders the tiny application and follows the order. `more` are further options.
    pub async fn demo(&self, more: &[&str]) -> Output {
        let mut command = command(self.home.path());
        command.args(["demo", "--application", "tiny", "--skip-application"]);
        command.args(["--url", &self.url]).args(more);
        let variables = self.storefront_env();
        for (name, value) in variables.lines().filter_map(|line| line.split_once('=')) {
            command.env(name, value);
        }
        output(command).await
    }

    /// Runs the storefront of docs/storefronts.md: it shows prices, signs an operator up, and orders.
    pub async fn shop(&self) -> Output {
        let mut command = Command::new("node");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/shop.mjs"));
        command.env("BERTH_URL", &self.url);
        let variables = self.storefront_env();
        for (name, value) in variables.lines().filter_map(|line| line.split_once('=')) {
            command.env(name, value);
        }
        output(command).await
    }

    /// Switches a fault on or off.
    pub async fn fault(&self, fault: &str, switch: &str) {
        let mut command = command(self.home.path());
        command
            .args(["sandbox", "fault", fault, switch])
            .env("BERTH_URL", &self.url);
        let output = output(command).await;
        assert!(output.status.success(), "{output:?}");
    }
}

fn command(home: &Path) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(home);
    command
}

/// Runs a command to its end without holding up the rest of a test.
pub async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}
