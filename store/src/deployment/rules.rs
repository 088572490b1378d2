//! What may be done to a deployment in which state, as one pure function: from a deployment and a
//! change to what is desired afterwards, or to a refusal that says what to do.

use berth_model::{
    Deployment, DesiredState, Error, ErrorCode, OperationKind, PlanId, Result, Timestamp,
    policy::Action,
};
use chrono::TimeDelta;
use serde::Serialize;

/// How long the data of a deleted deployment is kept when nothing else is asked for, in days.
pub(super) const RETENTION_DAYS: i32 = 30;
/// The longest time that can be asked for, in days.
pub(super) const RETENTION_DAYS_MOST: i32 = 365;

/// A change that a caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Change {
    /// Stand still.
    Stop,
    /// Run again.
    Start,
    /// Off and on.
    Restart,
    /// Another plan.
    Resize(PlanId),
    /// Gone, with so many days of retention.
    Delete(i32),
    /// Back from a delete.
    Restore,
    /// Try again.
    Repair,
    /// A new system disk.
    Rebuild,
}

impl Change {
    /// The operation that makes it so.
    pub(super) const fn kind(self) -> OperationKind {
        match self {
            Self::Stop => OperationKind::DeploymentStop,
            Self::Start => OperationKind::DeploymentStart,
            Self::Restart => OperationKind::DeploymentRestart,
            Self::Resize(_) => OperationKind::DeploymentResize,
            Self::Delete(_) => OperationKind::DeploymentDelete,
            Self::Restore => OperationKind::DeploymentRestore,
            Self::Repair => OperationKind::DeploymentRepair,
            Self::Rebuild => OperationKind::DeploymentRebuild,
        }
    }

    /// What the policy calls it.
    pub(super) const fn action(self) -> Action {
        match self {
            Self::Resize(_) => Action::DeploymentOrder,
            Self::Delete(_) | Self::Restore => Action::DeploymentDelete,
            Self::Stop | Self::Start | Self::Restart | Self::Repair | Self::Rebuild => {
                Action::DeploymentOperate
            }
        }
    }

    /// The mutation's name.
    pub(super) const fn mutation(self) -> &'static str {
        match self {
            Self::Stop => "deploymentStop",
            Self::Start => "deploymentStart",
            Self::Restart => "deploymentRestart",
            Self::Resize(_) => "deploymentResize",
            Self::Delete(_) => "deploymentDelete",
            Self::Restore => "deploymentRestore",
            Self::Repair => "deploymentRepair",
            Self::Rebuild => "deploymentRebuild",
        }
    }
}

/// What is desired after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Desired {
    /// The state.
    pub state: DesiredState,
    /// Until when data is kept; for a deleted one.
    pub retain_until: Option<Timestamp>,
}

/// What is desired after the change, or `WRONG_STATE`.
pub(super) fn desired_after(
    deployment: &Deployment,
    change: Change,
    now: Timestamp,
) -> Result<Desired> {
    use DesiredState as D;
    let before = deployment.desired_state;
    let state = match (change, before) {
        (Change::Stop, D::Running) => D::Stopped,
        (Change::Start, D::Stopped) => D::Running,
        (Change::Restart | Change::Rebuild, D::Running) => D::Running,
        (Change::Resize(_), D::Running | D::Stopped) => before,
        (Change::Repair, D::Running | D::Stopped | D::Deleted) => before,
        (Change::Delete(_), D::Running | D::Stopped) => D::Deleted,
        (Change::Restore, D::Deleted) => {
            if deployment.retain_until.is_none_or(|until| until <= now) {
                return Err(refused(
                    "The retention time is over, and the data is being removed.",
                ));
            }
            D::Running
        }
        _ => return Err(refused(advice(change, before))),
    };
    let retain_until = match change {
        Change::Delete(days) => Some(now + TimeDelta::days(days.into())),
        _ if state == D::Deleted => deployment.retain_until,
        _ => None,
    };
    Ok(Desired {
        state,
        retain_until,
    })
}

fn advice(change: Change, before: DesiredState) -> &'static str {
    match (before, change) {
        (DesiredState::Purged, _) => "Nothing of the deployment is left. Order a new one.",
        (DesiredState::Deleted, Change::Delete(_)) => "The deployment is deleted already.",
        (DesiredState::Deleted, _) => "The deployment is deleted. Restore it first.",
        (_, Change::Restore) => "The deployment is not deleted. There is nothing to restore.",
        (DesiredState::Stopped, Change::Stop) => "The deployment is stopped already.",
        (DesiredState::Stopped, _) => "The deployment is stopped. Start it first.",
        (DesiredState::Running, Change::Start) => {
            "The deployment is meant to run already. If it doesn't, repair or restart it."
        }
        (DesiredState::Running, _) => "This can't be done with a running deployment.",
    }
}

fn refused(message: &'static str) -> Error {
    Error::new(ErrorCode::WrongState, message).at("deploymentId")
}
