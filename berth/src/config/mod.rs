//! The configuration: `berth.toml`, overridden by the environment, read once into one typed value.
//!
//! [`Config::load`] gives every mistake at once, each with its line. The keys, their limits,
//! defaults and meanings are in one table (`table`), which the example file is made from.

mod build;
mod example;
mod key;
mod problem;
mod read;
mod show;
mod table;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use berth_domains_mail::TransportConfig;
use berth_model::{EmailAddress, TrustedProxies};

pub use example::example;
pub use problem::{Place, Problem};
pub use show::show;

/// The file that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "berth.toml";

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[database]`
    pub database: Database,
    /// `keys.file`
    pub keyring_file: PathBuf,
    /// `[api]`
    pub api: Api,
    /// `[limits]`, and those that can't be set.
    pub limits: berth_api::Limits,
    /// `internal.listen`
    pub internal_listen: SocketAddr,
    /// `[worker]`
    pub worker: Worker,
    /// `[fleet]`
    pub fleet: Fleet,
    /// `mail.from_name`: the provider's name, on its own pages too.
    pub provider_name: String,
    /// `images.directory`
    pub image_directory: PathBuf,
    /// `[mail]`; none when notices don't leave.
    pub mail: Option<Mail>,
    /// `[webhooks]`
    pub webhooks: berth_webhooks::CourierConfig,
    /// `[federation]`
    pub federation: berth_federation::FederationConfig,
    /// `[log]`
    pub log: Log,
}

/// `[database]`
#[derive(Clone)]
pub struct Database {
    /// As `berth_app`.
    pub url: String,
    /// As the owner.
    pub owner_url: Option<String>,
    /// Of this process.
    pub max_connections: usize,
    /// For a connection.
    pub wait: Duration,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The addresses hold passwords.
        f.debug_struct("Database")
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

/// `[api]`
#[derive(Clone, Debug)]
pub struct Api {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where clients reach it.
    pub public_url: Option<String>,
    /// Who is believed about the address that a request comes from.
    pub trusted_proxies: TrustedProxies,
}

impl Api {
    /// Where clients reach it, without a slash at the end.
    pub fn url(&self) -> String {
        let here = || format!("http://{}", self.listen);
        let url = self.public_url.clone().unwrap_or_else(here);
        url.trim_end_matches('/').to_owned()
    }
}

/// `[worker]`
#[derive(Clone, Debug)]
pub struct Worker {
    /// Unique among all workers.
    pub name: Option<String>,
    /// Operations at a time.
    pub concurrency: usize,
    /// Of one tenant, over all workers.
    pub per_tenant_limit: i64,
    /// Of a claim.
    pub lease: Duration,
    /// Of the queue.
    pub poll: Duration,
    /// Of an operation.
    pub max_attempts: i32,
    /// Before the second try.
    pub backoff_base: Duration,
    /// Between tries, at most.
    pub backoff_cap: Duration,
    /// At the end.
    pub grace: Duration,
}

/// `[fleet]`
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Between two looks at everything.
    pub reconcile: Duration,
    /// Of an address.
    pub quarantine: Duration,
    /// Of one plan.
    pub moves_at_once: usize,
    /// Of one live move, in MiB a second; none for no limit.
    pub move_bandwidth_mib: Option<u64>,
    /// Of simulated machines.
    pub simulator_directory: Option<PathBuf>,
}

/// `[mail]`
#[derive(Clone, Debug)]
pub struct Mail {
    /// The sender.
    pub from: EmailAddress,
    /// The sender's name.
    pub from_name: String,
    /// How mail leaves.
    pub transport: TransportConfig,
}

/// `[log]`
#[derive(Clone, Debug)]
pub struct Log {
    /// For programs, else for people.
    pub json: bool,
    /// As `tracing` filters.
    pub filter: String,
}

impl Config {
    /// Reads `file` (or [`DEFAULT_FILE`] if it is there) and the environment. All mistakes at once.
    pub fn load(file: Option<&str>) -> Result<Self, Vec<Problem>> {
        let (text, name) = file_text(file)?;
        let source = text
            .as_deref()
            .map(|text| read::Source { file: &name, text });
        Self::from_source(source, |name| std::env::var(name).ok())
    }

    fn from_source(
        source: Option<read::Source<'_>>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Problem>> {
        build::build(read::read(source, variable))
    }
}

/// The text of the file, if there is one, and its name.
pub(crate) fn file_text(file: Option<&str>) -> Result<(Option<String>, String), Vec<Problem>> {
    let name = file.unwrap_or(DEFAULT_FILE);
    match std::fs::read_to_string(name) {
        Ok(text) => Ok((Some(text), name.to_owned())),
        Err(cause) if file.is_none() && cause.kind() == std::io::ErrorKind::NotFound => {
            Ok((None, name.to_owned()))
        }
        Err(cause) => Err(vec![Problem::new(
            Place::Nowhere,
            format!("{name} can't be read: {cause}"),
        )]),
    }
}
