//! Keeping a claim: heartbeats at a third of the lease, and what they tell.

use std::{sync::PoisonError, time::Duration};

use berth_model::{Error, ErrorCode};
use berth_store::Wake;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::carry::Carrier;

impl Carrier {
    /// Keeps the lease and hears what is asked of the operation, until the claim is lost; returns
    /// why. A worker that can't reach the database gives up at three quarters of the lease: then it
    /// has stopped before another begins.
    pub(crate) async fn lease_keep(&self) -> Error {
        let lease = self.shared.config.lease;
        let (store, claim) = (&self.shared.store, &self.work.claim);
        let mut hints = self.shared.feed.subscribe();
        let asked = Wake::Signal(self.work.operation.id);
        let mut next = self.kept_at() + lease / 3;
        loop {
            tokio::select! {
                () = sleep_until(next) => {}
                () = hints.heard(|wake| wake == asked) => {}
            }
            let asked_at = Instant::now();
            let lost_at = self.kept_at() + lease.mul_f64(0.75);
            match timeout_at(
                lost_at,
                store.operation_heartbeat(claim, self.shared.lease()),
            )
            .await
            {
                Ok(Ok(signals)) => {
                    *self.kept_at.lock().unwrap_or_else(PoisonError::into_inner) = asked_at;
                    self.heard(signals);
                    next = asked_at + lease / 3;
                }
                Ok(Err(error)) if error.code() == ErrorCode::ClaimLost => return error,
                Ok(Err(error)) if Instant::now() < lost_at => {
                    let (code, cause) = (error.code(), error.cause_text());
                    tracing::warn!(%code, cause, "no heartbeat");
                    next = (asked_at + pause(lease)).min(lost_at);
                }
                Ok(Err(_)) | Err(_) => {
                    let message = "The lease could not be kept: the database doesn't answer.";
                    return Error::new(ErrorCode::ClaimLost, message);
                }
            }
        }
    }

    fn kept_at(&self) -> Instant {
        *self.kept_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After a heartbeat that failed.
fn pause(lease: Duration) -> Duration {
    lease / 12
}
