//! What a deployment is when its operation failed for good.

use berth_model::{DeploymentState, DesiredState, Error, ErrorCode, OperationKind, Result};
use berth_operations::Work;

use crate::{Fleet, notices, task::Task};

pub(crate) async fn deployment(fleet: &Fleet, work: &Work, error: &Error) -> Result<()> {
    let task = Task::load(fleet, work, false).await?;
    let own = &task.own()?.deployment;
    let Some(state) = state_after(
        work.operation.kind,
        own.desired_state,
        own.state,
        error.code(),
    ) else {
        return Ok(());
    };
    let settling = notices::settling(&task, task.own, state, Some(error))?;
    fleet
        .store
        .deployment_settle(&work.claim, vec![settling])
        .await
}

/// `None` where it stays as it is.
fn state_after(
    kind: OperationKind,
    desired: DesiredState,
    found: DeploymentState,
    code: ErrorCode,
) -> Option<DeploymentState> {
    use DeploymentState as S;
    let had_no_place = matches!(found, S::Ordered | S::Refused | S::Deleted);
    match code {
        // A change that needed more room: what there was goes on as it was.
        ErrorCode::NoCapacity | ErrorCode::NoAddress => had_no_place.then_some(S::Refused),
        // Its purge is asked for again later; it can't be used either way.
        _ if kind == OperationKind::DeploymentPurge || desired == DesiredState::Purged => None,
        _ => Some(S::Degraded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_room_refuses_what_had_none_and_leaves_what_runs() {
        use DeploymentState as S;
        let after = |kind, found, code| state_after(kind, DesiredState::Running, found, code);
        let (create, resize) = (
            OperationKind::DeploymentCreate,
            OperationKind::DeploymentResize,
        );
        assert_eq!(
            after(create, S::Ordered, ErrorCode::NoCapacity),
            Some(S::Refused)
        );
        assert_eq!(after(resize, S::Running, ErrorCode::NoCapacity), None);
        assert_eq!(
            after(create, S::Provisioning, ErrorCode::Unhealthy),
            Some(S::Degraded)
        );
    }

    #[test]
    fn a_purge_that_fails_stays_to_be_done() {
        let purge = OperationKind::DeploymentPurge;
        let found = DeploymentState::Deleted;
        let code = ErrorCode::MachineUnavailable;
        assert_eq!(state_after(purge, DesiredState::Purged, found, code), None);
    }
}
