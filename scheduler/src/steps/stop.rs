//! Shut down: the guest, or in a guest that others live in, the deployment alone.

use super::{converge, power, start};
use crate::task::{StepResult, Task, done};
use berth_model::OperationKind;

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    let Some(host) = task.host_opt()? else {
        return done("Nothing is there");
    };
    let is_restart = task.kind() == OperationKind::DeploymentRestart;
    if task.desired.is_on() && !is_restart {
        if task.kind() == OperationKind::DeploymentStop {
            return converge::run(task).await;
        }
        return done("The others in the virtual machine go on");
    }
    if is_restart && !start::restart_is_due(task) {
        return done("It was restarted already");
    }
    let Some(guest) = task.guest(&host).await? else {
        return done("Nothing is there");
    };
    match power::off(task, &host, &guest).await? {
        Some(wait) => Ok(wait),
        None => done("It is off"),
    }
}
