//! `berth sandbox fault`: faults, switched while the sandbox runs.

use std::{path::Path, sync::Arc};

use berth_hypervisor::{SimulatedMachine, simulator::GuestFault};
use berth_model::SystemClock;
use serde_json::json;

use super::{Files, MACHINES, seed, simulator_config};
use crate::{
    cli::Fault,
    client::{ApiClient, text_at},
    command::env_file_read,
    failure::{Exit, Failure},
    output,
};

/// What each call takes while `slow` is on, in milliseconds.
const SLOW_MILLIS: u64 = 3_000;

const MACHINES_QUERY: &str = "{ machines(first: 100) { nodes { id name } } }";
const MACHINE_UPDATE: &str = "mutation($input: MachineUpdateInput!) {
  machineUpdate(input: $input) { machine { state } userErrors { code message field } }
}";

/// Switches a fault on or off, on every machine.
pub(crate) async fn fault(directory: &Path, fault: Fault, on: bool) -> Result<(), Failure> {
    let files = Files::of(directory);
    match fault {
        Fault::NoCapacity => no_capacity(&files, on).await?,
        Fault::Slow | Fault::Unhealthy => machines(&files, fault, on)?,
    }
    let what = match fault {
        Fault::NoCapacity => "No machine takes new orders",
        Fault::Slow => "Every call to a machine takes 3 seconds",
        Fault::Unhealthy => "No guest that starts gets healthy",
    };
    output::line(if on {
        format!("{what}.")
    } else {
        format!("No longer: {}.", what.to_lowercase())
    });
    Ok(())
}

/// What the provider would do: drain all machines. Orders then are refused as when all is full.
async fn no_capacity(files: &Files, on: bool) -> Result<(), Failure> {
    let url = std::fs::read_to_string(&files.url).map_err(|cause| {
        let message = format!("{}: {cause}; does the sandbox run?", files.url.display());
        Failure::new(Exit::Unreachable, message)
    })?;
    let client: ApiClient = seed::client(&url, &env_file_read(&files.platform)?)?;
    let ids = berth_model::Ids::new(Arc::new(SystemClock));
    let known = client.query(MACHINES_QUERY, json!({})).await?;
    for node in known["machines"]["nodes"].as_array().into_iter().flatten() {
        let input = json!({
            "idempotencyKey": ids.uuid().to_string(), "machineId": text_at(node, "/id")?,
            "state": if on { "DRAINING" } else { "ACTIVE" },
        });
        client
            .mutate("machineUpdate", MACHINE_UPDATE, input)
            .await?;
    }
    Ok(())
}

fn machines(files: &Files, fault: Fault, on: bool) -> Result<(), Failure> {
    if !files.machines.is_dir() {
        let message = format!("there is no sandbox in {}", files.machines.display());
        return Err(Failure::new(Exit::Unreachable, message));
    }
    for name in MACHINES {
        let clock = Arc::new(SystemClock);
        let machine = SimulatedMachine::open(&files.machines, name, &simulator_config(), clock)?;
        machine.fault_set(|faults| match fault {
            Fault::Slow => faults.slow_millis = if on { SLOW_MILLIS } else { 0 },
            Fault::Unhealthy => {
                faults.every_guest = on.then_some(GuestFault::NeverHealthy);
            }
            Fault::NoCapacity => {}
        })?;
    }
    Ok(())
}
