//! `berth serve`, `berth api`, `berth worker`

use std::sync::Arc;

use berth_operations::Boundary;

use crate::{
    config::Config,
    failure::Failure,
    process::{
        logs,
        roles::{self, Roles},
        stop,
    },
};

pub(super) async fn run(
    config: Config,
    roles: Roles,
    boundary: &Arc<dyn Boundary>,
) -> Result<(), Failure> {
    logs::start(&config.log)?;
    let stop = stop::on_signal().map_err(|cause| cause.to_string())?;
    let (api, internal) = (config.api.listen, config.internal_listen);
    roles::run(&config, roles, boundary, stop, || {
        if roles.api {
            tracing::info!(
                version = env!("CARGO_PKG_VERSION"),
                "the API listens on http://{api}"
            );
        }
        if roles.worker {
            tracing::info!("a worker runs");
        }
        tracing::info!("health and metrics are on http://{internal}");
    })
    .await
}
