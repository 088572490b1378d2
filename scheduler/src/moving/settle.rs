//! Where a virtual machine is that was being moved: asked of the machines, then written down.
//!
//! A guest goes on where it went only after it is gone from where it was, so one that is still there
//! has not arrived ([`berth_hypervisor::Hypervisor::guest_move`]). The machine that it goes to is
//! asked first: what is seen on the other is newer then. A machine that doesn't answer decides
//! nothing.

use berth_hypervisor::GuestPower;
use berth_model::{
    Error, ErrorCode, MachineState, OperationKind, Result, VirtualMachineState, VolumeState,
};
use berth_store::Arrived;

use super::prepare::target;
use crate::{
    names,
    task::{Host, StepResult, Task, done},
};

/// The machine that it goes to; none once it has arrived.
pub(super) fn destination(task: &Task<'_>) -> Result<Option<Host>> {
    let transit = task.vm.transit.as_ref();
    let going = transit.filter(|transit| !transit.has_left);
    let open = |transit: &berth_store::TransitWork| task.open(&transit.machine, &transit.pool);
    going.map(open).transpose()
}

/// Where it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// Where it was.
    Here,
    /// Where it goes.
    There,
}

/// Asks both machines. A move that was cut off at its end is brought to it.
pub(super) async fn whereabouts(task: &Task<'_>, to: &Host) -> Result<Whereabouts> {
    let there = match task.guest(to).await {
        Ok(there) => there.map(|guest| guest.power),
        Err(error) => return runs_here(task, error).await,
    };
    match there {
        Some(GuestPower::On) => return Ok(Whereabouts::There),
        // Nothing of it is there yet; what sets out now stands still when it comes.
        None if is_silent(task).await? => return Ok(Whereabouts::Here),
        _ => {}
    }
    let from = task.host()?;
    let here = task.guest(&from).await?.map(|guest| guest.power);
    if there == Some(GuestPower::Arriving) && is_off(here) {
        // It never went on there, and its disks here are no older.
        task.destroy(to.machine.guest_undefine(task.vm.vm.id.0))
            .await?;
        return Ok(Whereabouts::Here);
    }
    let stands_still = there == Some(GuestPower::Arriving) || here == Some(GuestPower::Leaving);
    if stands_still {
        let target = target(task, to);
        let moved = from.machine.guest_move(task.vm.vm.id.0, &target).await;
        return moved.map(|()| Whereabouts::There);
    }
    Ok(match (here, there) {
        (None, Some(_)) => Whereabouts::There,
        _ => Whereabouts::Here,
    })
}

/// Whether the machine that it was on doesn't answer. A move that is going on decides nothing yet.
async fn is_silent(task: &Task<'_>) -> Result<bool> {
    let from = task.host()?;
    match from.machine.guest_move_progress(task.vm.vm.id.0).await {
        Ok(Some(_)) => Err(undecided("a move of it is going on")),
        Ok(None) => Ok(false),
        Err(error) if error.code() == ErrorCode::MachineUnavailable => Ok(true),
        Err(error) => Err(error),
    }
}

const fn is_off(power: Option<GuestPower>) -> bool {
    matches!(power, Some(GuestPower::Off | GuestPower::Crashed))
}

/// It can't be asked where it was to go. A guest goes on there only when it is gone from here, so one
/// that is here and not about to leave is not there; nor is one that there was no guest of.
async fn runs_here(task: &Task<'_>, error: Error) -> Result<Whereabouts> {
    let (host, id) = (task.host()?, task.vm.vm.id.0);
    if host.machine.guest_move_progress(id).await?.is_some() {
        return Err(error);
    }
    let power = task.guest(&host).await?.map(|guest| guest.power);
    let had_none = matches!(
        task.vm.vm.state,
        VirtualMachineState::Reserved | VirtualMachineState::Gone
    );
    let is_here = power == Some(GuestPower::On) || is_off(power) || (power.is_none() && had_none);
    match is_here {
        true => Ok(Whereabouts::Here),
        false => Err(error),
    }
}

/// Before anything else is done with a virtual machine that was being moved: where it is becomes its
/// place, and what is elsewhere is removed. What can't be removed now is later, and holds nothing up
/// meanwhile; it is tried once in an operation.
pub(crate) async fn before(task: &mut Task<'_>) -> Result<()> {
    if let Some(to) = destination(task)? {
        let is_at = whereabouts(task, &to).await?;
        let (store, claim, vm) = (&task.fleet.store, &task.work.claim, task.vm.vm.id);
        match is_at {
            Whereabouts::There => store.transit_arrive(claim, vm, Arrived::Guest).await?,
            Whereabouts::Here => store.transit_stay(claim, vm).await?,
        }
        task.reload().await?;
    }
    let is_purge = task.kind() == OperationKind::DeploymentPurge;
    let (vm, operation) = (task.vm.vm.id, task.work.operation.id);
    let was_tried = task.fleet.remember(vm, operation, |remembered| {
        std::mem::replace(&mut remembered.rest_was_tried, true)
    });
    if was_tried && !is_purge {
        return Ok(());
    }
    clean(task, is_purge).await?;
    task.reload().await
}

