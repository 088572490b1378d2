//! Wiring: the roles of a process, and how they end together.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use berth_api::{ApiConfig, ApiState};
use berth_domains_mail::{Mailer, Postman, PostmanConfig};
use berth_federation::Issuers;
use berth_operations::{Boundary, Runner, RunnerConfig};
use berth_scheduler::{
    DeploymentExecutor, Fleet, FleetConfig, MachineExecutor, Machines, MachinesConfig,
    MoveExecutor, RebalanceExecutor, Reconciler, ReconcilerConfig,
};
use berth_store::OperationFeed;
use berth_webhooks::{Courier, Destinations, SystemNames};
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    internal::{self, Internal, Part},
    metrics,
    parts::Parts,
};
use crate::{
    config::{Config, Mail},
    failure::{Exit, Failure},
};

/// What must be over after the grace time is given up after this: a graceful stop is bounded.
const STOP_MARGIN: Duration = Duration::from_secs(5);

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) api: bool,
    pub(crate) worker: bool,
}

/// Runs the roles until `stop` is cancelled, and then until what they had begun is finished or
/// handed back, at most for the grace time and a little. `ready` is called once everything listens.
pub(crate) async fn run(
    config: &Config,
    roles: Roles,
    boundary: &Arc<dyn Boundary>,
    stop: CancellationToken,
    ready: impl FnOnce(),
) -> Result<(), Failure> {
    let parts = Parts::new(config)?;
    schema_check(&parts).await?;
    let feed = parts.store.operation_feed();
    let mut running = JoinSet::new();
    let mut watched = Vec::new();
    if roles.api {
        let listener = listen(config.api.listen, "api.listen").await?;
        let app = berth_api::router(api_state(config, &parts, &feed)?);
        let (part, alive) = Part::new("api");
        let stop = stop.clone();
        running.spawn(async move {
            let _alive = alive;
            serve(listener, app, stop).await;
        });
        watched.push(part);
    }
    if roles.worker {
        watched.push(courier_spawn(config, &parts, &feed, &stop, &mut running)?);
        watched.push(postman_spawn(config, &parts, &feed, &stop, &mut running)?);
        watched.extend(worker_spawn(
            config,
            &parts,
            feed,
            boundary,
            &stop,
            &mut running,
        ));
    }
    let counts = metrics::start()?;
    let upkeep = tokio::spawn(metrics::upkeep(counts.clone()));
    let listener = listen(config.internal_listen, "internal.listen").await?;
    let app = internal::router(Internal {
        store: parts.store,
        metrics: counts,
        parts: watched,
    });
    let answers = tokio::spawn(async move { axum::serve(listener, app).await });
    ready();
    let ended = end(running, &stop, config.worker.grace + STOP_MARGIN).await;
    // They answer to the last, so that one can see how a stop goes on.
    answers.abort();
    upkeep.abort();
    ended
}

/// Waits for all roles; one that ends by itself stops the others.
async fn end(
    mut running: JoinSet<()>,
    stop: &CancellationToken,
    limit: Duration,
) -> Result<(), Failure> {
    let by_itself = tokio::select! {
        () = stop.cancelled() => false,
        _ = running.join_next() => !stop.is_cancelled(),
    };
    stop.cancel();
    let all = async { while running.join_next().await.is_some() {} };
    if timeout(limit, all).await.is_err() {
        // Leases end by themselves; what is left is somebody else's then.
        tracing::warn!(
            "not everything ended within {} s; leaving it",
            limit.as_secs()
        );
        running.abort_all();
    }
    if by_itself {
        return Err(Failure::new(
            Exit::Failed,
            "a part of the process ended by itself; see the log",
        ));
    }
    tracing::info!("stopped");
    Ok(())
}

async fn schema_check(parts: &Parts) -> Result<(), Failure> {
    let missing = parts.store.schema_missing().await.map_err(|error| {
        let cause = error.cause_text();
        let hint = "is it running, and has `berth migrate` been run?";
        Failure::new(
            Exit::Unreachable,
            format!("the database does not answer as it should ({cause}); {hint}"),
        )
    })?;
    match missing.len() {
        0 => Ok(()),
        count => Err(format!("the schema lacks {count} changes; run: berth migrate").into()),
    }
}

async fn listen(address: SocketAddr, key: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|cause| {
        Failure::new(
            Exit::Failed,
            format!("{key}: can't listen on {address} ({cause})"),
        )
    })
}

async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) {
    // The audit log and the pages say from where.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, app)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await;
    if let Err(cause) = served {
        tracing::error!(%cause, "the API ended");
    }
}

