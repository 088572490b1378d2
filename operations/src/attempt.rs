//! Calling an executor so that nothing it does can hold or bring down the worker.

use std::{any::Any, future::Future, panic::AssertUnwindSafe};

use berth_model::{Error, Result};
use futures::FutureExt;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::{Step, StepEnd, StepError, carry::Carrier};

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
        deadline: Instant,
        stop: &CancellationToken,
    ) -> Attempt<Result<StepEnd, StepError>> {
        self.guarded(
            step.name,
            self.executor.run(&self.work, step),
            deadline,
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
        let deadline = Instant::now() + self.shared.config.step_limit;
        self.guarded(
            "gave up",
            self.executor.gave_up(&self.work, error),
            deadline,
            stop,
        )
        .await
    }

    async fn guarded<T>(
        &self,
        what: &str,
        call: impl Future<Output = T>,
        deadline: Instant,
        stop: &CancellationToken,
    ) -> Attempt<T> {
        let grace_over = async {
            stop.cancelled().await;
            sleep(self.shared.config.grace).await;
        };
        tokio::select! {
            biased;
            ended = timeout_at(deadline, AssertUnwindSafe(call).catch_unwind()) => match ended {
                Ok(Ok(value)) => Attempt::Returned(value),
                Ok(Err(panic)) => Attempt::Broken(Error::internal(format!(
                    "{what} panicked: {}", panic_text(panic.as_ref())
                ))),
                Err(_elapsed) => Attempt::Broken(Error::internal(format!(
                    "{what} took longer than {:?}", self.shared.config.step_limit
                ))),
            },
            () = grace_over => Attempt::Stopped,
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
