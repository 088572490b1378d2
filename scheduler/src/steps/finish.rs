//! The end: the seed goes, what is held becomes what is needed, and the states say what was found.

use berth_model::{
    DeploymentId, DeploymentState, DesiredState, OperationKind, Result, VirtualMachineState,
};

use super::{
    probe::{self, Found},
    release,
};
use crate::{
    names, notices,
    task::{Host, StepResult, Task, done},
};

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    let unhealthy = match settle_guest(task).await? {
        Found::Wait(wait) => return Ok(wait),
        Found::Settled(unhealthy) => unhealthy,
    };
    if task.kind() == OperationKind::DeploymentPurge {
        let notice = notices::purged(task)?;
        task.fleet
            .store
            .deployment_purged(&task.work.claim, task.own, Some(&notice))
            .await?;
        return done("Nothing of it is left");
    }
    states_write(task, &unhealthy).await?;
    done("Done")
}

/// The last step of an undo.
pub(super) async fn undone(task: &mut Task<'_>) -> StepResult {
    if let Found::Wait(wait) = settle_guest(task).await? {
        return Ok(wait);
    }
    task.fleet
        .store
        .deployment_purged(&task.work.claim, task.own, None)
        .await?;
    done("What was made is removed")
}

/// All who run in the guest are asked once more: this operation may have changed it under its
/// neighbours. That a neighbour doesn't answer is its own to tell, and doesn't fail this one.
async fn settle_guest(task: &Task<'_>) -> Result<Found> {
    let mut found = Found::Settled(Vec::new());
    if task.desired.is_on() {
        let host = task.host()?;
        found = probe::look(task, &host).await?;
        match &found {
            Found::Wait(_) => return Ok(found),
            Found::Settled(unhealthy) if unhealthy.is_empty() => seed_remove(task, &host).await?,
            Found::Settled(unhealthy) => {
                probe::degrade(task, &host, unhealthy).await?;
            }
        }
    }
    if task.desired.is_there() {
        release::shrink(task).await?;
    }
    task.fleet.forget(task.vm.vm.id);
    Ok(found)
}

/// The seed holds secrets: out of the drive, then off the machine.
async fn seed_remove(task: &Task<'_>, host: &Host) -> Result<()> {
    let vm = task.vm.vm.id;
    let guest = task.guest(host).await?;
    if guest.is_some_and(|guest| guest.seed_volume.is_some()) {
        host.machine.guest_seed_eject(vm.0).await?;
    }
    let prefix = names::seed_prefix(vm);
    for volume in host.machine.volume_list(&host.pool).await? {
        if volume.name.starts_with(&prefix) {
            task.destroy(host.machine.volume_delete(&host.pool, &volume.name))
                .await?;
        }
    }
    Ok(())
}

async fn states_write(task: &Task<'_>, unhealthy: &[(DeploymentId, String)]) -> Result<()> {
    let (store, claim) = (&task.fleet.store, &task.work.claim);
    if task.desired.is_there() && task.vm.place.is_some() {
        let state = match task.desired.is_on() {
            true => VirtualMachineState::Running,
            false => VirtualMachineState::Stopped,
        };
        store.vm_state_set(claim, task.vm.vm.id, state).await?;
    }
    let mut states = Vec::new();
    for item in &task.vm.deployments {
        let id = item.deployment.id;
        let is_own = id == task.own && !task.is_undo;
        let state = match item.deployment.desired_state {
            DesiredState::Running if task.desired.running.contains(&id) => DeploymentState::Running,
            DesiredState::Stopped if task.desired.alive.contains(&id) => DeploymentState::Stopped,
            DesiredState::Deleted if is_own => DeploymentState::Deleted,
            _ => continue,
        };
        if !unhealthy.iter().any(|(unhealthy, _)| *unhealthy == id) {
            states.push(notices::settling(task, id, state, None)?);
        }
    }
    store.deployment_settle(claim, states).await
}
