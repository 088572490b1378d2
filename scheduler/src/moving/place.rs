//! Room on the machine that it goes to: checked once more, and claimed.

use berth_model::{Error, ErrorCode, MachineId};
use berth_operations::StepError;
use berth_placement::MoveRefused;
use berth_store::{ClaimOutcome, Relied, TransitRequest};

use super::is_done;
use crate::{
    metrics::RESERVATIONS_LOST,
    task::{StepResult, Task, done},
};

pub(super) async fn run(task: &mut Task<'_>, to: MachineId) -> StepResult {
    if is_done(task, to) {
        return done("It is there already");
    }
    if let Some(transit) = &task.vm.transit {
        let goes_there = !transit.has_left && transit.machine.id == to;
        return match goes_there || task.vm.vm.machine_id == Some(to) {
            true => done("There is room for it"),
            false => Err(StepError::Final(stale())),
        };
    }
    for _ in 0..task.fleet.config.claim_rounds {
        match claim(task, to).await? {
            ClaimOutcome::Held => return done("There is room for it"),
            ClaimOutcome::Lost(what) => {
                metrics::counter!(RESERVATIONS_LOST).increment(1);
                tracing::debug!(operation = %task.work.operation.id, what, "another was quicker");
                task.reload().await?;
            }
        }
    }
    Err(StepError::Retry(Error::new(
        ErrorCode::Unavailable,
        "Many orders came at once; this one is tried again.",
    )))
}

async fn claim(task: &Task<'_>, to: MachineId) -> Result<ClaimOutcome, StepError> {
    let vm = &task.vm.vm;
    let (claim, from) = (&task.work.claim, vm.machine_id);
    let from = from.ok_or_else(|| StepError::Final(stale()))?;
    let decided = task
        .fleet
        .decide_move(claim, vm.site_id, (vm.id, to))
        .await?;
    let chosen = decided.map_err(|refused| StepError::Final(no_room(&refused)))?;
    let relied = |machines| Relied {
        machines,
        restarts: chosen.restarts,
        changes: chosen.changes,
    };
    let request = TransitRequest {
        virtual_machine_id: vm.id,
        from,
        to,
        storage_pool_id: chosen.storage_pool_id,
        relied: chosen.relied.map(relied),
    };
    Ok(task.fleet.store.transit_begin(claim, &request).await?)
}

fn no_room(refused: &MoveRefused) -> Error {
    match refused {
        MoveRefused::Stale => stale(),
        MoveRefused::By(hindrance) => Error::new(
            ErrorCode::NoCapacity,
            "The machine that it was to move to doesn't take it now. It stays where it is.",
        )
        .because(format!("{hindrance:?}")),
    }
}

fn stale() -> Error {
    Error::new(
        ErrorCode::WrongState,
        "It isn't where the plan of moves saw it. It stays where it is.",
    )
}
