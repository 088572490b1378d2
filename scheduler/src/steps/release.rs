//! Giving room back: down to what is still wanted, to the kept data, or all of it.

use berth_model::Result;
use berth_store::{ReleaseMode, ReservationRequest};
use chrono::TimeDelta;

use crate::task::{StepResult, Task, done};

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    let (store, claim, vm) = (&task.fleet.store, &task.work.claim, task.vm.vm.id);
    if task.vm.reservation.is_none() && task.vm.place.is_none() {
        return done("It holds nothing");
    }
    if task.desired.is_there() {
        shrink(task).await?;
        return done("The room that it needs no more is free");
    }
    let mode = match task.desired.disk_bytes {
        0 => {
            let quarantine = TimeDelta::from_std(task.fleet.config.quarantine);
            ReleaseMode::All {
                quarantine: quarantine.unwrap_or(TimeDelta::MAX),
            }
        }
        disk_bytes => ReleaseMode::KeepData { disk_bytes },
    };
    store.reservation_release(claim, vm, mode).await?;
    task.fleet.forget(vm);
    match mode {
        ReleaseMode::KeepData { .. } => done("CPU and memory are free; the data keeps its room"),
        ReleaseMode::All { .. } => done("All of its room is free"),
    }
}

/// Down to exactly what is desired, where it holds more.
pub(super) async fn shrink(task: &Task<'_>) -> Result<()> {
    let Some(held) = &task.vm.reservation else {
        return Ok(());
    };
    let desired = &task.desired;
    let request = ReservationRequest {
        virtual_machine_id: task.vm.vm.id,
        machine_id: held.machine_id,
        storage_pool_id: held.storage_pool_id,
        alternatives: Vec::new(),
        network_id: None,
        memory_bytes: held.memory_bytes.min(desired.memory_bytes),
        vcpus: held.vcpus.min(desired.vcpus),
        disk_bytes: held.disk_bytes.min(desired.disk_bytes),
        relied: None,
        explanation: None,
    };
    let is_less = (request.memory_bytes, request.vcpus, request.disk_bytes)
        != (held.memory_bytes, held.vcpus, held.disk_bytes);
    if is_less {
        task.fleet
            .store
            .reservation_claim(&task.work.claim, &request)
            .await?;
    }
    Ok(())
}
