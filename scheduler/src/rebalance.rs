//! The executor of rebalances: begins the moves of a plan, one wave after another.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use berth_model::{Error, ErrorCode, OperationKind, Result, message};
use berth_operations::{Executor, Step, StepEnd, StepError, Work};

use crate::Fleet;

/// Carries plans out.
#[derive(Debug)]
pub struct RebalanceExecutor {
    fleet: Arc<Fleet>,
}

impl RebalanceExecutor {
    /// For this fleet.
    #[must_use]
    pub fn new(fleet: Arc<Fleet>) -> Self {
        Self { fleet }
    }
}

#[async_trait]
impl Executor for RebalanceExecutor {
    fn kinds(&self) -> &'static [OperationKind] {
        &[OperationKind::FleetRebalance]
    }

    fn steps(&self, _kind: OperationKind) -> &'static [Step] {
        &[Step {
            name: "moves",
            title: "Move virtual machines",
        }]
    }

    fn undo_steps(&self, _kind: OperationKind) -> &'static [Step] {
        &[
            Step {
                name: "leave_out",
                title: "Leave out what has not begun",
            },
            Step {
                name: "wait",
                title: "Wait for the moves that run",
            },
        ]
    }

    async fn run(&self, work: &Work, step: &Step) -> Result<StepEnd, StepError> {
        let (store, claim) = (&self.fleet.store, &work.claim);
        if step.name == "leave_out" {
            store.fleet_moves_cancel(claim).await?;
            return Ok(StepEnd::Done("Nothing more begins".to_owned()));
        }
        let at_once = self.fleet.config.moves_at_once;
        let at = store.fleet_moves_begin(claim, at_once).await?;
        let message = format!("{} of {} moved", at.done, at.moves);
        if at.ended == at.moves {
            return match at.failed {
                0 => Ok(StepEnd::Done(message)),
                failed => Err(StepError::Final(moves_failed(failed, at.moves))),
            };
        }
        // What was left out makes room for the next wave at once.
        let after = match at.running {
            0 => Duration::ZERO,
            _ => self.fleet.config.rebalance_look,
        };
        Ok(StepEnd::Later {
            after,
            percent: u8::try_from(at.ended * 100 / at.moves.max(1)).unwrap_or(99),
            message,
        })
    }

    async fn gave_up(&self, work: &Work, _error: &Error) -> Result<()> {
        self.fleet.store.fleet_moves_cancel(&work.claim).await
    }
}

/// Whoever waits for a machine to be empty must not be told that it is.
fn moves_failed(failed: usize, moves: usize) -> Error {
    let message = message!(
        "{failed} of {moves} moves failed; the rest has ended. Each that failed says why: mend that, and ask \
         for a new plan.",
        failed,
        moves
    );
    Error::new(ErrorCode::MovesFailed, message)
}
