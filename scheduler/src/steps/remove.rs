//! Removing: the guest with its system disk and seeds, and for a purge or an undo the data volume.

use berth_model::{DesiredState, Error, ErrorCode, Result, VolumeState};
use berth_operations::StepEnd;

use super::{converge, power};
use crate::{
    names,
    task::{Host, StepResult, Task, done},
};

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    let Some(host) = task.host_opt()? else {
        return done("Nothing is there");
    };
    if task.desired.is_there() {
        // Others live in it: it goes on without this one.
        let end = converge::run(task).await?;
        if let StepEnd::Again { .. } = end {
            return Ok(end);
        }
    } else if let Some(wait) = guest_remove(task, &host).await? {
        return Ok(wait);
    }
    let own = task.own()?;
    if task.is_undo || own.deployment.desired_state == DesiredState::Purged {
        data_remove(task, &host).await?;
        return done("The virtual machine's data is removed");
    }
    data_record(task, &host).await?;
    done("It is removed; its data is kept")
}

async fn guest_remove(task: &Task<'_>, host: &Host) -> Result<Option<StepEnd>> {
    let vm = task.vm.vm.id;
    if let Some(guest) = task.guest(host).await? {
        if let Some(wait) = power::off(task, host, &guest).await? {
            return Ok(Some(wait));
        }
        task.destroy(host.machine.guest_undefine(vm.0)).await?;
    }
    let prefixes = [names::system_prefix(vm), names::seed_prefix(vm)];
    for volume in host.machine.volume_list(&host.pool).await? {
        if prefixes
            .iter()
            .any(|prefix| volume.name.starts_with(prefix))
        {
            task.destroy(host.machine.volume_delete(&host.pool, &volume.name))
                .await?;
        }
    }
    let store = &task.fleet.store;
    store
        .volume_state_set(&task.work.claim, task.vm.system.id, VolumeState::Gone, None)
        .await?;
    Ok(None)
}

/// A worker may have died between making the volume and writing that it is there.
async fn data_record(task: &Task<'_>, host: &Host) -> Result<()> {
    let data = &task.own()?.data;
    if data.state != VolumeState::Planned {
        return Ok(());
    }
    let name = names::data_volume(data.id);
    if host.machine.volume_get(&host.pool, &name).await?.is_some() {
        let store = &task.fleet.store;
        store
            .volume_state_set(&task.work.claim, data.id, VolumeState::Present, None)
            .await?;
    }
    Ok(())
}

/// The one place where an operator's data goes. The guest must not have it any more.
async fn data_remove(task: &Task<'_>, host: &Host) -> Result<()> {
    let data = &task.own()?.data;
    let name = names::data_volume(data.id);
    if let Some(guest) = task.guest(host).await?
        && guest.volumes.contains(&name)
    {
        let message = "The data is still in use.";
        return Err(Error::new(ErrorCode::MachineRefused, message)
            .because(format!("{name} is attached to {}", guest.name)));
    }
    if host.machine.volume_get(&host.pool, &name).await?.is_some() {
        tracing::info!(volume = %data.id, deployment = %task.own, "a data volume is removed");
        task.destroy(host.machine.volume_delete(&host.pool, &name))
            .await?;
    }
    let store = &task.fleet.store;
    store
        .volume_state_set(&task.work.claim, data.id, VolumeState::Gone, None)
        .await
}
