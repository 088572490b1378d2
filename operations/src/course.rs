//! The course of an operation: its steps in order, and their undoing after a cancel.
//!
//! Between two steps, and while a step waits, it is looked whether the operation was superseded (it
//! ends at once), cancelled (its undo steps run) or the worker stops (it is handed back). While it
//! is undone only the first and the last count.

use std::time::Duration;

use berth_model::{Error, ErrorCode, Result};
use berth_store::{Outcome, Signals};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    Point, Step, StepEnd, StepError,
    attempt::Attempt,
    carry::{Carrier, Ending},
    gauges,
    progress::Patience,
};

/// How far a row of steps, or one step, came.
enum Turn {
    /// To its end.
    Done,
    /// Until it failed.
    Failed(StepError),
    /// Until others have to end first.
    Later(Duration),
    /// Until something else was asked for.
    Asked(Asked),
}

/// What a step told last.
struct Told {
    ordinal: i32,
    last: Option<(u8, String)>,
}

impl Told {
    const fn new(ordinal: i32) -> Self {
        Self {
            ordinal,
            last: None,
        }
    }
}

/// What ends a row of steps before its end.
enum Asked {
    Cancel,
    Supersede,
    Stop,
}

impl Carrier {
    /// Runs the operation's steps as far as they get.
    pub(crate) async fn course(&self, stop: &CancellationToken) -> Ending {
        self.course_or_error(stop)
            .await
            .unwrap_or_else(Ending::Leave)
    }

    async fn course_or_error(&self, stop: &CancellationToken) -> Result<Ending> {
        let kind = self.work.operation.kind;
        let (steps, undo) = (self.executor.steps(kind), self.executor.undo_steps(kind));
        if !self.signals.borrow().cancel_requested {
            if let Some(ending) = self.too_often(false, stop).await? {
                return Ok(ending);
            }
            self.plan(steps, 0).await?;
            match self.steps_run(steps, 0, false, stop).await? {
                Turn::Asked(Asked::Cancel) => {}
                Turn::Done => return Ok(Ending::Finish(Outcome::Succeeded)),
                turn => return self.ending(turn, false, stop).await,
            }
        }
        let cancelled = match kind.can_be_undone() {
            true => Outcome::Cancelled,
            false => Outcome::Stopped,
        };
        if undo.is_empty() {
            return Ok(Ending::Finish(cancelled));
        }
        if let Some(ending) = self.too_often(true, stop).await? {
            return Ok(ending);
        }
        self.plan(&[steps, undo].concat(), steps.len()).await?;
        match self.steps_run(undo, steps.len(), true, stop).await? {
            Turn::Done => Ok(Ending::Finish(cancelled)),
            turn => self.ending(turn, true, stop).await,
        }
    }

    async fn plan(&self, steps: &[Step], skipped: usize) -> Result<()> {
        let names: Vec<_> = steps.iter().map(|step| (step.name, step.title)).collect();
        self.shared
            .store
            .operation_steps_plan(&self.work.claim, &names, skipped)
            .await
    }

    async fn steps_run(
        &self,
        steps: &[Step],
        from: usize,
        undoing: bool,
        stop: &CancellationToken,
    ) -> Result<Turn> {
        for (ordinal, step) in (from..).zip(steps) {
            if let Some(asked) = self.asked(undoing, stop) {
                return Ok(Turn::Asked(asked));
            }
            let ordinal = i32::try_from(ordinal).map_err(Error::internal)?;
            match self.step(ordinal, step, undoing, stop).await? {
                Turn::Done => {}
                other => return Ok(other),
            }
        }
        // What was done to the end needn't be handed back.
        match self.asked(undoing, stop) {
            None | Some(Asked::Stop) => Ok(Turn::Done),
            Some(asked) => Ok(Turn::Asked(asked)),
        }
    }

