//! `berth sandbox`: the API over simulated machines, on a laptop. No root, no libvirt: only
//! PostgreSQL.
//!
//! It is `berth serve` with a configuration of its own, whose machines are `sim:NAME`; site,
//! catalogue and tenants are made over the public API, as on a real installation.

mod fault;
mod seed;
mod setup;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use berth_hypervisor::SimulatorConfig;
use berth_model::ClientFor;
use berth_operations::{Boundary, NoBoundary};

use crate::{
    cli,
    command::{apply, client_keep, storefront},
    failure::Failure,
    output,
    process::{
        logs,
        parts::Parts,
        roles::{self, Roles},
        stop,
    },
};

pub(crate) use fault::fault;

/// Machines of a sandbox.
pub(crate) const MACHINES: [&str; 3] = ["m1", "m2", "m3"];

/// Where the files of a sandbox are.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// Simulated machines.
    pub(crate) machines: PathBuf,
    /// The image store.
    pub(crate) images: PathBuf,
    /// Keys.
    pub(crate) keyring: PathBuf,
    /// A storefront's client, for the reader.
    pub(crate) client: PathBuf,
    /// The provider's client.
    pub(crate) platform: PathBuf,
    /// Where the API is.
    pub(crate) url: PathBuf,
    /// Notices that were sent.
    pub(crate) mail: PathBuf,
    /// Of the login role.
    pub(crate) password: PathBuf,
}

impl Files {
    pub(crate) fn of(directory: &Path) -> Self {
        Self {
            machines: directory.join("machines"),
            images: directory.join("images"),
            keyring: directory.join("keyring"),
            client: directory.join("client.env"),
            platform: directory.join("platform.env"),
            url: directory.join("url"),
            mail: directory.join("mail"),
            password: directory.join("password"),
        }
    }
}

/// What a simulated machine has here.
pub(crate) fn simulator_config() -> SimulatorConfig {
    SimulatorConfig::default()
}

/// Sets everything up and serves until it is told to stop.
pub(crate) async fn run(arguments: cli::Sandbox) -> Result<(), Failure> {
    let owner_url = arguments.database_owner_url.clone().ok_or_else(|| {
        "give a database that may be filled: BERTH_DATABASE_OWNER_URL, or run make sandbox"
            .to_owned()
    })?;
    let files = Files::of(&arguments.directory);
    let config = setup::config(&arguments, &files, owner_url)?;
    logs::start(&config.log)?;
    apply(&config.database).await?;
    let parts = Parts::new(&config)?;
    let storefront_id = storefront(&parts.store, "Sandbox").await?;
    let url = format!("http://{}", config.api.listen);
    // Nothing answers at the address of a simulated guest.
    let demo = format!("BERTH_URL={url}\nBERTH_SKIP_APPLICATION=true\n");
    let shop = ClientFor::Storefront(storefront_id);
    let shop = client_keep(
        &parts.store,
        &files.client,
        "sandbox storefront",
        shop,
        &demo,
    )
    .await?;
    let provider = ClientFor::PROVIDER;
    let platform = client_keep(
        &parts.store,
        &files.platform,
        "sandbox provider",
        provider,
        &demo,
    )
    .await?;
    std::fs::write(&files.url, &url)
        .map_err(|cause| format!("{}: {cause}", files.url.display()))?;
    let images = setup::images(&files)?;

    let stop = stop::on_signal().map_err(|cause| cause.to_string())?;
    let boundary: Arc<dyn Boundary> = Arc::new(NoBoundary);
    let serving = roles::run(
        &config,
        Roles {
            api: true,
            worker: true,
        },
        &boundary,
        stop.clone(),
        || {},
    );
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended,
        seeded = seed::seed(&url, &arguments.catalogue, &images, &platform, &shop) => {
            if let Err(failure) = seeded {
                stop.cancel();
                serving.await?;
                return Err(failure);
            }
        }
    }
    welcome(&arguments, &url, &files);
    serving.await
}

fn welcome(arguments: &cli::Sandbox, url: &str, files: &Files) {
    let directory = arguments.directory.display();
    let program = std::env::args()
        .next()
        .unwrap_or_else(|| "berth".to_owned());
    output::text(format!(
        "\nThe sandbox is ready.\n\
         \n  GraphQL       {url}/graphql        (subscriptions: /graphql/ws)\
         \n  GraphiQL      {url}/graphiql\
         \n  tokens        {url}/oauth/token    (client credentials)\
         \n  a storefront  {client}\
         \n  the provider  {platform}\
         \n  notices       {mail}/\
         \n  metrics       http://{internal}/metrics\n\
         \nOrder something, as a storefront would:\n\
         \n  set -a; . {client}; set +a\
         \n  {program} demo --application tiny\n\
         \nSwitch faults on and off:\n\
         \n  {program} sandbox --directory {directory} fault no-capacity|slow|unhealthy on|off\n\
         \nCtrl-C stops it; the data stays.\n",
        client = files.client.display(),
        platform = files.platform.display(),
        mail = files.mail.display(),
        internal = arguments.internal_listen,
    ));
}
