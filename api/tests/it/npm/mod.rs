//! Programs from npm against the API: what nobody here wrote says whether we keep to the standards.
//! They lie in tests/npm, pinned by version and hash.

mod audit;
mod code_flow;
mod subscription;

use std::process::Stdio;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Duration, timeout},
};

/// How long a test waits for a line. The first includes the installation.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running program that speaks lines of JSON.
pub struct Program {
    child: Child,
    orders: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts a program of tests/npm. It ends with the test.
    pub fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        Self::start_in("npm", name, variables)
    }

    /// Starts one of another folder of tests.
    pub fn start_in(folder: &str, name: &str, variables: &[(&str, &str)]) -> Self {
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests");
        let mut child = Command::new(format!("{tests}/{folder}/run"))
            .arg(name)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            orders,
            lines,
        }
    }

    /// Tells it something.
    pub async fn order(&mut self, order: Value) {
        let line = order.to_string() + "\n";
        self.orders.write_all(line.as_bytes()).await.unwrap();
    }

    /// What it tells next; nothing at its end.
    pub async fn told(&mut self) -> Option<Value> {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("a line in time").unwrap()?;
        Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}")))
    }

    /// Waits for its end, which must be a good one.
    pub async fn end(mut self) {
        drop(self.orders);
        let status = timeout(PATIENCE, self.child.wait()).await;
        assert!(status.expect("an end in time").unwrap().success());
    }
}
