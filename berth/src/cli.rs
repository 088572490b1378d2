//! The command line.

mod fleet;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use berth_model::{RedirectUri, TokenScopes};
use berth_operations::{Boundary, NoBoundary};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use fleet::{
    Domain, Ends, Fleet, FleetExplain, FleetFile, FleetPlace, FleetPlan, FleetPolicy, FleetRecover,
    FleetSimulate, FleetSurvive, PlanLimits,
};

use crate::{command, failure::Failure, output};

/// Berth: the control plane of a provider that gives small communities a home in the fediverse.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Cli {
    /// The configuration [default: berth.toml, if it is there].
    #[arg(long, global = true, env = "BERTH_CONFIG", value_name = "FILE")]
    pub config: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs everything in one process: the API and a worker.
    Serve,
    /// Runs the API alone.
    Api,
    /// Runs a worker alone.
    Worker,
    /// Makes the database's roles and applies schema changes that are missing.
    Migrate,
    /// Checks, shows and explains the configuration.
    #[command(subcommand)]
    Config(Config),
    /// OAuth clients.
    #[command(subcommand)]
    Client(Client),
    /// Asking people to become members.
    #[command(subcommand)]
    Invitation(Invitation),
    /// Keys that secrets are sealed with.
    #[command(subcommand)]
    Keys(Keys),
    /// Base disks of guests.
    #[command(subcommand)]
    Image(Image),
    /// Machines and what is reserved on them.
    #[command(subcommand)]
    Fleet(Fleet),
    /// Does over the API what a provider does once: catalogue, site, network, images, machines.
    Provision(Provision),
    /// A storefront: orders an application over the API, follows the order, and tries what it got.
    Demo(Demo),
    /// The API over simulated machines, for people who build storefronts.
    Sandbox(Sandbox),
    /// Prints the GraphQL schema.
    Schema,
}

/// `berth config`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Config {
    /// Explains every mistake with its line; exit code 1 if there is one.
    Check,
    /// Prints what is in force and where it comes from, without secrets.
    Show,
    /// Prints a file with every key, its meaning and its default.
    Example,
}

/// `berth invitation`
#[derive(Debug, Subcommand)]
pub enum Invitation {
    /// Sends somebody a code by which they become a member: of the provider's own people, unless a
    /// tenant is named. So the first of them gets in.
    Create(InvitationCreate),
}

/// `berth invitation create`
#[derive(Debug, Args)]
pub struct InvitationCreate {
    /// Where the code goes.
    #[arg(long)]
    pub email: String,
    /// As what: PLATFORM_ADMIN, PLATFORM_SUPPORT or PLATFORM_BILLING, or a role in the tenant.
    #[arg(long)]
    pub role: String,
    /// The tenant's id.
    #[arg(long)]
    pub tenant: Option<String>,
}

/// `berth client`
#[derive(Debug, Subcommand)]
pub enum Client {
    /// Makes a client and prints its id and secret. The secret is shown this once.
    Create(ClientCreate),
}

/// `berth client create`
#[derive(Debug, Args)]
pub struct ClientCreate {
    /// What it acts as.
    #[arg(long)]
    pub kind: ClientKind,
    /// For people.
    #[arg(long)]
    pub name: String,
    /// For a storefront: its name; it is made if it isn't there.
    #[arg(long, required_if_eq("kind", "storefront"))]
    pub storefront: Option<String>,
    /// For a tenant: its id.
    #[arg(long, required_if_eq("kind", "tenant"))]
    pub tenant: Option<String>,
    /// For a tenant: the role. For the provider: PLATFORM_ADMIN (unless said), PLATFORM_SUPPORT or
    /// PLATFORM_BILLING.
    #[arg(long, required_if_eq("kind", "tenant"))]
    pub role: Option<String>,
    /// What its tokens can open, such as "tenant:read fleet:read"; everything that such a client may
    /// do, unless said.
    #[arg(long, value_name = "SCOPES")]
    pub scopes: Option<TokenScopes>,
    /// Where people are sent back to whom it asks to act in their name; can be given several times.
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Vec<RedirectUri>,
    /// It runs in a browser or on a phone, where no secret can be kept, and gets none.
    #[arg(long, requires = "redirect_uris", conflicts_with = "env_file")]
    pub public: bool,
    /// Writes BERTH_CLIENT_ID and BERTH_CLIENT_SECRET to this file (mode 0600) instead.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
}

/// What a client acts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClientKind {
    /// The provider.
    Platform,
    /// A storefront.
    Storefront,
    /// One tenant.
    Tenant,
}

/// `berth keys`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Appends a new key to a file (mode 0600), which is made if it isn't there. The newest key
    /// seals, all of them open.
    Generate {
        /// The keyring.
        file: PathBuf,
        /// Does nothing if the file is there.
        #[arg(long)]
        if_missing: bool,
    },
    /// Shows what each key of keys.file is in use for. One that is needless can be removed from it.
    List,
    /// Seals every secret in the database with the newest key of keys.file. Can be stopped and
    /// begun again at any time, while the API and workers run; each of them needs the new key in
    /// its own keys.file first.
    Rotate,
}

/// `berth image`
#[derive(Debug, Subcommand)]
pub enum Image {
    /// Copies a qcow2 file into the image store and prints its hash and sizes.
    Import {
        /// The file.
        file: PathBuf,
        /// The image store [default: images.directory].
        #[arg(long)]
        directory: Option<PathBuf>,
    },
}

