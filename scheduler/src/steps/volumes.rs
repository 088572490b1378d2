//! Disks. A system disk is made whenever it is missing; a data volume is made once, and from then
//! on its absence is a loss that nothing here papers over.

use berth_hypervisor::{VolumeFacts, VolumeSource, VolumeSpec};
use berth_model::{Error, ErrorCode, Result, VolumeState};
use berth_operations::{StepEnd, StepError};
use berth_store::DeploymentWork;

use super::{place, power};
use crate::{
    desired::data_bytes,
    metrics::DATA_VOLUMES_MISSING,
    names,
    task::{Host, StepResult, Task, done, unsigned},
};

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    let host = task.host()?;
    system(task, &host).await?;
    let ids = task.desired.alive.clone();
    for id in ids {
        let item = task.deployment(id)?.clone();
        if let Some(wait) = data(task, &host, &item).await? {
            return Ok(wait);
        }
    }
    done("The disks are ready")
}

async fn system(task: &Task<'_>, host: &Host) -> Result<()> {
    let vm = &task.vm.vm;
    let name = names::system_volume(vm.id, vm.system_revision);
    if host.machine.volume_get(&host.pool, &name).await?.is_none() {
        let bytes = unsigned(task.vm.system.size_bytes);
        let source = VolumeSource::OverlayOn(names::image_volume(vm.image_id));
        host.machine
            .volume_create(
                &host.pool,
                &VolumeSpec {
                    name,
                    bytes,
                    source,
                },
            )
            .await?;
    }
    present(task, &task.vm.system, None).await
}

async fn data(
    task: &Task<'_>,
    host: &Host,
    item: &DeploymentWork,
) -> Result<Option<StepEnd>, StepError> {
    let name = names::data_volume(item.data.id);
    let wanted = if place::covers(task) {
        data_bytes(item)
    } else {
        item.data.size_bytes
    };
    match host.machine.volume_get(&host.pool, &name).await? {
        None if item.data.state == VolumeState::Present => Err(data_lost(task, item, &name)),
        None => {
            let spec = VolumeSpec {
                name,
                bytes: unsigned(wanted),
                source: VolumeSource::Empty,
            };
            host.machine.volume_create(&host.pool, &spec).await?;
            present(task, &item.data, Some(wanted)).await?;
            Ok(None)
        }
        Some(facts) if facts.bytes < unsigned(wanted) => {
            grow(task, host, item, &facts, wanted).await
        }
        Some(facts) => {
            let bytes = i64::try_from(facts.bytes).map_err(Error::internal)?;
            present(task, &item.data, Some(bytes)).await?;
            Ok(None)
        }
    }
}

async fn grow(
    task: &Task<'_>,
    host: &Host,
    item: &DeploymentWork,
    facts: &VolumeFacts,
    wanted: i64,
) -> Result<Option<StepEnd>, StepError> {
    if let Some(guest) = task.guest(host).await?
        && guest.volumes.contains(&facts.name)
        && let Some(wait) = power::off(task, host, &guest).await?
    {
        return Ok(Some(wait));
    }
    host.machine
        .volume_grow(&host.pool, &facts.name, unsigned(wanted))
        .await?;
    present(task, &item.data, Some(wanted)).await?;
    Ok(None)
}

async fn present(task: &Task<'_>, volume: &berth_model::Volume, size: Option<i64>) -> Result<()> {
    let is_known =
        volume.state == VolumeState::Present && size.is_none_or(|size| size == volume.size_bytes);
    if is_known {
        return Ok(());
    }
    let store = &task.fleet.store;
    store
        .volume_state_set(&task.work.claim, volume.id, VolumeState::Present, size)
        .await
}

/// Never made anew: an empty disk in its place would be taken for a fresh start, and formatted.
pub(crate) fn data_lost(task: &Task<'_>, item: &DeploymentWork, name: &str) -> StepError {
    let machine = task
        .vm
        .place
        .as_ref()
        .map(|(machine, _)| machine.name.as_str());
    tracing::error!(
        deployment = %item.deployment.id, volume = %item.data.id, name, machine,
        "DATA VOLUME MISSING: it was there, and is not on its machine any more"
    );
    metrics::counter!(DATA_VOLUMES_MISSING).increment(1);
    StepError::Final(
        Error::new(
            ErrorCode::MachineRefused,
            "The data of this deployment can't be found on its machine. Nothing was changed. \
             Tell support.",
        )
        .because(format!("data volume missing: {name}")),
    )
}
