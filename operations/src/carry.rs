//! One operation in a worker's hands, from its claim to its end.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use berth_model::{Error, ErrorCode, Result};
use berth_store::{Outcome, Signals};
use chrono::TimeDelta;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::{Executor, Point, Work, backoff::backoff, gauges, runner::Shared};

/// Carries out one operation.
pub(crate) struct Carrier {
    pub(crate) shared: Arc<Shared>,
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) work: Work,
    /// What was asked of the operation, as far as we know.
    pub(crate) signals: watch::Sender<Signals>,
    /// When the lease was last known to be kept.
    pub(crate) kept_at: Mutex<Instant>,
}

/// How the work on an operation ended, for this worker.
pub(crate) enum Ending {
    /// For good.
    Finish(Outcome),
    /// For now.
    Retry(Error),
    /// Until others have ended, so long at most.
    SetAside(Duration),
    /// The worker stops.
    HandBack,
    /// Another worker has it, or it can't be told: nothing is written.
    Leave(Error),
}

impl Carrier {
    pub(crate) fn new(
        shared: Arc<Shared>,
        executor: Arc<dyn Executor>,
        work: Work,
        claimed_at: Instant,
    ) -> Self {
        let (signals, _) = watch::channel(Signals {
            cancel_requested: work.operation.cancel_requested_at.is_some(),
            superseded: work.operation.superseded_at.is_some(),
        });
        Self {
            shared,
            executor,
            work,
            signals,
            kept_at: Mutex::new(claimed_at),
        }
    }

    /// The span that all log lines of the operation are in.
    pub(crate) fn span(&self) -> Span {
        let operation = &self.work.operation;
        tracing::info_span!(
            "operation",
            operation_id = %operation.id,
            kind = %operation.kind,
            request_id = operation.request_id.as_deref(),
            attempt = operation.attempts,
        )
    }

    /// Carries it out.
    pub(crate) async fn carry(self, stop: CancellationToken) {
        self.at(Point::Claimed);
        loop {
            // No heartbeat while the end is written: it would take the end for a lost claim.
            let ending = tokio::select! {
                biased;
                lost = self.lease_keep() => Ending::Leave(lost),
                ending = self.course(&stop) => ending,
            };
            match self.end(ending).await {
                Err(late) if late.code() == ErrorCode::Cancelled => {
                    self.heard(Signals {
                        cancel_requested: true,
                        superseded: false,
                    });
                }
                Err(error) => return self.left(&error),
                Ok(()) => return,
            }
        }
    }

    async fn end(&self, ending: Ending) -> Result<()> {
        let (store, claim) = (&self.shared.store, &self.work.claim);
        let outcome = match ending {
            Ending::Finish(outcome) => {
                self.at(Point::Ending);
                store.operation_finish(claim, &outcome).await?;
                self.at(Point::Finished);
                outcome_name(&outcome)
            }
            Ending::Retry(error) => {
                store
                    .operation_retry(claim, self.shared.clock.now() + self.wait(), &error)
                    .await?;
                "RETRY"
            }
            Ending::SetAside(after) => {
                let after = TimeDelta::from_std(after).unwrap_or(TimeDelta::MAX);
                let was = self.work.operation.run_after;
                store
                    .operation_set_aside(claim, was, self.shared.clock.now() + after)
                    .await?;
                "SET_ASIDE"
            }
            Ending::HandBack => {
                store.operation_hand_back(claim).await?;
                "HANDED_BACK"
            }
            Ending::Leave(error) => return Err(error),
        };
        let kind = self.work.operation.kind.as_str();
        metrics::counter!(gauges::OPERATIONS, "kind" => kind, "outcome" => outcome).increment(1);
        tracing::info!(outcome, "let go of an operation");
        Ok(())
    }

    fn wait(&self) -> TimeDelta {
        let config = &self.shared.config;
        let attempts = self.work.operation.attempts;
        let jitter = self.shared.ids.jitter();
        let wait = backoff(config.backoff_base, config.backoff_cap, attempts, jitter);
        TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)
    }

    /// Nothing can be written: when its lease is over, a worker goes on from what the world is
    /// then.
    fn left(&self, error: &Error) {
        if error.code() == ErrorCode::ClaimLost {
            metrics::counter!(gauges::CLAIMS_LOST).increment(1);
            tracing::warn!("the claim was lost to another worker");
        } else {
            let (code, cause) = (error.code(), error.cause_text());
            tracing::error!(%code, cause, "can't write about an operation; its lease runs out");
        }
    }

    /// Remembers what was asked. It is never taken back.
    pub(crate) fn heard(&self, new: Signals) {
        self.signals.send_if_modified(|signals| {
            let before = *signals;
            signals.cancel_requested |= new.cancel_requested;
            signals.superseded |= new.superseded;
            before != *signals
        });
    }

    pub(crate) fn at(&self, point: Point<'_>) {
        self.shared.boundary.at(self.work.operation.kind, point);
    }
}

const fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Superseded => "SUPERSEDED",
        other => other.state().as_str(),
    }
}
