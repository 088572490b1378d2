//! Disks on the machine that it goes to. What a running guest has on its disks goes with it; what is
//! on no disk of a running guest is copied now, and compared.

use berth_hypervisor::{GuestFacts, GuestPower, MoveTarget, VolumeFacts, VolumeSource, VolumeSpec};
use berth_model::{Result, VolumeState};
use berth_operations::StepError;
use berth_store::DeploymentWork;

use super::settle::{self, Whereabouts};
use crate::{
    names,
    steps::{image, volumes},
    task::{Host, StepResult, Task, done, unsigned},
};

pub(super) async fn run(task: &Task<'_>) -> StepResult {
    let Some(to) = settle::destination(task)? else {
        return done("It has arrived");
    };
    if settle::whereabouts(task, &to).await? == Whereabouts::There {
        return done("It has arrived");
    }
    // A definition there, of a guest that is here, is what a cut-off move left.
    if task.guest(&to).await?.is_some() {
        task.destroy(to.machine.guest_undefine(task.vm.vm.id.0))
            .await?;
    }
    let from = task.host()?;
    let guest = task.guest(&from).await?;
    let running = guest.filter(|guest| guest.power == GuestPower::On);
    if running.is_some() {
        image::bring(task, &to).await?;
        system(task, &from, &to).await?;
    }
    let target = target(task, &to);
    let present = task.vm.deployments.iter();
    let present: Vec<_> = present
        .filter(|item| item.data.state == VolumeState::Present)
        .collect();
    for item in present {
        data(task, (&from, &to), item).await?;
        let name = names::data_volume(item.data.id);
        if !is_attached(running.as_ref(), &name) {
            task.work.progress.tell(50, "Copying data");
            from.machine.volume_copy(&from.pool, &name, &target).await?;
        }
    }
    done("The disks are ready")
}

pub(super) fn target(task: &Task<'_>, to: &Host) -> MoveTarget {
    MoveTarget {
        uri: to.uri.clone(),
        pool: to.pool.clone(),
        bandwidth_mib: task.fleet.config.move_bandwidth_mib,
    }
}

fn is_attached(running: Option<&GuestFacts>, volume: &str) -> bool {
    running.is_some_and(|guest| guest.volumes.iter().any(|name| name == volume))
}

async fn system(task: &Task<'_>, from: &Host, to: &Host) -> Result<()> {
    let vm = &task.vm.vm;
    let name = names::system_volume(vm.id, vm.system_revision);
    let here = from.machine.volume_get(&from.pool, &name).await?;
    let known = unsigned(task.vm.system.size_bytes);
    let spec = VolumeSpec {
        name,
        bytes: here.map_or(known, |here| here.bytes),
        source: VolumeSource::OverlayOn(names::image_volume(vm.image_id)),
    };
    volume(task, to, &spec).await
}

async fn data(
    task: &Task<'_>,
    (from, to): (&Host, &Host),
    item: &DeploymentWork,
) -> Result<(), StepError> {
    let name = names::data_volume(item.data.id);
    let here = from.machine.volume_get(&from.pool, &name).await?;
    let VolumeFacts { bytes, .. } = here.ok_or_else(|| volumes::data_lost(task, item, &name))?;
    let spec = VolumeSpec {
        name,
        bytes,
        source: VolumeSource::Empty,
    };
    Ok(volume(task, to, &spec).await?)
}

/// Always a new one: what an earlier try left counts for nothing before the arrival, and where a disk
/// has nothing, nothing is written over it.
async fn volume(task: &Task<'_>, to: &Host, spec: &VolumeSpec) -> Result<()> {
    let there = to.machine.volume_get(&to.pool, &spec.name).await?;
    if there.is_some() {
        task.destroy(to.machine.volume_delete(&to.pool, &spec.name))
            .await?;
    }
    to.machine.volume_create(&to.pool, spec).await
}
