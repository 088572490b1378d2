//! An executor that plays what a test wrote for it, and remembers what it was asked for.

use std::sync::Arc;

use async_trait::async_trait;
use berth_model::{Error, ErrorCode, Operation, OperationKind, Result};
use berth_operations::{Executor, Progress, Step, StepEnd, StepError, Work};
use futures::future::BoxFuture;
use tokio::sync::watch;

pub const STEPS: &[Step] = &[
    Step {
        name: "place",
        title: "Choose a machine",
    },
    Step {
        name: "start",
        title: "Start it",
    },
];
pub const UNDO: &[Step] = &[
    Step {
        name: "stop",
        title: "Stop it",
    },
    Step {
        name: "remove",
        title: "Remove what was made",
    },
];

pub type Played = Result<StepEnd, StepError>;

/// One call of a step.
pub struct Call {
    pub operation: Operation,
    pub step: &'static str,
    /// Which call of this step it is, from 1.
    pub nth: usize,
    pub progress: Progress,
}

type Play = dyn Fn(Call) -> BoxFuture<'static, Played> + Send + Sync;

pub struct Player {
    play: Box<Play>,
    calls: watch::Sender<Vec<String>>,
}

impl Player {
    /// Plays each step by `play`.
    pub fn new<F>(play: impl Fn(Call) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = Played> + Send + 'static,
    {
        let play: Box<Play> = Box::new(move |call| Box::pin(play(call)));
        Arc::new(Self {
            play,
            calls: watch::Sender::new(Vec::new()),
        })
    }

    /// The names of the steps that were called, in order, and `gave up: CODE`.
    pub fn calls(&self) -> Vec<String> {
        self.calls.borrow().clone()
    }

    /// Returns when a step was called so often.
    pub async fn called(&self, step: &str, times: usize) {
        let mut calls = self.calls.subscribe();
        let often =
            |calls: &Vec<String>| calls.iter().filter(|call| *call == step).count() >= times;
        calls.wait_for(often).await.unwrap();
    }

    fn remember(&self, call: &str) -> usize {
        self.calls.send_modify(|calls| calls.push(call.to_owned()));
        self.calls
            .borrow()
            .iter()
            .filter(|other| *other == call)
            .count()
    }
}

#[async_trait]
impl Executor for Player {
    fn kinds(&self) -> &'static [OperationKind] {
        OperationKind::ALL
    }

    fn steps(&self, _: OperationKind) -> &'static [Step] {
        STEPS
    }

    fn undo_steps(&self, kind: OperationKind) -> &'static [Step] {
        if kind.can_be_undone() { UNDO } else { &[] }
    }

    async fn run(&self, work: &Work, step: &Step) -> Played {
        let nth = self.remember(step.name);
        let call = Call {
            operation: work.operation.clone(),
            step: step.name,
            nth,
            progress: work.progress.clone(),
        };
        (self.play)(call).await
    }

    async fn gave_up(&self, _: &Work, error: &Error) -> Result<()> {
        self.remember(&format!("gave up: {}", error.code()));
        Ok(())
    }
}

pub fn done(message: &str) -> Played {
    Ok(StepEnd::Done(message.to_owned()))
}

/// Something that may work later.
pub fn retry() -> Played {
    Err(StepError::Retry(
        Error::new(
            ErrorCode::MachineUnavailable,
            "The machine does not answer.",
        )
        .because("secret address"),
    ))
}
