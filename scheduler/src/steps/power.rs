//! Off: the power button first, the plug after the grace time.

use berth_hypervisor::{GuestFacts, GuestPower};
use berth_model::Result;
use berth_operations::StepEnd;
use chrono::TimeDelta;

use crate::task::{Host, Task};

/// `None` when the guest is off; else look again later.
pub(super) async fn off(
    task: &Task<'_>,
    host: &Host,
    guest: &GuestFacts,
) -> Result<Option<StepEnd>> {
    let (vm, operation) = (task.vm.vm.id, task.work.operation.id);
    let fleet = task.fleet;
    if guest.power != GuestPower::On {
        fleet.remember(vm, operation, |remembered| remembered.shutdown_at = None);
        return Ok(None);
    }
    let pressed = fleet.remember(vm, operation, |remembered| remembered.shutdown_at);
    let grace = TimeDelta::from_std(fleet.config.shutdown_grace).unwrap_or(TimeDelta::MAX);
    match pressed {
        // What never got healthy has nothing to put in order.
        None if !task.is_undo => {
            if let Err(error) = host.machine.guest_shutdown(vm.0).await {
                tracing::info!(%vm, %error, cause = error.cause_text(), "no power button");
            }
            let now = fleet.clock.now();
            fleet.remember(vm, operation, |remembered| {
                remembered.shutdown_at = Some(now)
            });
            Ok(Some(task.again(10, "It is shutting down")))
        }
        Some(at) if fleet.clock.now() - at < grace && !task.is_undo => {
            Ok(Some(task.again(50, "It is shutting down")))
        }
        _ => {
            task.destroy(host.machine.guest_power_off(vm.0)).await?;
            fleet.remember(vm, operation, |remembered| remembered.shutdown_at = None);
            Ok(None)
        }
    }
}
