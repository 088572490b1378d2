//! The executor of moves: a virtual machine goes to another machine, while it runs if it runs.
//!
//! In between it holds room on both machines, and its guest runs on one of them. Which one, the
//! machines tell: nothing is started, and nothing removed, before they were asked
//! ([`settle`]). Its data is removed where it came from only after it was found where it went.

mod carry;
mod place;
mod prepare;
pub(crate) mod settle;

use std::sync::Arc;

use async_trait::async_trait;
use berth_model::{Error, MachineId, OperationKind, Result};
use berth_operations::{Executor, Step, StepEnd, StepError, Work};

use crate::{Fleet, task::Task};

/// Moves virtual machines.
#[derive(Debug)]
pub struct MoveExecutor {
    fleet: Arc<Fleet>,
}

impl MoveExecutor {
    /// For this fleet.
    #[must_use]
    pub fn new(fleet: Arc<Fleet>) -> Self {
        Self { fleet }
    }
}

#[async_trait]
impl Executor for MoveExecutor {
    fn kinds(&self) -> &'static [OperationKind] {
        &[OperationKind::DeploymentMove]
    }

    fn steps(&self, _kind: OperationKind) -> &'static [Step] {
        &[
            Step {
                name: "place",
                title: "Find room",
            },
            Step {
                name: "prepare",
                title: "Prepare the disks",
            },
            Step {
                name: "move",
                title: "Move the virtual machine",
            },
            Step {
                name: "clean",
                title: "Remove what is left behind",
            },
        ]
    }

    fn undo_steps(&self, _kind: OperationKind) -> &'static [Step] {
        &[]
    }

    async fn run(&self, work: &Work, step: &Step) -> Result<StepEnd, StepError> {
        let to = self.fleet.store.fleet_move_of(&work.claim).await?;
        let mut task = Task::load(&self.fleet, work, false).await?;
        let to = to.to_machine_id;
        let ended = match step.name {
            "place" => place::run(&mut task, to).await,
            "prepare" => prepare::run(&task).await,
            "move" => carry::run(&mut task).await,
            _ => settle::clean_step(&mut task).await,
        };
        ended.map_err(|error| soon_final(error, work))
    }

    /// It runs where it did. What the move left elsewhere is removed now, or by the next operation of
    /// the virtual machine.
    async fn gave_up(&self, work: &Work, _error: &Error) -> Result<()> {
        let mut task = Task::load(&self.fleet, work, false).await?;
        if task.vm.transit.is_some()
            && let Err(error) = settle::before(&mut task).await
        {
            let cause = error.cause_text();
            tracing::warn!(vm = %task.vm.vm.id, %error, cause, "a move is left unfinished");
        }
        Ok(())
    }
}

/// How often a move is tried: a machine that refused it will refuse it, and the provider waits for
/// the rest of the plan.
const TRIES: i32 = 3;

fn soon_final(error: StepError, work: &Work) -> StepError {
    match error {
        StepError::Retry(error) if work.operation.attempts >= TRIES => StepError::Final(error),
        other => other,
    }
}

/// Whether the virtual machine is where the move wants it, with nothing left elsewhere.
fn is_done(task: &Task<'_>, to: MachineId) -> bool {
    task.vm.transit.is_none() && task.vm.vm.machine_id == Some(to)
}
