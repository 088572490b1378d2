//! From values to the typed configuration, and what no single value can tell: contradictions and
//! missing files.

use std::{net::SocketAddr, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use berth_api::{Bucket, Limits};
use berth_domains_mail::{Login, SmtpConfig, SmtpSecurity, TransportConfig};
use berth_federation::FederationConfig;
use berth_model::{Reach, TrustedProxies};
use berth_webhooks::{Bounds, CourierConfig};
use ipnet::IpNet;

use super::{
    Api, Config, Database, Fleet, Log, Mail, Worker,
    key::{Default, Key, Value, networks},
    problem::{Place, Problem},
    read::Settings,
    table::KEYS,
};

pub(crate) fn build(mut settings: Settings) -> Result<Config, Vec<Problem>> {
    required_check(&mut settings);
    contradictions_check(&mut settings);
    files_check(&mut settings);
    if settings.problems.is_empty() {
        if let Some(config) = config(&settings) {
            return Ok(config);
        }
        let message =
            "the table of keys and the typed configuration differ; this is a mistake of ours";
        settings
            .problems
            .push(Problem::new(Place::Nowhere, message));
    }
    settings
        .problems
        .sort_by_key(|problem| match &problem.place {
            Place::Line { line, .. } => *line,
            Place::Variable(_) => usize::MAX - 1,
            Place::Nowhere => usize::MAX,
        });
    Err(settings.problems)
}

/// `None` only if the table lost a default or a kind; a test reads every key.
fn config(settings: &Settings) -> Option<Config> {
    let s = settings;
    Some(Config {
        database: Database {
            url: s.text("database.url")?,
            owner_url: s.text("database.owner_url"),
            max_connections: s.number("database.max_connections")?,
            wait: s.seconds("database.wait_seconds")?,
        },
        keyring_file: s.path("keys.file")?,
        api: Api {
            listen: s.listen("api.listen")?,
            public_url: s.text("api.public_url"),
            trusted_proxies: TrustedProxies::new(s.networks("api.trusted_proxies")?),
        },
        limits: limits(s)?,
        internal_listen: s.listen("internal.listen")?,
        worker: Worker {
            name: s.text("worker.name"),
            concurrency: s.number("worker.concurrency")?,
            per_tenant_limit: s.number("worker.per_tenant_limit")?,
            lease: s.seconds("worker.lease_seconds")?,
            poll: s.seconds("worker.poll_seconds")?,
            max_attempts: s.number("worker.max_attempts")?,
            backoff_base: s.seconds("worker.backoff_base_seconds")?,
            backoff_cap: s.seconds("worker.backoff_cap_seconds")?,
            grace: s.seconds("worker.grace_seconds")?,
        },
        fleet: Fleet {
            reconcile: s.seconds("fleet.reconcile_seconds")?,
            quarantine: s.seconds("fleet.quarantine_seconds")?,
            moves_at_once: s.number("fleet.moves_at_once")?,
            move_bandwidth_mib: s.number("fleet.move_mib_per_second").filter(|mib| *mib > 0),
            simulator_directory: s.path("fleet.simulator_directory"),
        },
        provider_name: s.text("mail.from_name")?,
        image_directory: s.path("images.directory")?,
        mail: mail(s)?,
        webhooks: webhooks(s)?,
        federation: FederationConfig {
            bounds: bounds(s, "federation")?,
            ca_file: s.path("federation.ca_file"),
            ..FederationConfig::default()
        },
        log: Log {
            json: s.text("log.format")? == "json",
            filter: s.text("log.filter")?,
        },
    })
}

fn limits(s: &Settings) -> Option<Limits> {
    let bucket = |name: &str| {
        Some(Bucket {
            size: s.number(name)?,
            restore_per_second: s.number(&format!("{name}_per_second"))?,
        })
    };
    Some(Limits {
        cost: s.number("limits.request_cost")?,
        token_bucket: bucket("limits.token_cost")?,
        owner_bucket: bucket("limits.owner_cost")?,
        visitor_bucket: bucket("limits.visitor_cost")?,
        introspection: s.text("api.introspection")? == "on",
        ..Limits::default()
    })
}

fn webhooks(s: &Settings) -> Option<CourierConfig> {
    Some(CourierConfig {
        bounds: bounds(s, "webhooks")?,
        ca_file: s.path("webhooks.ca_file"),
        concurrency: s.number("webhooks.concurrency")?,
        time_limit: s.seconds("webhooks.time_limit_seconds")?,
        ..CourierConfig::default()
    })
}

/// Where requests of a section may go.
fn bounds(s: &Settings, section: &str) -> Option<Bounds> {
    Some(Bounds {
        reach: match s.text(&format!("{section}.reach"))?.as_str() {
            "development" => Reach::Development,
            _ => Reach::Public,
        },
        denied: s.networks(&format!("{section}.deny"))?,
    })
}

/// The outer `None`: a mistake in the table. The inner: no mail.
fn mail(s: &Settings) -> Option<Option<Mail>> {
    let transport = match s.text("mail.transport")?.as_str() {
        "file" => TransportConfig::File(s.path("mail.directory")?),
        "smtp" => TransportConfig::Smtp(SmtpConfig {
            host: s.text("mail.host")?,
            port: s.number("mail.port")?,
            security: match s.text("mail.security")?.as_str() {
                "none" => SmtpSecurity::None,
                "tls" => SmtpSecurity::Tls,
                _ => SmtpSecurity::StartTls,
            },
            ca_file: s.path("mail.ca_file"),
            login: s
                .text("mail.username")
                .zip(s.text("mail.password"))
                .map(|(username, password)| Login { username, password }),
            time_limit: Duration::from_secs(30),
        }),
        _ => return Some(None),
    };
    let from = s.text("mail.from")?.parse().ok()?;
    Some(Some(Mail {
        from,
        from_name: s.text("mail.from_name")?,
        transport,
    }))
}

impl Settings {
    fn value(&self, name: &str) -> Option<Value> {
        match self.values.get(name) {
            Some((value, _)) => Some(value.clone()),
            None => KEYS.iter().find(|key| key.name == name)?.default.value(),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            Value::Integer(_) => None,
        }
    }

    fn number<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        match self.value(name)? {
            Value::Integer(number) => number.try_into().ok(),
            Value::Text(_) => None,
        }
    }

    fn seconds(&self, name: &str) -> Option<Duration> {
        self.number(name).map(Duration::from_secs)
    }

    fn listen(&self, name: &str) -> Option<SocketAddr> {
        self.text(name)?.parse().ok()
    }

    /// None of them, unless it says.
    fn networks(&self, name: &str) -> Option<Vec<IpNet>> {
        self.text(name)
            .map_or(Some(Vec::new()), |text| networks(&text))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.value(name)?.path()
    }

    fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Records a problem at the place where `name` was set.
    fn problem(&mut self, name: &str, message: &str) {
        let place = self
            .values
            .get(name)
            .map_or(Place::Nowhere, |(_, place)| place.clone());
        self.problems
            .push(Problem::new(place, format!("{name}: {message}")));
    }
}

