//! How Berth's processes run in a test: a folder, a database, ports and keys of their own.

use std::{
    fs::Permissions,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use berth_store::testing::{KEYRING, logs};

use crate::{Api, Process, until};

/// The configuration of processes, as environment variables.
#[derive(Debug)]
pub struct Environment {
    /// Where the API is.
    pub url: String,
    variables: Vec<(&'static str, String)>,
    ready_url: String,
    started: AtomicU32,
}

/// A client's id and secret.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The id.
    pub id: String,
    /// The secret.
    pub secret: String,
}

impl Environment {
    /// With everything in `home`, and a folder of simulated machines if there are some.
    #[must_use]
    pub fn new(home: &Path, app_url: &str, simulator: Option<&Path>) -> Self {
        let file = |name: &str| home.join(name).display().to_string();
        let (api, internal) = (free_address(), free_address());
        keyring_write(&home.join("keys"));
        let mut variables = vec![
            ("BERTH_DATABASE_URL", app_url.to_owned()),
            ("BERTH_DATABASE_MAX_CONNECTIONS", "12".to_owned()),
            ("BERTH_KEYS_FILE", file("keys")),
            ("BERTH_IMAGES_DIRECTORY", file("images")),
            ("BERTH_API_LISTEN", api.clone()),
            ("BERTH_INTERNAL_LISTEN", internal.clone()),
            ("BERTH_FLEET_RECONCILE_SECONDS", "3600".to_owned()),
            ("BERTH_WORKER_MAX_ATTEMPTS", "100".to_owned()),
            ("BERTH_LOG_FILTER", logs::FILTER.to_owned()),
        ];
        if let Some(directory) = simulator {
            let directory = directory.display().to_string();
            variables.push(("BERTH_FLEET_SIMULATOR_DIRECTORY", directory));
        }
        Self {
            url: format!("http://{api}"),
            variables,
            ready_url: format!("http://{internal}/readyz"),
            started: AtomicU32::new(0),
        }
    }

    /// A command of Berth.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// A command that asks the API for something, as a client.
    #[must_use]
    pub fn client_command(&self, arguments: &[&str], credentials: &Credentials) -> Command {
        let mut command = self.command(arguments);
        command
            .env("BERTH_URL", &self.url)
            .env("BERTH_CLIENT_ID", &credentials.id)
            .env("BERTH_CLIENT_SECRET", &credentials.secret);
        command
    }

    /// Runs a command that must succeed.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        output
    }

    /// Starts `serve`, `api` or `worker`. A worker gets a name and listens where nobody asks it.
    #[must_use]
    pub fn start(&self, role: &str, variables: &[(&str, String)]) -> Process {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let mut command = self.command(&[role]);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        if role == "worker" {
            // Workers come and go; nobody asks them for metrics.
            command.env("BERTH_INTERNAL_LISTEN", free_address());
            command.env("BERTH_WORKER_NAME", format!("worker-{number}"));
        }
        Process::start(command, role)
    }

    /// Waits until the API is ready.
    pub async fn ready(&self) {
        let look = || async {
            let answer = reqwest::get(&self.ready_url).await.ok()?;
            answer.status().is_success().then_some(())
        };
        until(Duration::from_secs(30), look, || self.ready_url.clone()).await;
    }

    /// Makes a client of a kind: `--kind platform`, …
    #[must_use]
    pub fn credentials(&self, kind: &[&str]) -> Credentials {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let mut arguments = vec!["client", "create", "--name", "test", "--env-file", path];
        arguments.extend(kind);
        self.run(&arguments);
        let text = std::fs::read_to_string(path).unwrap();
        Credentials::read(&text)
    }

    /// Makes a client of a kind and signs it in.
    pub async fn client(&self, kind: &[&str]) -> Api {
        let made = self.credentials(kind);
        Api::sign_in(&self.url, &made.id, &made.secret).await
    }
}

impl Credentials {
    /// Out of a file that `berth client create --env-file` wrote.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("{name} in {text}"))
                .trim_matches(['"', '\''])
                .to_owned()
        };
        Self {
            id: value("BERTH_CLIENT_ID="),
            secret: value("BERTH_CLIENT_SECRET="),
        }
    }
}

fn keyring_write(file: &Path) {
    std::fs::write(file, KEYRING).unwrap();
    std::fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
}

/// The binary under test: Cargo puts it beside the folder of the test that runs.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("berth-under-test")
}

/// An address of this computer that nobody listens on.
#[must_use]
pub fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

/// A connection to a database, past Berth.
pub async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}
