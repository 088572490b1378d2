//! The steps, by their names. A step that finds a part of another's work missing does that too: the
//! functions here call each other, and each looks before it does.

mod converge;
mod define;
mod finish;
pub(crate) mod image;
mod place;
mod power;
mod probe;
mod release;
mod remove;
mod seed;
mod start;
mod stop;
pub(crate) mod volumes;

use berth_model::{Error, OperationKind};
use berth_operations::StepError;

use crate::{
    moving::settle,
    task::{StepResult, Task, done},
};

pub(crate) async fn run(task: &mut Task<'_>, name: &str) -> StepResult {
    if task.vm.transit.is_some() {
        settle::before(task).await?;
    }
    if task.is_undo && task.own()?.deployment.healthy_at.is_some() {
        // What was healthy once is its operator's, and goes only by a delete.
        return done("It ran already: nothing is undone");
    }
    let is_restart = task.kind() == OperationKind::DeploymentRestart;
    match name {
        "place" => place::run(task).await,
        "stop" => stop::run(task).await,
        "remove" => remove::run(task).await,
        "release" => release::run(task).await,
        "undone" => finish::undone(task).await,
        "finish" => finish::run(task).await,
        _ if !task.desired.is_there() => done("Nothing to do"),
        "image" => image::run(task).await,
        "volumes" => volumes::run(task).await,
        "seed" => seed::run(task).await,
        "define" => define::run(task).await,
        "start" if is_restart => converge::run(task).await,
        "start" => start::run(task).await,
        "probe" => probe::run(task).await,
        other => Err(StepError::Final(Error::internal(format!(
            "there is no step {other}"
        )))),
    }
}
