//! Where a virtual machine is that was being moved: asked of the machines, then written down.
//!
//! A guest goes on where it went only after it is gone from where it was, so one that is still there
//! has not arrived ([`berth_hypervisor::Hypervisor::guest_move`]). The machine that it goes to is
//! asked first: what is seen on the other is newer then. A machine that doesn't answer decides
//! nothing.

use berth_hypervisor::GuestPower;
use berth_model::{Error, ErrorCode, OperationKind, Result, VolumeState};
use berth_operations::StepEnd;
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

/// Before anything else is done with a virtual machine that was being moved: where it is becomes its
/// place, and what is elsewhere is removed. A machine that came or went and doesn't answer holds
/// nothing up where it is known to have no part in it; it is asked again later.
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
    let is_purged = task.kind() == OperationKind::DeploymentPurge;
    match clean(task).await {
        // Its data shall be gone everywhere before it is called purged.
        Err(error) if is_purged || error.code() != ErrorCode::MachineUnavailable => {
            return Err(error);
        }
        Err(error) => {
            let cause = error.cause_text();
            tracing::warn!(vm = %task.vm.vm.id, %error, cause, "a move's rest is left for later");
        }
        Ok(()) => {}
    }
    task.reload().await
}

/// It can't be asked where it was to go. If it runs here, it doesn't run there.
async fn runs_here(task: &Task<'_>, error: Error) -> Result<Whereabouts> {
    let host = task.host()?;
    let is_moving = host
        .machine
        .guest_move_progress(task.vm.vm.id.0)
        .await?
        .is_some();
    let guest = task.guest(&host).await?;
    let is_on = guest.is_some_and(|guest| guest.power == GuestPower::On);
    if is_on && !is_moving {
        Ok(Whereabouts::Here)
    } else {
        Err(error)
    }
}

/// The last step of a move. What can't be removed now is, when the machine answers again.
pub(super) async fn clean_step(task: &mut Task<'_>) -> StepResult {
    if destination(task)?.is_some() {
        return Err(undecided("it has not arrived").into());
    }
    match clean(task).await {
        Err(error)
            if error.code() == ErrorCode::MachineUnavailable
                && task.work.operation.attempts >= super::TRIES =>
        {
            let cause = error.cause_text();
            tracing::warn!(vm = %task.vm.vm.id, %error, cause, "a move's rest is left for later");
            done("It runs; what is left behind is removed later")
        }
        Err(error) => Err(error.into()),
        Ok(()) => Ok(StepEnd::Done("Nothing is left behind".to_owned())),
    }
}

/// Removes what is on the machine that it isn't on, and gives back what it holds there.
async fn clean(task: &Task<'_>) -> Result<()> {
    let Some(transit) = &task.vm.transit else {
        return Ok(());
    };
    let other = task.open(&transit.machine, &transit.pool)?;
    let vm = task.vm.vm.id;
    data_check(task).await?;
    guest_remove(task, &other).await?;
    volumes_remove(task, &other).await?;
    let store = &task.fleet.store;
    store.transit_end(&task.work.claim, vm).await
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
    let message = "It is being moved to another machine. This is tried again.";
    Error::new(ErrorCode::Unavailable, message).because(cause.to_owned())
}

fn refused(cause: String) -> Error {
    let message =
        "What a move left behind can't be removed safely. Nothing was changed. Tell support.";
    Error::new(ErrorCode::MachineRefused, message).because(cause)
}