    async fn step(
        &self,
        ordinal: i32,
        step: &Step,
        undoing: bool,
        stop: &CancellationToken,
    ) -> Result<Turn> {
        let (store, claim) = (&self.shared.store, &self.work.claim);
        self.heard(store.operation_step_started(claim, ordinal).await?);
        self.at(Point::Before(step.name));
        let began = Instant::now();
        let patience = Patience::new(self.shared.config.step_limit);
        let mut told = Told::new(ordinal);
        loop {
            let ended = match self.step_heard(step, &patience, &mut told, stop).await? {
                Attempt::Returned(ended) => ended,
                Attempt::Broken(error) => Err(StepError::Retry(error)),
                Attempt::Stopped => return Ok(Turn::Asked(Asked::Stop)),
            };
            match ended {
                Ok(StepEnd::Done(message)) => {
                    self.at(Point::After(step.name));
                    self.measure(step, began.elapsed());
                    self.heard(store.operation_step_done(claim, ordinal, &message).await?);
                    return Ok(Turn::Done);
                }
                Ok(StepEnd::Again {
                    after,
                    percent,
                    message,
                }) => {
                    self.tell(&mut told, (percent, message)).await?;
                    if let Some(asked) = self.pause(after, undoing, stop).await {
                        return Ok(Turn::Asked(asked));
                    }
                }
                Ok(StepEnd::Later {
                    after,
                    percent,
                    message,
                }) => {
                    self.tell(&mut told, (percent, message)).await?;
                    return Ok(Turn::Later(after));
                }
                Err(failed) => return self.step_failed(ordinal, step, failed, undoing, stop).await,
            }
        }
    }

    /// One run of the step, with what it tells meanwhile.
    async fn step_heard(
        &self,
        step: &Step,
        patience: &Patience,
        told: &mut Told,
        stop: &CancellationToken,
    ) -> Result<Attempt<Result<StepEnd, StepError>>> {
        let mut progress = self.work.progress.listen();
        let run = self.step_run(step, patience, stop);
        tokio::pin!(run);
        loop {
            tokio::select! {
                biased;
                ended = &mut run => return Ok(ended),
                Ok(()) = progress.changed() => {
                    let news = progress.borrow_and_update().clone();
                    patience.renew();
                    self.tell_meanwhile(told, news).await?;
                }
            }
        }
    }

    /// Only a lost claim ends a call that runs: what can't be told now is told with the next news.
    async fn tell_meanwhile(&self, told: &mut Told, news: (u8, String)) -> Result<()> {
        if news.1.is_empty() {
            return Ok(());
        }
        match self.tell(told, news).await {
            Err(error) if error.code() != ErrorCode::ClaimLost => {
                let cause = error.cause_text();
                tracing::warn!(%error, cause, "the progress of a step can't be told");
                Ok(())
            }
            result => result,
        }
    }

    /// A step that looks every second has nothing new to tell most times.
    async fn tell(&self, told: &mut Told, news: (u8, String)) -> Result<()> {
        if told.last.as_ref() != Some(&news) {
            let (store, claim) = (&self.shared.store, &self.work.claim);
            let write = store.operation_step_progress(claim, told.ordinal, news.0, &news.1);
            self.heard(write.await?);
            told.last = Some(news);
        }
        Ok(())
    }

    async fn step_failed(
        &self,
        ordinal: i32,
        step: &Step,
        failed: StepError,
        undoing: bool,
        stop: &CancellationToken,
    ) -> Result<Turn> {
        let (StepError::Retry(error) | StepError::Final(error)) = &failed;
        if error.code() == ErrorCode::ClaimLost {
            let (StepError::Retry(error) | StepError::Final(error)) = failed;
            return Err(error);
        }
        let (code, cause) = (error.code(), error.cause_text());
        match is_refusal(code) {
            true => tracing::info!(step = step.name, %code, %error, cause, "a step failed"),
            false => tracing::warn!(step = step.name, %code, %error, cause, "a step failed"),
        }
        let write = self
            .shared
            .store
            .operation_step_failed(&self.work.claim, ordinal, error);
        self.heard(write.await?);
        match self.asked(undoing, stop) {
            Some(asked @ (Asked::Cancel | Asked::Supersede)) => Ok(Turn::Asked(asked)),
            _ => Ok(Turn::Failed(failed)),
        }
    }