fn required_check(settings: &mut Settings) {
    let missing = |key: &&Key| matches!(key.default, Default::Required);
    for key in KEYS.iter().filter(missing) {
        // A wrong value is a problem already; it isn't missing beside that.
        let told = settings
            .problems
            .iter()
            .any(|problem| problem.message.starts_with(key.name));
        if !settings.is_set(key.name) && !told {
            settings.problem(
                key.name,
                &format!("is missing; set it, or {}", key.variable()),
            );
        }
    }
}

fn contradictions_check(s: &mut Settings) {
    if s.listen("api.listen") == s.listen("internal.listen") {
        s.problem(
            "internal.listen",
            "is the same as api.listen; give it another port",
        );
    }
    if s.seconds("worker.backoff_base_seconds") > s.seconds("worker.backoff_cap_seconds") {
        s.problem(
            "worker.backoff_base_seconds",
            "is more than worker.backoff_cap_seconds",
        );
    }
    limits_check(s);
    let room = s
        .number::<i64>("database.max_connections")
        .zip(s.number::<i64>("worker.concurrency"));
    if let Some((connections, concurrency)) = room
        && connections < concurrency + 2
    {
        let message = format!(
            "is too few for worker.concurrency = {concurrency}; make it {} or more",
            concurrency + 2
        );
        s.problem("database.max_connections", &message);
    }
    mail_check(s);
}

