//! Room for the virtual machine: decide on a snapshot, claim, and decide again if another was
//! quicker.

use berth_model::{
    DeploymentState, Error, ErrorCode, Explanation, OperationKind, PlacementRemedy, Result, Verdict,
};
use berth_operations::StepError;
use berth_placement::{Chosen, Decision, NetworkNeed, Request, Room};
use berth_store::{ClaimOutcome, Relied, ReservationRequest, Settling};

use super::{release, remove, stop};
use crate::{
    metrics::RESERVATIONS_LOST,
    task::{StepResult, Task, done},
};
use berth_operations::StepEnd;

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    if !task.desired.is_there() {
        return take_down(task).await;
    }
    for round in 0..task.fleet.config.claim_rounds {
        if round > 0 {
            task.reload().await?;
        }
        if covers(task) {
            provisioning(task).await?;
            return done("It has its place");
        }
        let store = &task.fleet.store;
        let (image, request) = (task.vm.image.id, request(task));
        let decision = task.fleet.decide(&task.work.claim, image, &request).await?;
        let Decision {
            chosen,
            explanation,
        } = decision;
        let Some(chosen) = chosen else {
            store
                .operation_explain(&task.work.claim, &explanation)
                .await?;
            return no_room(task, &explanation);
        };
        let outcome = store
            .reservation_claim(&task.work.claim, &reservation(task, chosen, explanation)?)
            .await?;
        match outcome {
            ClaimOutcome::Held => {
                provisioning(task).await?;
                return done("There is room for it");
            }
            ClaimOutcome::Lost(what) => {
                metrics::counter!(RESERVATIONS_LOST).increment(1);
                task.fleet.snapshot_forget(request.site_id, image).await;
                tracing::debug!(operation = %task.work.operation.id, what, "another was quicker");
            }
        }
    }
    Err(StepError::Retry(Error::new(
        ErrorCode::Unavailable,
        "Many orders came at once.",
    )))
}

/// All deployments of the virtual machine are deleted: a repair finishes what a delete left.
async fn take_down(task: &mut Task<'_>) -> StepResult {
    for part in 0..3 {
        let end = match part {
            0 => stop::run(task).await?,
            1 => remove::run(task).await?,
            _ => release::run(task).await?,
        };
        if let StepEnd::Again { .. } = end {
            return Ok(end);
        }
        task.reload().await?;
    }
    done("It is taken down")
}

/// Whether what it holds is enough.
pub(super) fn covers(task: &Task<'_>) -> bool {
    let desired = &task.desired;
    task.vm.reservation.as_ref().is_some_and(|held| {
        held.memory_bytes >= desired.memory_bytes
            && held.vcpus >= desired.vcpus
            && held.disk_bytes >= desired.disk_bytes
    })
}

/// What it shall hold. What shrinks is given back at the end, when the guest is that small.
fn room(task: &Task<'_>) -> Room {
    let desired = &task.desired;
    let held = task.vm.reservation.as_ref();
    let held = held.map(Room::from).unwrap_or_default();
    Room {
        memory_bytes: desired.memory_bytes.max(held.memory_bytes),
        vcpus: i64::from(desired.vcpus).max(held.vcpus),
        disk_bytes: desired.disk_bytes.max(held.disk_bytes),
    }
}

fn request(task: &Task<'_>) -> Request {
    let of = &task.vm;
    let mut networks: Vec<_> = of.addresses.iter().map(|one| one.network_id).collect();
    networks.sort_unstable();
    networks.dedup();
    Request {
        tenant_id: of.vm.tenant_id,
        site_id: of.vm.site_id,
        room: room(task),
        network: match networks.is_empty() {
            true => NetworkNeed::Any,
            false => NetworkNeed::Held(networks),
        },
        held: of.reservation.clone(),
    }
}

fn reservation(
    task: &Task<'_>,
    chosen: Chosen,
    explanation: Explanation,
) -> Result<ReservationRequest> {
    let room = room(task);
    let relied = |machines| Relied {
        machines,
        restarts: chosen.restarts,
        changes: chosen.changes,
    };
    Ok(ReservationRequest {
        virtual_machine_id: task.vm.vm.id,
        machine_id: chosen.machine_id,
        storage_pool_id: chosen.storage_pool_id,
        alternatives: match task.fleet.is_contended() {
            true => chosen.alternatives,
            false => Vec::new(),
        },
        network_id: chosen.network_id,
        memory_bytes: room.memory_bytes,
        vcpus: i32::try_from(room.vcpus).map_err(Error::internal)?,
        disk_bytes: room.disk_bytes,
        relied: chosen.relied.map(relied),
        explanation: Some(explanation),
    })
}

/// What is new, or was asked to change, is being made. A repair leaves the state as it was found
/// until it knows better, and what runs already is not news again.
async fn provisioning(task: &Task<'_>) -> Result<()> {
    let is_changed = matches!(
        task.kind(),
        OperationKind::DeploymentStart
            | OperationKind::DeploymentResize
            | OperationKind::DeploymentRebuild
    );
    if !is_changed && has_place(task)? {
        return Ok(());
    }
    let states = vec![Settling::quiet(task.own, DeploymentState::Provisioning)];
    task.fleet
        .store
        .deployment_settle(&task.work.claim, states)
        .await
}

/// Whether the deployment was in its virtual machine before this operation.
fn has_place(task: &Task<'_>) -> Result<bool> {
    let state = task.own()?.deployment.state;
    Ok(!matches!(
        state,
        DeploymentState::Ordered | DeploymentState::Refused | DeploymentState::Deleted
    ))
}

fn no_room(task: &Task<'_>, explanation: &Explanation) -> StepResult {
    let verdicts = || {
        explanation
            .candidates
            .iter()
            .map(|candidate| &candidate.verdict)
    };
    if task.vm.reservation.is_some() && verdicts().any(|found| *found == Verdict::Unreachable) {
        return Err(StepError::Retry(Error::new(
            ErrorCode::MachineUnavailable,
            "The machine that holds the data can't be reached now.",
        )));
    }
    tracing::info!(operation = %task.work.operation.id, why = explanation.text(), "no room");
    let holds = task
        .vm
        .reservation
        .as_ref()
        .is_some_and(|held| held.memory_bytes > 0);
    if has_place(task)? && holds && task.kind() != OperationKind::DeploymentResize {
        return done("There is no room to grow: it goes on in its former size");
    }
    let in_site = || verdicts().filter(|found| **found != Verdict::OtherSite);
    if in_site().count() > 0 && in_site().all(|found| *found == Verdict::NoNetwork) {
        let message = "There is no free address now. Try again later, or ask the provider.";
        return Err(StepError::Final(Error::new(ErrorCode::NoAddress, message)));
    }
    let message = match explanation.remedies()[..] {
        [PlacementRemedy::FewerOfTenant]
        | [PlacementRemedy::FewerOfTenant, PlacementRemedy::Later] => {
            "There are as many virtual machines of this tenant on each machine as there may be. Delete one \
             that isn't needed, or ask the provider to allow more."
        }
        _ => "There is no room for it now. Try again later, or choose a smaller plan.",
    };
    Err(StepError::Final(Error::new(ErrorCode::NoCapacity, message)))
}