fn api_state(config: &Config, parts: &Parts, feed: &OperationFeed) -> Result<ApiState, Failure> {
    let names = Arc::new(SystemNames);
    let issuers = Issuers::new(&config.federation, names, Arc::clone(&parts.clock))?;
    Ok(ApiState {
        store: parts.store.clone(),
        feed: feed.clone(),
        destinations: Arc::new(Destinations::new(
            Arc::new(SystemNames),
            config.webhooks.bounds.clone(),
        )),
        issuers: Arc::new(issuers),
        config: ApiConfig {
            public_url: config.api.url(),
            provider_name: config.provider_name.clone(),
            trusted_proxies: config.api.trusted_proxies.clone(),
            limits: config.limits,
        },
        clock: Arc::clone(&parts.clock),
        ids: Arc::clone(&parts.ids),
    })
}

fn worker_spawn(
    config: &Config,
    parts: &Parts,
    feed: OperationFeed,
    boundary: &Arc<dyn Boundary>,
    stop: &CancellationToken,
    running: &mut JoinSet<()>,
) -> [Part; 2] {
    let machines = Arc::new(Machines::new(
        machines_config(config),
        Arc::clone(&parts.clock),
    ));
    let fleet_config = FleetConfig {
        quarantine: config.fleet.quarantine,
        // A call that destroys must be over before somebody else may hold the claim.
        destroy_limit: config.worker.lease / 2,
        moves_at_once: config.fleet.moves_at_once,
        move_bandwidth_mib: config.fleet.move_bandwidth_mib,
        ..FleetConfig::new(&config.image_directory)
    };
    let fleet = Arc::new(Fleet::new(
        parts.store.clone(),
        Arc::clone(&machines),
        fleet_config,
        Arc::clone(&parts.clock),
    ));
    let runner = Runner::new(
        parts.store.clone(),
        feed,
        vec![
            Arc::new(DeploymentExecutor::new(Arc::clone(&fleet))),
            Arc::new(MachineExecutor::new(Arc::clone(&fleet))),
            Arc::new(MoveExecutor::new(Arc::clone(&fleet))),
            Arc::new(RebalanceExecutor::new(fleet)),
        ],
        runner_config(config),
        Arc::clone(&parts.clock),
        Arc::clone(&parts.ids),
        Arc::clone(boundary),
    );
    let period = ReconcilerConfig {
        period: config.fleet.reconcile,
        ..ReconcilerConfig::default()
    };
    let reconciler = Reconciler::new(parts.store.clone(), machines, period);
    let (worker, alive) = Part::new("worker");
    let ends = stop.clone();
    running.spawn(async move {
        let _alive = alive;
        runner.run(ends).await;
    });
    let (reconciling, alive) = Part::new("reconciler");
    let ends = stop.clone();
    running.spawn(async move {
        let _alive = alive;
        reconciler.run(ends).await;
    });
    [worker, reconciling]
}

fn courier_spawn(
    config: &Config,
    parts: &Parts,
    feed: &OperationFeed,
    stop: &CancellationToken,
    running: &mut JoinSet<()>,
) -> Result<Part, Failure> {
    let courier = Courier::new(
        parts.store.clone(),
        feed.clone(),
        config.webhooks.clone(),
        Arc::clone(&parts.clock),
        Arc::clone(&parts.ids),
        Arc::new(SystemNames),
    )?;
    let (part, alive) = Part::new("courier");
    let ends = stop.clone();
    running.spawn(async move {
        let _alive = alive;
        courier.run(ends).await;
    });
    Ok(part)
}

fn postman_spawn(
    config: &Config,
    parts: &Parts,
    feed: &OperationFeed,
    stop: &CancellationToken,
    running: &mut JoinSet<()>,
) -> Result<Part, Failure> {
    let mailer = |mail: &Mail| Mailer::new(&mail.from_name, &mail.from, &mail.transport);
    let mailer = config.mail.as_ref().map(mailer).transpose()?;
    let postman = Postman::new(
        parts.store.clone(),
        feed.clone(),
        mailer.map(Arc::new),
        PostmanConfig::default(),
        Arc::clone(&parts.clock),
        Arc::clone(&parts.ids),
    );
    let (part, alive) = Part::new("postman");
    let ends = stop.clone();
    running.spawn(async move {
        let _alive = alive;
        postman.run(ends).await;
    });
    Ok(part)
}

fn machines_config(config: &Config) -> MachinesConfig {
    MachinesConfig {
        simulator_dir: config.fleet.simulator_directory.clone(),
        ..MachinesConfig::default()
    }
}

fn runner_config(config: &Config) -> RunnerConfig {
    let worker = &config.worker;
    let name = worker.name.clone().unwrap_or_else(worker_name);
    RunnerConfig {
        concurrency: worker.concurrency,
        lease: worker.lease,
        per_tenant_limit: worker.per_tenant_limit,
        poll: worker.poll,
        max_attempts: worker.max_attempts,
        backoff_base: worker.backoff_base,
        backoff_cap: worker.backoff_cap,
        grace: worker.grace,
        ..RunnerConfig::new(name)
    }
}

/// Host name and process number.
fn worker_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}-{}", host.trim(), std::process::id())
}