/// A bucket that is smaller than what is taken from it at once never has enough.
fn limits_check(s: &mut Settings) {
    for (smaller, larger) in [
        ("limits.request_cost", "limits.token_cost"),
        ("limits.request_cost", "limits.owner_cost"),
        ("limits.request_cost", "limits.visitor_cost"),
        ("limits.token_cost", "limits.owner_cost"),
    ] {
        let values = s.number::<i64>(smaller).zip(s.number::<i64>(larger));
        let Some((taken, held)) = values.filter(|(taken, held)| taken > held) else {
            continue;
        };
        let (set, message) = if s.is_set(larger) {
            let text = format!(
                "is less than {smaller} = {taken}, which it could never give; make it {taken} or more"
            );
            (larger, text)
        } else {
            let text = format!(
                "is more than {larger} = {held} can ever give; set that to {taken} or more"
            );
            (smaller, text)
        };
        s.problem(set, &message);
    }
}

fn mail_check(s: &mut Settings) {
    let transport = s.text("mail.transport").unwrap_or_default();
    let needed: &[&str] = match transport.as_str() {
        "smtp" => &["mail.from", "mail.host"],
        "file" => &["mail.from", "mail.directory"],
        _ => &[],
    };
    for name in needed {
        if !s.is_set(name) {
            s.problem("mail.transport", &format!("{transport:?} needs {name}"));
        }
    }
    for name in [
        "mail.host",
        "mail.username",
        "mail.password",
        "mail.ca_file",
    ] {
        if transport != "smtp" && s.is_set(name) {
            s.problem(
                name,
                &format!("has no effect while mail.transport is {transport:?}"),
            );
        }
    }
    for (one, other) in [
        ("mail.username", "mail.password"),
        ("mail.password", "mail.username"),
    ] {
        if s.is_set(one) && !s.is_set(other) {
            s.problem(one, &format!("needs {other} beside it"));
        }
    }
    let local = matches!(
        s.text("mail.host").as_deref(),
        Some("localhost" | "127.0.0.1" | "::1")
    );
    let open = s.text("mail.security").as_deref() == Some("none");
    if transport == "smtp" && open && s.is_set("mail.password") && !local {
        s.problem(
            "mail.security",
            "\"none\" would send the password in the open; use \"starttls\"",
        );
    }
}

fn files_check(s: &mut Settings) {
    if let Some(path) = s.path("keys.file") {
        match std::fs::metadata(&path) {
            Err(cause) => {
                let how = format!(
                    "{} can't be opened ({cause}); make one with: berth keys generate {0}",
                    path.display()
                );
                s.problem("keys.file", &how);
            }
            Ok(meta) if meta.permissions().mode() & 0o077 != 0 => {
                let how = format!("others may read {}; run: chmod 600 {0}", path.display());
                s.problem("keys.file", &how);
            }
            Ok(_) => {}
        }
    }
    for name in ["mail.ca_file", "webhooks.ca_file", "federation.ca_file"] {
        if let Some(path) = s.path(name)
            && let Err(cause) = std::fs::metadata(&path)
        {
            s.problem(
                name,
                &format!("{} can't be opened ({cause})", path.display()),
            );
        }
    }
    for name in [
        "images.directory",
        "mail.directory",
        "fleet.simulator_directory",
    ] {
        if let Some(path) = s.path(name)
            && path.exists()
            && !path.is_dir()
        {
            s.problem(name, &format!("{} is not a folder", path.display()));
        }
    }
}