    /// Waits, without anything of the database, unless something is asked for.
    async fn pause(
        &self,
        after: Duration,
        undoing: bool,
        stop: &CancellationToken,
    ) -> Option<Asked> {
        let mut signals = self.signals.subscribe();
        tokio::select! {
            () = sleep(after) => {}
            _ = signals.wait_for(|signals| asked_by(*signals, undoing).is_some()) => {}
            () = stop.cancelled() => {}
        }
        self.asked(undoing, stop)
    }

    fn asked(&self, undoing: bool, stop: &CancellationToken) -> Option<Asked> {
        let stopping = || stop.is_cancelled().then_some(Asked::Stop);
        asked_by(*self.signals.borrow(), undoing).or_else(stopping)
    }

    async fn ending(&self, turn: Turn, undoing: bool, stop: &CancellationToken) -> Result<Ending> {
        let error = match turn {
            Turn::Later(after) => return Ok(Ending::SetAside(after)),
            Turn::Asked(Asked::Supersede) => return Ok(Ending::Finish(Outcome::Superseded)),
            // A row that is done ends where it ran, and a cancel while undoing isn't asked.
            Turn::Asked(_) | Turn::Done => return Ok(Ending::HandBack),
            Turn::Failed(StepError::Retry(error)) => {
                if self.work.operation.attempts < self.tries(undoing) {
                    return Ok(Ending::Retry(error));
                }
                error
            }
            Turn::Failed(StepError::Final(error)) => error,
        };
        self.give_up(error, undoing, stop).await
    }

    /// Gives it up when it was taken more often than it may be tried: then it ended its workers, or
    /// could not be given up before.
    async fn too_often(&self, undoing: bool, stop: &CancellationToken) -> Result<Option<Ending>> {
        if let Some(Asked::Supersede) = asked_by(*self.signals.borrow(), undoing) {
            return Ok(Some(Ending::Finish(Outcome::Superseded)));
        }
        if self.work.operation.attempts <= self.tries(undoing) {
            return Ok(None);
        }
        let error = Error::internal("it was claimed more often than it may be tried");
        self.give_up(error, undoing, stop).await.map(Some)
    }

    async fn give_up(
        &self,
        error: Error,
        undoing: bool,
        stop: &CancellationToken,
    ) -> Result<Ending> {
        match self.gave_up(&error, stop).await {
            Attempt::Returned(Ok(())) => {
                let (code, cause) = (error.code(), error.cause_text());
                match is_refusal(code) {
                    true => tracing::info!(%code, cause, "gave up an operation"),
                    false => tracing::error!(%code, cause, "gave up an operation"),
                }
                let message = error.message().to_owned();
                Ok(Ending::Finish(if undoing {
                    Outcome::NotUndone { code, message }
                } else {
                    Outcome::Failed { code, message }
                }))
            }
            Attempt::Returned(Err(lost)) if lost.code() == ErrorCode::ClaimLost => Err(lost),
            Attempt::Returned(Err(error)) | Attempt::Broken(error) => {
                tracing::error!(cause = error.cause_text(), "can't give up an operation");
                Ok(Ending::Retry(error))
            }
            Attempt::Stopped => Ok(Ending::HandBack),
        }
    }

    /// How often it may be tried; its undoing has as many tries again.
    fn tries(&self, undoing: bool) -> i32 {
        let tries = self.shared.config.max_attempts;
        if undoing {
            tries.saturating_mul(2)
        } else {
            tries
        }
    }

    fn measure(&self, step: &Step, took: Duration) {
        let kind = self.work.operation.kind.as_str();
        metrics::histogram!(gauges::STEP_SECONDS, "kind" => kind, "step" => step.name)
            .record(took.as_secs_f64());
    }
}

/// Whether this is an answer rather than a fault: nobody has to look after the platform for it.
const fn is_refusal(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NoCapacity
            | ErrorCode::NoAddress
            | ErrorCode::WrongState
            | ErrorCode::MovesFailed
    )
}

fn asked_by(signals: Signals, undoing: bool) -> Option<Asked> {
    if signals.superseded {
        Some(Asked::Supersede)
    } else if signals.cancel_requested && !undoing {
        Some(Asked::Cancel)
    } else {
        None
    }
}
