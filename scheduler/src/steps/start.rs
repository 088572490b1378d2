//! Power on, or off where nothing shall run.

use berth_hypervisor::GuestPower;
use berth_model::{Error, ErrorCode, VirtualMachineState};

use super::power;
use crate::task::{StepResult, Task, done};

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    let host = task.host()?;
    let (store, claim, vm) = (&task.fleet.store, &task.work.claim, &task.vm.vm);
    let Some(guest) = task.guest(&host).await? else {
        // Somebody removed it between two steps: from the first one again.
        return Err(Error::new(
            ErrorCode::MachineRefused,
            "The virtual machine has vanished.",
        )
        .into());
    };
    let is_off = guest.power != GuestPower::On;
    let shall_go_off = !task.desired.is_on() || (restart_is_due(task) && !is_off);
    if shall_go_off && let Some(wait) = power::off(task, &host, &guest).await? {
        return Ok(wait);
    }
    if !task.desired.is_on() {
        store
            .vm_state_set(claim, vm.id, VirtualMachineState::Stopped)
            .await?;
        return done("It is off");
    }
    if !is_off && !restart_is_due(task) {
        if vm.started_at.is_none() {
            store.vm_started(claim, vm.id).await?;
        }
        return done("It is on already");
    }
    store.vm_started(claim, vm.id).await?;
    host.machine.guest_start(vm.id.0).await?;
    done("It is on")
}

/// Whether a restart was asked for after it was last powered on.
pub(super) fn restart_is_due(task: &Task<'_>) -> bool {
    let vm = &task.vm.vm;
    vm.started_at
        .zip(vm.restart_requested_at)
        .is_some_and(|(started, asked)| asked > started)
}
