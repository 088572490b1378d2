//! Room for the virtual machine: decide on a snapshot, claim, and decide again if another was
//! quicker.

use berth_model::{
    DeploymentState, Error, ErrorCode, Explanation, OperationKind, Reservation, Result, Verdict,
};
use berth_operations::StepError;
use berth_placement::{
    Chosen, FleetSnapshot, MachineSnapshot, NetworkNeed, NetworkSnapshot, PoolSnapshot, Request,
    place,
};
use berth_store::{ClaimOutcome, FleetFacts, FleetMachine, ReservationRequest, Settling};

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
        let facts = store
            .fleet_snapshot(&task.work.claim, task.vm.image.id)
            .await?;
        let decision = place(&request(task), &snapshot(&facts));
        store
            .operation_explain(&task.work.claim, &decision.explanation)
            .await?;
        let Some(chosen) = decision.chosen else {
            return no_room(task, &decision.explanation);
        };
        let outcome = store
            .reservation_claim(&task.work.claim, &reservation(task, chosen))
            .await?;
        match outcome {
            ClaimOutcome::Held => {
                provisioning(task).await?;
                return done("There is room for it");
            }
            ClaimOutcome::Lost(what) => {
                metrics::counter!(RESERVATIONS_LOST).increment(1);
                tracing::debug!(operation = %task.work.operation.id, what, "another was quicker");
            }
        }
    }
    Err(StepError::Retry(Error::new(
        ErrorCode::Unavailable,
        "Many orders came at once; this one is tried again.",
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

fn held(task: &Task<'_>) -> (i64, i32, i64) {
    let amounts = |held: &Reservation| (held.memory_bytes, held.vcpus, held.disk_bytes);
    task.vm.reservation.as_ref().map_or((0, 0, 0), amounts)
}

fn request(task: &Task<'_>) -> Request {
    let (memory, vcpus, disk) = held(task);
    let has_addresses = !task.vm.addresses.is_empty();
    Request {
        site_id: task.vm.vm.site_id,
        memory_bytes: task.desired.memory_bytes - memory,
        vcpus: i64::from(task.desired.vcpus - vcpus),
        disk_bytes: task.desired.disk_bytes - disk,
        network: if has_addresses {
            NetworkNeed::Held
        } else {
            NetworkNeed::Any
        },
        pinned: task
            .vm
            .reservation
            .as_ref()
            .map(|held| (held.machine_id, held.storage_pool_id)),
    }
}

/// What shrinks is given back at the end, when the guest is that small.
fn reservation(task: &Task<'_>, chosen: Chosen) -> ReservationRequest {
    let (memory, vcpus, disk) = held(task);
    ReservationRequest {
        virtual_machine_id: task.vm.vm.id,
        machine_id: chosen.machine_id,
        storage_pool_id: chosen.storage_pool_id,
        network_id: chosen.network_id,
        memory_bytes: task.desired.memory_bytes.max(memory),
        vcpus: task.desired.vcpus.max(vcpus),
        disk_bytes: task.desired.disk_bytes.max(disk),
    }
}

fn snapshot(facts: &FleetFacts) -> FleetSnapshot {
    FleetSnapshot {
        machines: facts.machines.iter().map(machine_snapshot).collect(),
    }
}

fn machine_snapshot(of: &FleetMachine) -> MachineSnapshot {
    let pool = |pool: &berth_model::StoragePool| PoolSnapshot {
        id: pool.id,
        limit_bytes: pool.capacity_bytes - pool.foreign_bytes,
        used_bytes: pool.used_bytes,
    };
    let network = |network: &berth_store::FleetNetwork| NetworkSnapshot {
        id: network.id,
        has_free: network.has_free,
    };
    MachineSnapshot {
        id: of.machine.id,
        name: of.machine.name.clone(),
        site_id: of.site_id,
        state: of.machine.state,
        is_reachable: of.machine.unreachable_since.is_none(),
        memory_limit_bytes: of.machine.memory_limit_bytes(),
        memory_used_bytes: of.machine.memory_used_bytes,
        vcpu_limit: i64::from(of.machine.vcpu_limit()),
        vcpus_used: i64::from(of.machine.vcpus_used),
        pools: of.pools.iter().map(pool).collect(),
        networks: of.networks.iter().map(network).collect(),
        has_image: of.has_image,
    }
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
    let message = "There is no room for it now. Try again later, or choose a smaller plan.";
    Err(StepError::Final(Error::new(ErrorCode::NoCapacity, message)))
}
