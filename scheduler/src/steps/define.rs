//! The guest's definition. It is changed while the guest is off, and only if it differs.

use berth_hypervisor::{Disk, GuestFacts, GuestNetwork, GuestPower, GuestSpec};
use berth_model::{Error, Result};

use super::{place, power, seed};
use crate::{
    names,
    task::{Host, StepResult, Task, done, unsigned},
};

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    let host = task.host()?;
    let waiting = seed::pending(task, &host).await?;
    let spec = spec(task, &host, waiting)?;
    let message = match task.guest(&host).await? {
        Some(guest) if is_as_wanted(&guest, &spec) => "It is set up already",
        Some(guest) if guest.power == GuestPower::On => {
            match power::off(task, &host, &guest).await? {
                Some(wait) => return Ok(wait),
                None => {
                    host.machine.guest_define(&spec).await?;
                    "It is set up anew"
                }
            }
        }
        Some(_) => {
            host.machine.guest_define(&spec).await?;
            "It is set up anew"
        }
        None => {
            host.machine.guest_define(&spec).await?;
            "It is set up"
        }
    };
    former_disks_remove(task, &host).await?;
    done(message)
}

fn is_as_wanted(guest: &GuestFacts, spec: &GuestSpec) -> bool {
    // A seed that it was healthy with may still be in the drive; `finish` takes it out.
    let has_seed = spec.seed_volume.is_none() || guest.seed_volume == spec.seed_volume;
    guest.memory_bytes == spec.memory_bytes
        && guest.vcpus == spec.vcpus
        && spec.volumes().eq(guest.volumes.iter().map(String::as_str))
        && has_seed
}

fn spec(task: &Task<'_>, host: &Host, seed_volume: Option<String>) -> Result<GuestSpec> {
    let vm = &task.vm.vm;
    let place = task.vm.place.as_ref().zip(task.vm.reservation.as_ref());
    let ((machine, _), held) = place.ok_or_else(|| Error::internal("placed on no machine"))?;
    let network = task
        .vm
        .network
        .as_ref()
        .ok_or_else(|| Error::internal("no addresses"))?;
    // Where there was no room to grow it stays as large as what it holds.
    let (memory, vcpus) = if place::covers(task) {
        (task.desired.memory_bytes, task.desired.vcpus)
    } else {
        (held.memory_bytes, held.vcpus)
    };
    let disk = |id: &berth_model::DeploymentId| -> Result<Disk> {
        let data = &task.deployment(*id)?.data;
        Ok(Disk {
            volume: names::data_volume(data.id),
            serial: names::data_serial(data.id),
        })
    };
    Ok(GuestSpec {
        id: vm.id.0,
        name: names::guest(vm.id),
        guest_type: machine.guest_type,
        memory_bytes: unsigned(memory),
        vcpus: u32::try_from(vcpus).map_err(Error::internal)?,
        pool: host.pool.clone(),
        system_volume: names::system_volume(vm.id, vm.system_revision),
        data: task.desired.alive.iter().map(disk).collect::<Result<_>>()?,
        seed_volume,
        network: GuestNetwork {
            name: network.name.clone(),
            mac: vm.mac.clone(),
        },
    })
}

/// System disks of earlier revisions, now that nothing uses them.
async fn former_disks_remove(task: &Task<'_>, host: &Host) -> Result<()> {
    let vm = &task.vm.vm;
    for revision in 1..vm.system_revision {
        let name = names::system_volume(vm.id, revision);
        if host.machine.volume_get(&host.pool, &name).await?.is_some() {
            task.destroy(host.machine.volume_delete(&host.pool, &name))
                .await?;
        }
    }
    Ok(())
}
