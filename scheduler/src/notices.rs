//! Notices of what became of a deployment. They are sent after the state is written and only when
//! it changed; that one can't be sent is logged and counted, and fails nothing.

use berth_model::{
    DeploymentEvent, DeploymentNotice, DeploymentState, Error, OperationKind, Result,
};
use berth_store::{DeploymentWork, Settled};

use crate::{metrics::NOTICES_FAILED, task::Task};

/// Of states that were written; `error` says why they are bad.
pub(crate) async fn settled(task: &Task<'_>, settled: &[Settled], error: Option<&Error>) {
    for change in settled {
        let Ok(item) = task.deployment(change.deployment_id) else {
            continue;
        };
        if let Some(body) = body(task.kind(), item, change, error) {
            send(task, item, body).await;
        }
    }
}

/// Of a purge.
pub(crate) async fn purged(task: &Task<'_>) {
    if let Ok(item) = task.own() {
        send(task, item, DeploymentEvent::Purged).await;
    }
}

fn body(
    kind: OperationKind,
    item: &DeploymentWork,
    change: &Settled,
    error: Option<&Error>,
) -> Option<DeploymentEvent> {
    use OperationKind as K;
    let reason = || error.map_or_else(String::new, |error| error.message().to_owned());
    match change.after {
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

async fn send(task: &Task<'_>, item: &DeploymentWork, body: DeploymentEvent) {
    let kind = body.kind();
    if let Err(error) = try_send(task, item, body).await {
        metrics::counter!(NOTICES_FAILED).increment(1);
        tracing::warn!(
            deployment = %item.deployment.id, notice = %kind, %error, cause = error.cause_text(),
            "a notice was not sent"
        );
    }
}

async fn try_send(task: &Task<'_>, item: &DeploymentWork, body: DeploymentEvent) -> Result<()> {
    let recipients = task
        .fleet
        .store
        .notice_recipients(item.deployment.tenant_id)
        .await?;
    let notice = DeploymentNotice {
        operation_id: task.work.operation.id,
        deployment: item.deployment.name.clone(),
        domain_name: item.deployment.domain_name.clone(),
        application: item.application.name.clone(),
        event: body,
    };
    task.fleet.notices.send(&notice, &recipients).await
}
