//! The postman: claims notices that are due, and sends each in a task of its own.

use std::{sync::Arc, time::Duration};

use berth_model::{Clock, Error, ErrorCode, Ids, NoticeState, Result, Timestamp};
use berth_store::{NoticeFailure, NoticeWork, OperationFeed, Store, Wake};
use chrono::TimeDelta;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Mailer, gauges,
    mailer::{Refusal, SEND_LIMIT},
    schedule::pause,
};

/// Notices that one look at what is over removes.
const PURGED_AT_ONCE: i64 = 1000;
/// How often that is looked at.
const PURGE_PERIOD_MINUTES: i64 = 15;

/// How a postman works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostmanConfig {
    /// Mails at a time.
    pub concurrency: usize,
    /// How often it looks for work when no notification comes.
    pub poll: Duration,
}

impl Default for PostmanConfig {
    fn default() -> Self {
        Self {
            concurrency: 8,
            poll: Duration::from_secs(1),
        }
    }
}

/// A postman.
pub struct Postman {
    shared: Arc<Shared>,
    feed: OperationFeed,
    config: PostmanConfig,
    hands: Arc<Semaphore>,
    purged_at: Option<Timestamp>,
}

/// What every notice's task needs.
struct Shared {
    store: Store,
    mailer: Option<Arc<Mailer>>,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    /// One has ended: there is a hand free.
    ended: Notify,
}

impl std::fmt::Debug for Postman {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postman")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Postman {
    /// A postman. Without a mailer, since no mail is set up, it discards what it finds. `clock` and
    /// `ids` decide when it tries again.
    #[must_use]
    pub fn new(
        store: Store,
        feed: OperationFeed,
        mailer: Option<Arc<Mailer>>,
        config: PostmanConfig,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
    ) -> Self {
        Self {
            feed,
            config,
            hands: Arc::new(Semaphore::new(config.concurrency.max(1))),
            purged_at: None,
            shared: Arc::new(Shared {
                store,
                mailer,
                clock,
                ids,
                ended: Notify::new(),
            }),
        }
    }

    /// Works until `stop` is cancelled. Then it claims nothing more, waits for the mails that were
    /// begun, each bounded by its time limit, and returns.
    pub async fn run(mut self, stop: CancellationToken) {
        let shared = Arc::clone(&self.shared);
        let tasks = TaskTracker::new();
        while !stop.is_cancelled() {
            // Before the look, so that what is written meanwhile wakes us.
            let mut hints = self.feed.subscribe();
            let ended = shared.ended.notified();
            let found = match self.round(&tasks).await {
                Ok(found) => found,
                Err(error) => {
                    let (code, cause) = (error.code(), error.cause_text());
                    tracing::warn!(%code, cause, "no notices now");
                    false
                }
            };
            if found {
                continue;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = ended => {}
                () = hints.heard_within(self.config.poll, |wake| wake == Wake::Notice) => {}
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    /// One look at everything; whether there may be more to do at once.
    async fn round(&mut self, tasks: &TaskTracker) -> Result<bool> {
        let found = self.send_due(tasks).await?;
        self.purge().await?;
        Ok(found)
    }

    /// Begins to send what is due, as far as hands are free.
    async fn send_due(&self, tasks: &TaskTracker) -> Result<bool> {
        let free = self.hands.available_permits();
        if free == 0 {
            return Ok(false);
        }
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        // It is sent by then, and that is written down.
        let lease = SEND_LIMIT + Duration::from_secs(60);
        let lease = TimeDelta::from_std(lease).map_err(Error::internal)?;
        let claimed = self.shared.store.notice_claim(limit, lease).await?;
        let found = !claimed.is_empty();
        for work in claimed {
            // As many as were free, and nobody else takes one.
            let hand = Arc::clone(&self.hands).try_acquire_owned();
            let hand = hand.map_err(Error::internal)?;
            tasks.spawn(Arc::clone(&self.shared).attempt(work, hand));
        }
        Ok(found)
    }

    /// Removes what is long over, from time to time.
    async fn purge(&mut self) -> Result<()> {
        let now = self.shared.clock.now();
        let period = TimeDelta::minutes(PURGE_PERIOD_MINUTES);
        if self.purged_at.is_some_and(|at| now - at < period) {
            return Ok(());
        }
        let purged = self.shared.store.notice_purge(PURGED_AT_ONCE).await?;
        if purged < usize::try_from(PURGED_AT_ONCE).unwrap_or(usize::MAX) {
            self.purged_at = Some(now);
        }
        Ok(())
    }
}

impl Shared {
    async fn attempt(self: Arc<Self>, work: NoticeWork, hand: OwnedSemaphorePermit) {
        let (notice, kind) = (work.notice.id, work.notice.body.kind().as_str());
        let outcome = match self.send(&work).await {
            Ok(state) => {
                tracing::debug!(%notice, kind, outcome = %state, "notice attempted");
                state.as_str()
            }
            // The claim ends, and it is sent again: twice is better than never.
            Err(error) => {
                if error.code() != ErrorCode::ClaimLost {
                    let (code, cause) = (error.code(), error.cause_text());
                    tracing::warn!(%notice, kind, %code, cause, "what became of a notice was not recorded");
                }
                "LOST"
            }
        };
        metrics::counter!(gauges::NOTICES, "kind" => kind, "outcome" => outcome).increment(1);
        drop(hand);
        self.ended.notify_one();
    }

    /// Sends it, outside of any transaction, and writes down what came of that.
    async fn send(&self, work: &NoticeWork) -> Result<NoticeState> {
        let (notice, kind) = (work.notice.id, work.notice.body.kind());
        let Some(mailer) = &self.mailer else {
            tracing::info!(%notice, %kind, "a notice was not sent: no mail is set up");
            self.store.notice_discarded(work).await?;
            return Ok(NoticeState::Discarded);
        };
        let Err(Refusal { is_final, cause }) = mailer.send(&work.notice).await else {
            self.store.notice_sent(work).await?;
            return Ok(NoticeState::Sent);
        };
        let wait = pause(kind, work.attempt, self.ids.jitter());
        let failure = NoticeFailure {
            is_final,
            retry_at: self.clock.now() + TimeDelta::from_std(wait).unwrap_or_default(),
        };
        let state = self.store.notice_failed(work, failure).await?;
        let (attempt, cause) = (work.attempt, cause.cause_text());
        tracing::warn!(%notice, %kind, attempt, outcome = %state, cause, "a notice was not sent");
        Ok(state)
    }
}