/// The last step of a move.
pub(super) async fn clean_step(task: &mut Task<'_>) -> StepResult {
    if destination(task)?.is_some() {
        return Err(undecided("it has not arrived").into());
    }
    let is_last = task.work.operation.attempts >= super::TRIES;
    match clean(task, !is_last).await? {
        true => done("Nothing is left behind"),
        false => done("It is there; what is left behind is removed later"),
    }
}

/// Removes what is on the machine that it isn't on, and gives back what it holds there; false if that
/// has to be done later, where it needn't be now. Whether it may be removed is never left for later.
async fn clean(task: &Task<'_>, must: bool) -> Result<bool> {
    let Some(transit) = &task.vm.transit else {
        return Ok(true);
    };
    let other = task.open(&transit.machine, &transit.pool)?;
    data_check(task).await?;
    if transit.machine.state == MachineState::Failed {
        let machine = transit.machine.name.as_str();
        tracing::warn!(vm = %task.vm.vm.id, machine, "what a move left on a failed machine is given up");
    } else if let Err(error) = remove(task, &other).await {
        if must || error.code() == ErrorCode::ClaimLost || is_running(task, &other).await {
            return Err(error);
        }
        let cause = error.cause_text();
        tracing::warn!(vm = %task.vm.vm.id, %error, cause, "a move's rest is left for later");
        return Ok(false);
    }
    let store = &task.fleet.store;
    store
        .transit_end(&task.work.claim, task.vm.vm.id)
        .await
        .map(|()| true)
}

async fn remove(task: &Task<'_>, other: &Host) -> Result<()> {
    guest_remove(task, other).await?;
    volumes_remove(task, other).await
}

/// Whether a guest of it is known to run on the machine that it isn't on.
async fn is_running(task: &Task<'_>, other: &Host) -> bool {
    let guest = other.machine.guest_get(task.vm.vm.id.0).await;
    matches!(guest, Ok(Some(guest)) if guest.power == GuestPower::On)
}

/// All of its data is where it is now. Nothing is removed before that was seen.
async fn data_check(task: &Task<'_>) -> Result<()> {
    let here = task.host()?;
    for item in &task.vm.deployments {
        if item.data.state != VolumeState::Present {
            continue;
        }
        let name = names::data_volume(item.data.id);
        if here.machine.volume_get(&here.pool, &name).await?.is_none() {
            tracing::error!(
                volume = %item.data.id, name,
                "DATA VOLUME MISSING where it was moved to: what is left behind is kept"
            );
            return Err(refused(format!("{name} is not where it was moved to")));
        }
    }
    Ok(())
}

/// The guest that a move left behind. It stood still when the move was written down.
async fn guest_remove(task: &Task<'_>, other: &Host) -> Result<()> {
    let vm = task.vm.vm.id;
    let Some(left) = task.guest(other).await? else {
        return Ok(());
    };
    let here = task.host()?;
    let is_here = task.guest(&here).await?.is_some();
    if left.power == GuestPower::On && !is_here {
        tracing::error!(%vm, "A GUEST RUNS on the machine that it was moved from");
        return Err(refused(format!("{vm} runs where it was moved from")));
    }
    task.destroy(other.machine.guest_undefine(vm.0)).await
}

async fn volumes_remove(task: &Task<'_>, other: &Host) -> Result<()> {
    let vm = task.vm.vm.id;
    let disks = [names::system_prefix(vm), names::seed_prefix(vm)];
    let data: Vec<String> = task
        .vm
        .deployments
        .iter()
        .map(|item| names::data_volume(item.data.id))
        .collect();
    for volume in other.machine.volume_list(&other.pool).await? {
        let name = &volume.name;
        let is_its = disks.iter().any(|prefix| name.starts_with(prefix)) || data.contains(name);
        if is_its {
            task.destroy(other.machine.volume_delete(&other.pool, name))
                .await?;
        }
    }
    Ok(())
}

fn undecided(cause: &str) -> Error {
    let message = "It is being moved to another machine.";
    Error::new(ErrorCode::Unavailable, message).because(cause.to_owned())
}

fn refused(cause: String) -> Error {
    let message =
        "What a move left behind can't be removed safely. Nothing was changed. Tell support.";
    Error::new(ErrorCode::MachineRefused, message).because(cause)
}
