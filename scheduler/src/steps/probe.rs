//! Health: every deployment that shall run is asked, until it answers or its time is over.

use berth_hypervisor::{GuestFacts, GuestPower, Health, ProbeTarget};
use berth_model::{DeploymentId, DeploymentState, Error, ErrorCode, Result};
use berth_operations::{StepEnd, StepError};
use chrono::TimeDelta;

use super::power;
use crate::{
    notices,
    task::{Host, StepResult, Task, done},
};

/// How much of the console's end is kept with the operation, in bytes.
const CONSOLE_BYTES: usize = 4096;

/// What was found of those that shall run.
pub(super) enum Found {
    /// It takes more time.
    Wait(StepEnd),
    /// All answered, or their time is over: those that didn't answer, with the last reason.
    Settled(Vec<(DeploymentId, String)>),
}

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    if !task.desired.is_on() {
        return done("Nothing shall run");
    }
    let host = task.host()?;
    let unhealthy = match look(task, &host).await? {
        Found::Wait(wait) => return Ok(wait),
        Found::Settled(unhealthy) => unhealthy,
    };
    if unhealthy.is_empty() {
        return done("It answers");
    }
    let error = degrade(task, &host, &unhealthy).await?;
    if unhealthy.iter().any(|(id, _)| *id == task.own) {
        return Err(StepError::Final(error));
    }
    done("It answers; a neighbour in the same virtual machine does not")
}

/// One look at all of them.
pub(super) async fn look(task: &Task<'_>, host: &Host) -> Result<Found> {
    let Some(guest) = task.guest(host).await? else {
        let message = "The virtual machine has vanished.";
        return Err(Error::new(ErrorCode::MachineRefused, message));
    };
    if guest.power != GuestPower::On {
        return went_off(task, host, &guest).await;
    }
    let mut unhealthy = Vec::new();
    let mut is_waiting = false;
    for id in &task.desired.running {
        let reason = match host
            .machine
            .guest_probe(guest.id, &target(task, *id)?)
            .await?
        {
            Health::Healthy => continue,
            Health::Unhealthy(reason) | Health::Unreachable(reason) => reason,
        };
        is_waiting |= !time_is_over(task, *id)?;
        unhealthy.push((*id, reason));
    }
    if is_waiting {
        return Ok(Found::Wait(
            task.again(waited_percent(task), "Waiting for the application"),
        ));
    }
    let own_is_unhealthy = unhealthy.iter().any(|(id, _)| *id == task.own);
    if own_is_unhealthy && !started_by_this(task) {
        return power_cycle(task, host, &guest).await;
    }
    Ok(Found::Settled(unhealthy))
}

/// A guest that ran before this operation and doesn't answer gets a fresh start, once.
async fn power_cycle(task: &Task<'_>, host: &Host, guest: &GuestFacts) -> Result<Found> {
    if let Some(wait) = power::off(task, host, guest).await? {
        return Ok(Found::Wait(wait));
    }
    task.fleet
        .store
        .vm_started(&task.work.claim, task.vm.vm.id)
        .await?;
    host.machine.guest_start(guest.id).await?;
    Ok(Found::Wait(
        task.again(5, "It did not answer and is started anew"),
    ))
}

async fn went_off(task: &Task<'_>, host: &Host, guest: &GuestFacts) -> Result<Found> {
    let (vm, operation) = (task.vm.vm.id, task.work.operation.id);
    let restarts = task.fleet.remember(vm, operation, |remembered| {
        remembered.restarts += 1;
        remembered.restarts
    });
    if restarts > task.fleet.config.start_rounds {
        let reason = format!("the virtual machine went off {restarts} times");
        return Ok(Found::Settled(
            task.desired
                .running
                .iter()
                .map(|id| (*id, reason.clone()))
                .collect(),
        ));
    }
    host.machine.guest_start(guest.id).await?;
    Ok(Found::Wait(
        task.again(5, "It went off and is started again"),
    ))
}

fn target(task: &Task<'_>, id: DeploymentId) -> Result<ProbeTarget> {
    let item = task.deployment(id)?;
    let address = task
        .vm
        .addresses
        .first()
        .ok_or_else(|| Error::internal("no addresses"))?;
    Ok(ProbeTarget {
        address: address.address,
        port: item.version.http_port,
        domain_name: item.deployment.domain_name.to_string(),
        probe: item.version.probe.clone(),
    })
}

fn time_is_over(task: &Task<'_>, id: DeploymentId) -> Result<bool> {
    let deadline = i64::from(task.deployment(id)?.version.probe.deadline_seconds);
    let started = task.vm.vm.started_at.unwrap_or(task.vm.vm.created_at);
    Ok(task.fleet.clock.now() - started >= TimeDelta::seconds(deadline))
}

fn started_by_this(task: &Task<'_>) -> bool {
    task.vm
        .vm
        .started_at
        .is_some_and(|started| started >= task.work.operation.created_at)
}

fn waited_percent(task: &Task<'_>) -> u8 {
    let deadline = task
        .desired
        .running
        .iter()
        .filter_map(|id| task.deployment(*id).ok());
    let deadline = deadline
        .map(|item| i64::from(item.version.probe.deadline_seconds))
        .max();
    let started = task.vm.vm.started_at.unwrap_or(task.vm.vm.created_at);
    let waited = (task.fleet.clock.now() - started).num_seconds().max(0);
    let percent = (waited * 100 / deadline.unwrap_or(1).max(1)).min(99);
    u8::try_from(percent).unwrap_or(99)
}

/// Writes what was found, with the end of the console; the error to fail with.
pub(super) async fn degrade(
    task: &Task<'_>,
    host: &Host,
    unhealthy: &[(DeploymentId, String)],
) -> Result<Error> {
    let reasons: Vec<&str> = unhealthy
        .iter()
        .map(|(_, reason)| reason.as_str())
        .collect();
    let error = Error::new(
        ErrorCode::Unhealthy,
        "The application did not get healthy in time. Retry, or delete it; the operation keeps the \
         end of its console.",
    )
    .because(reasons.join("; "));
    // What can't be read must not hide what is to be told.
    match host
        .machine
        .guest_console(task.vm.vm.id.0, &host.pool, CONSOLE_BYTES)
        .await
    {
        Ok(text) => {
            task.fleet
                .store
                .operation_console(&task.work.claim, &text)
                .await?
        }
        Err(cause) => tracing::warn!(vm = %task.vm.vm.id, cause = cause.cause_text(), "no console"),
    }
    let degraded = unhealthy
        .iter()
        .map(|(id, _)| notices::settling(task, *id, DeploymentState::Degraded, Some(&error)));
    let states = degraded.collect::<Result<_>>()?;
    task.fleet
        .store
        .deployment_settle(&task.work.claim, states)
        .await?;
    Ok(error)
}
