//! Disks on the machine that it goes to. What a running guest has on its disks goes with it; what is
//! on no disk of a running guest is copied, and compared.

use berth_hypervisor::{GuestFacts, GuestPower, MoveTarget, VolumeFacts, VolumeSource, VolumeSpec};
use berth_model::{Error, ErrorCode, Result, VolumeState};
use berth_operations::StepError;
use berth_store::DeploymentWork;

use super::settle::{self, Whereabouts};
use crate::{
    names,
    steps::{image, volumes},
    task::{Host, StepResult, Task, done, unsigned},
};

/// How large the volume is by which it is seen whether two machines share a pool, in bytes.
const PROBE_BYTES: u64 = 1 << 20;

pub(super) async fn run(task: &Task<'_>) -> StepResult {
    let Some(to) = settle::destination(task)? else {
        return done("It has arrived");
    };
    if settle::whereabouts(task, &to).await? == Whereabouts::There {
        return done("It has arrived");
    }
    let from = task.host()?;
    apart_check(task, &from, &to).await?;
    // A definition there, of a guest that is here, is what a cut-off move left.
    if task.guest(&to).await?.is_some() {
        task.destroy(to.machine.guest_undefine(task.vm.vm.id.0))
            .await?;
    }
    let guest = task.guest(&from).await?;
    let Some(guest) = guest.filter(|guest| guest.power == GuestPower::On) else {
        return done("It stands still; its data is copied next");
    };
    if guest.seed_volume.is_some() {
        return Err(StepError::Final(unready()));
    }
    image::bring(task, &to).await?;
    system(task, &from, &to).await?;
    for item in present(task) {
        data(task, (&from, &to), item).await?;
        if !is_attached(&guest, item) {
            copy(task, (&from, &to), item).await?;
        }
    }
    done("The disks are ready")
}

/// Copies all data of what stands still. A guest that runs by now is refused with its first disk.
pub(super) async fn copy_all(task: &Task<'_>, to: &Host) -> Result<(), StepError> {
    let from = task.host()?;
    for item in present(task) {
        data(task, (&from, to), item).await?;
        copy(task, (&from, to), item).await?;
    }
    Ok(())
}

pub(super) fn target(task: &Task<'_>, to: &Host) -> MoveTarget {
    MoveTarget {
        uri: to.uri.clone(),
        pool: to.pool.clone(),
        bandwidth_mib: task.fleet.config.move_bandwidth_mib,
    }
}

fn present<'a>(task: &'a Task<'_>) -> impl Iterator<Item = &'a DeploymentWork> {
    let all = task.vm.deployments.iter();
    all.filter(|item| item.data.state == VolumeState::Present)
}

fn is_attached(guest: &GuestFacts, item: &DeploymentWork) -> bool {
    guest.volumes.contains(&names::data_volume(item.data.id))
}

/// A copy into the folder that it comes from would be made over what it copies. So a volume is made
/// there, and must not be seen here.
async fn apart_check(task: &Task<'_>, from: &Host, to: &Host) -> Result<()> {
    let name = names::move_probe(task.vm.vm.id);
    let spec = VolumeSpec {
        name: name.clone(),
        bytes: PROBE_BYTES,
        source: VolumeSource::Empty,
    };
    to.machine.volume_create(&to.pool, &spec).await?;
    let here = from.machine.volume_list(&from.pool).await;
    task.destroy(to.machine.volume_delete(&to.pool, &name))
        .await?;
    match here?.iter().any(|volume| volume.name == name) {
        false => Ok(()),
        true => Err(Error::new(
            ErrorCode::MachineRefused,
            "The two machines share one storage pool. A pool has to be one machine's own.",
        )),
    }
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

/// It has a limit on silence of its own, so as long as it goes on it moves.
async fn copy(
    task: &Task<'_>,
    (from, to): (&Host, &Host),
    item: &DeploymentWork,
) -> Result<(), StepError> {
    let (name, target) = (names::data_volume(item.data.id), target(task, to));
    let copying = from.machine.volume_copy(&from.pool, &name, &target);
    tokio::pin!(copying);
    let mut period = tokio::time::interval(task.fleet.config.poll);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    task.work.progress.tell(10, "Copying data");
    loop {
        tokio::select! {
            copied = &mut copying => return Ok(copied?),
            _ = period.tick() => task.work.progress.alive(),
        }
    }
}

fn unready() -> Error {
    Error::new(
        ErrorCode::WrongState,
        "It runs and never got healthy, so it can't be moved while it runs. Stop or repair it first.",
    )
}
