//! Calling an executor so that nothing it does can hold or bring down the worker.

use std::{any::Any, future::Future, panic::AssertUnwindSafe};

use berth_model::{Error, Result};
use futures::FutureExt;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{Step, StepEnd, StepError, carry::Carrier, progress::Patience};

/// How one call of an executor ended.
pub(crate) enum Attempt<T> {
    /// It returned.
    Returned(T),
    /// It was dropped: it panicked, or took longer than any call may.
    Broken(Error),
    /// It was dropped: the worker stops, and the grace time is over.
    Stopped,
}

impl Carrier {
    /// One run of a step.
    pub(crate) async fn step_run(
        &self,
        step: &Step,
        patience: &Patience,
        stop: &CancellationToken,
    ) -> Attempt<Result<StepEnd, StepError>> {
        self.guarded(
            step.name,
            self.executor.run(&self.work, step),
            patience,
            stop,
        )
        .await
    }

    /// Tells the executor that the operation is given up.
    pub(crate) async fn gave_up(
        &self,
        error: &Error,
        stop: &CancellationToken,
    ) -> Attempt<Result<()>> {
        let patience = Patience::new(self.shared.config.step_limit);
        self.guarded(
            "gave up",
            self.executor.gave_up(&self.work, error),
            &patience,
            stop,
        )
        .await
    }

    async fn guarded<T>(
        &self,
        what: &str,
        call: impl Future<Output = T>,
        patience: &Patience,
        stop: &CancellationToken,
    ) -> Attempt<T> {
        let grace_over = async {
            stop.cancelled().await;
            sleep(self.shared.config.grace).await;
        };
        tokio::select! {
            biased;
            ended = AssertUnwindSafe(call).catch_unwind() => match ended {
                Ok(value) => Attempt::Returned(value),
                Err(panic) => Attempt::Broken(Error::internal(format!(
                    "{what} panicked: {}", panic_text(panic.as_ref())
                ))),
            },
            () = patience.over() => Attempt::Broken(Error::internal(format!(
                "{what} took longer than {:?}", self.shared.config.step_limit
            ))),
            () = grace_over => Attempt::Stopped,
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