/// Where the API is, and who asks.
#[derive(Debug, Args)]
pub struct Access {
    /// The API.
    #[arg(long, env = "BERTH_URL", default_value = "http://127.0.0.1:8800")]
    pub url: String,
    /// OAuth client.
    #[arg(long, env = "BERTH_CLIENT_ID")]
    pub client_id: String,
    /// Its secret; by the environment, since other users can see command lines.
    #[arg(env = "BERTH_CLIENT_SECRET", hide_env_values = true, hide = true)]
    pub client_secret: String,
}

/// `berth provision`
#[derive(Debug, Args)]
pub struct Provision {
    /// Where the API is, and who asks: a platform client.
    #[command(flatten)]
    pub access: Access,
    /// What is sold: a folder with a .toml file for each application.
    #[arg(long, default_value = "catalogue")]
    pub catalogue: PathBuf,
    /// Where image files (NAME.qcow2) are.
    #[arg(long, default_value = "var/images")]
    pub images: PathBuf,
    /// The image store [default: images.directory].
    #[arg(long)]
    pub image_store: Option<PathBuf>,
    /// The machines: lab.json of tests/lab/README.md.
    #[arg(long, default_value = "var/lab/lab.json")]
    pub lab: PathBuf,
}

/// `berth demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// Where the API is, and who asks: a storefront's client.
    #[command(flatten)]
    pub access: Access,
    /// What to order.
    #[arg(long, default_value = "matrix")]
    pub application: String,
    /// The deployment's domain name [default: one of its own below demo.example].
    #[arg(long)]
    pub domain_name: Option<String>,
    /// The plan's short name [default: the smallest that fits].
    #[arg(long)]
    pub plan: Option<String>,
    /// Goes on with the last order of it, if one runs or is on its way, instead of a new one.
    #[arg(long)]
    pub resume: bool,
    /// Doesn't talk to the application afterwards: on simulated machines nothing answers.
    #[arg(long, env = "BERTH_SKIP_APPLICATION")]
    pub skip_application: bool,
}

/// `berth sandbox`
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Everything of the sandbox but the database.
    #[arg(long, global = true, default_value = "var/sandbox")]
    pub directory: PathBuf,
    /// Another thing than running it.
    #[command(subcommand)]
    pub command: Option<SandboxCommand>,
    /// The database, as its owner.
    #[arg(long, env = "BERTH_DATABASE_OWNER_URL", hide_env_values = true)]
    pub database_owner_url: Option<String>,
    /// Where the API listens.
    #[arg(long, env = "BERTH_API_LISTEN", default_value = "127.0.0.1:8800")]
    pub listen: std::net::SocketAddr,
    /// Where /readyz and /metrics are.
    #[arg(long, env = "BERTH_INTERNAL_LISTEN", default_value = "127.0.0.1:8801")]
    pub internal_listen: std::net::SocketAddr,
    /// What is sold.
    #[arg(long, default_value = "catalogue")]
    pub catalogue: PathBuf,
}

/// `berth sandbox …`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum SandboxCommand {
    /// Switches a fault on or off, at once.
    Fault {
        /// Which.
        fault: Fault,
        /// On or off.
        switch: Switch,
    },
}

/// Faults of simulated machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// No machine has room for anything more.
    NoCapacity,
    /// Every call takes seconds.
    Slow,
    /// No guest gets healthy.
    Unhealthy,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// From now on.
    On,
    /// No longer.
    Off,
}

/// Runs a command; what went wrong is on standard error.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let boundary: Arc<dyn Boundary> = Arc::new(NoBoundary);
    run_with(cli, &boundary)
}

/// The same with a hook at every boundary between two steps of a worker's operations.
#[must_use]
pub fn run_with(cli: Cli, boundary: &Arc<dyn Boundary>) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(cause) => {
            output::complain(format!("berth: can't start: {cause}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command::run(cli, boundary)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { exit, message }) => {
            for line in message.lines() {
                output::complain(format!("berth: {line}"));
            }
            ExitCode::from(exit as u8)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_on_a_fleets_file_takes_a_policy() {
        for command in [
            "explain fleet.json small",
            "forecast -",
            "survive fleet.json",
            "place fleet.json small --count 2",
            "plan drain fleet.json m1",
            "plan recover fleet.json m1",
            "plan rebalance fleet.json",
            "plan consolidate fleet.json",
            "simulate fleet.json - --ends known",
        ] {
            let policy = "--survive rack --failures 2 --tenant-cap 3 --spread";
            let words = format!("berth fleet {command} {policy}");
            let parsed = Cli::try_parse_from(words.split(' '));
            assert!(parsed.is_ok(), "{command}: {parsed:?}");
        }
    }

    #[test]
    fn what_a_kind_of_client_needs_is_asked_for() {
        let parse = |rest: &str| {
            let words = format!("berth client create --name x {rest}");
            Cli::try_parse_from(words.split(' '))
        };
        assert!(parse("--kind platform").is_ok());
        assert!(parse("--kind storefront --storefront Shop").is_ok());
        assert!(parse("--kind storefront").is_err());
        assert!(parse("--kind tenant --tenant ten_0").is_err());
    }
}
