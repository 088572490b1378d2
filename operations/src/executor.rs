//! What a room implements to have its work done.

use std::time::Duration;

use async_trait::async_trait;
use berth_model::{Error, Operation, OperationKind, Result};
use berth_store::Claim;

use crate::Progress;

/// A step of a kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Stable, lower case, unique in its kind.
    pub name: &'static str,
    /// For people: what it does, such as `Choose a machine`.
    pub title: &'static str,
}

/// An operation in a worker's hands.
#[derive(Clone, Debug)]
pub struct Work {
    /// As it was when it was claimed.
    pub operation: Operation,
    /// What the store asks for with every write.
    pub claim: Claim,
    /// For calls that take long.
    pub progress: Progress,
}

/// How a step ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepEnd {
    /// It is done; the message tells people what was found or made.
    Done(String),
    /// Nothing is wrong, it only takes time: run it again after `after`. The claim is kept; a
    /// cancel, a supersede or a stop of the worker is honoured in between.
    Again {
        /// How long to wait.
        after: Duration,
        /// How far the step is, 0 to 100.
        percent: u8,
        /// For people.
        message: String,
    },
    /// Other operations have to end first. The claim is given back, without counting as a try; the
    /// operation is claimed again after `after`, or as soon as one of those has ended, and begins
    /// with its first step.
    Later {
        /// How long to wait at most.
        after: Duration,
        /// How far the step is, 0 to 100.
        percent: u8,
        /// For people.
        message: String,
    },
}

/// How a step failed.
#[derive(Debug)]
pub enum StepError {
    /// It may work later: the operation is tried again from its first step, after a growing time.
    /// After the last try the error is final.
    Retry(Error),
    /// It won't work: the operation fails now.
    Final(Error),
}

/// The work of a room.
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// The kinds it carries out.
    fn kinds(&self) -> &'static [OperationKind];

    /// The steps of a kind, in order. The same for every operation of the kind.
    fn steps(&self, kind: OperationKind) -> &'static [Step];

    /// The steps that undo what a kind made, for a cancel; empty where nothing is undone.
    fn undo_steps(&self, kind: OperationKind) -> &'static [Step];

    /// Runs a step. Dropped at any await when the claim is lost.
    async fn run(&self, work: &Work, step: &Step) -> Result<StepEnd, StepError>;

    /// Called before an operation is written as failed for good (`error`), so that what it worked
    /// on says so too. Repeated after a crash, like a step.
    async fn gave_up(&self, work: &Work, error: &Error) -> Result<()>;
}

impl From<Error> for StepError {
    /// What is worth another try by its code.
    fn from(error: Error) -> Self {
        use berth_model::ErrorCode as Code;
        match error.code() {
            Code::MachineUnavailable
            | Code::Unavailable
            | Code::Internal
            | Code::MachineRefused => Self::Retry(error),
            _ => Self::Final(error),
        }
    }
}
