//! Room on the machine that it goes to: checked once more, and claimed.

use berth_model::{Error, ErrorCode, Hindrance, MachineId};
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
        "Many orders came at once.",
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
    let chosen = match decided {
        Ok(chosen) => chosen,
        Err(MoveRefused::Stale) => return Err(StepError::Final(stale())),
        Err(MoveRefused::By(hindrance)) => {
            task.fleet
                .store
                .fleet_move_refused(claim, &hindrance)
                .await?;
            return Err(StepError::Final(no_room(&hindrance)));
        }
    };
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

fn no_room(hindrance: &Hindrance) -> Error {
    let error = match hindrance {
        Hindrance::Unreachable => Error::new(
            ErrorCode::MachineUnavailable,
            "The machine that it is on can't be reached or failed, so it can't be moved. It stays where it is.",
        ),
        _ => Error::new(
            ErrorCode::NoCapacity,
            "The machine that it was to move to doesn't take it now. It stays where it is.",
        ),
    };
    error.because(format!("{hindrance:?}"))
}

fn stale() -> Error {
    Error::new(
        ErrorCode::WrongState,
        "It isn't where the plan of moves saw it. It stays where it is.",
    )
}
