//! The move itself.

use berth_hypervisor::GuestPower;
use berth_model::{Error, ErrorCode, Result};
use berth_operations::StepError;
use berth_store::Arrived;

use super::{
    prepare::{self, target},
    settle::{self, Whereabouts},
};
use crate::task::{Host, StepResult, Task, done};

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    let Some(to) = settle::destination(task)? else {
        return done("It has arrived");
    };
    let arrived = match settle::whereabouts(task, &to).await? {
        Whereabouts::There => Arrived::Guest,
        Whereabouts::Here => carry(task, &to).await?,
    };
    let (store, claim) = (&task.fleet.store, &task.work.claim);
    store.transit_arrive(claim, task.vm.vm.id, arrived).await?;
    done(match arrived {
        Arrived::Guest => "It runs there",
        Arrived::Data => "Its data is there",
    })
}

async fn carry(task: &Task<'_>, to: &Host) -> Result<Arrived, StepError> {
    let from = task.host()?;
    let guest = task.guest(&from).await?;
    if guest.is_none_or(|guest| guest.power != GuestPower::On) {
        // Here, where it is seen to stand still: its disks there are empty until now.
        prepare::copy_all(task, to).await?;
        return match task.guest(&from).await? {
            Some(guest) if guest.power == GuestPower::On => Err(started().into()),
            _ => Ok(Arrived::Data),
        };
    }
    // The answer may be lost, and the guest there.
    if let Err(error) = live(task, &from, to).await
        && settle::whereabouts(task, to).await? == Whereabouts::Here
    {
        return Err(error.into());
    }
    Ok(Arrived::Guest)
}

fn started() -> Error {
    let message = "It was started while its data was copied.";
    Error::new(ErrorCode::Unavailable, message)
}

/// Moves it, and tells how far it is.
async fn live(task: &Task<'_>, from: &Host, to: &Host) -> Result<()> {
    let id = task.vm.vm.id.0;
    let target = target(task, to);
    let moving = from.machine.guest_move(id, &target);
    tokio::pin!(moving);
    let mut done_bytes = 0;
    let mut period = tokio::time::interval(task.fleet.config.poll);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            moved = &mut moving => return moved,
            _ = period.tick() => tell(task, from, &mut done_bytes).await,
        }
    }
}

async fn tell(task: &Task<'_>, from: &Host, done_bytes: &mut u64) {
    let progress = from.machine.guest_move_progress(task.vm.vm.id.0).await;
    let Ok(Some(progress)) = progress else {
        return;
    };
    if std::mem::replace(done_bytes, progress.done_bytes) != progress.done_bytes {
        task.work.progress.alive();
    }
    let percent = progress.done_bytes.saturating_mul(100) / progress.total_bytes.max(1);
    let percent = u8::try_from(percent.min(99)).unwrap_or(99);
    task.work.progress.tell(percent, "It is moving, and runs");
}
