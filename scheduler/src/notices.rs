//! What the people of a tenant are told of what becomes of a deployment. The store writes it with
//! the state, and only when that changes.

use berth_model::{
    DeploymentEvent, DeploymentId, DeploymentNotice, DeploymentState, Error, OperationKind, Result,
};
use berth_store::{DeploymentWork, Settling};

use crate::task::Task;

/// A state that was found, with what is to be told of it; `error` says why it is bad.
pub(crate) fn settling(
    task: &Task<'_>,
    id: DeploymentId,
    state: DeploymentState,
    error: Option<&Error>,
) -> Result<Settling> {
    let item = task.deployment(id)?;
    let event = event(task.kind(), item, state, error);
    Ok(Settling {
        notice: event.map(|event| notice(task, item, event)),
        ..Settling::quiet(id, state)
    })
}

/// Of a purge.
pub(crate) fn purged(task: &Task<'_>) -> Result<DeploymentNotice> {
    Ok(notice(task, task.own()?, DeploymentEvent::Purged))
}

fn event(
    kind: OperationKind,
    item: &DeploymentWork,
    state: DeploymentState,
    error: Option<&Error>,
) -> Option<DeploymentEvent> {
    use OperationKind as K;
    let reason = || error.map_or_else(String::new, |error| error.message().to_owned());
    match state {
        // That it was stopped and started is no news to who asked for it.
        DeploymentState::Running
            if matches!(
                kind,
                K::DeploymentCreate | K::DeploymentRestore | K::DeploymentRepair
            ) =>
        {
            let administrator_username = item.deployment.administrator_username.clone();
            Some(DeploymentEvent::Running {
                administrator_username,
            })
        }
        DeploymentState::Degraded => Some(DeploymentEvent::Degraded { reason: reason() }),
        DeploymentState::Refused => Some(DeploymentEvent::Refused { reason: reason() }),
        DeploymentState::Deleted => item
            .deployment
            .retain_until
            .map(|retain_until| DeploymentEvent::Deleted { retain_until }),
        _ => None,
    }
}

fn notice(task: &Task<'_>, item: &DeploymentWork, event: DeploymentEvent) -> DeploymentNotice {
    DeploymentNotice {
        operation_id: task.work.operation.id,
        deployment: item.deployment.name.clone(),
        domain_name: item.deployment.domain_name.clone(),
        application: item.application.name.clone(),
        event,
    }
}
