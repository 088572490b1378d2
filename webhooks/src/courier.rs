//! The courier: makes deliveries of events, claims what is due, and attempts each in a task of its
//! own.

use std::sync::Arc;

use berth_model::{Clock, Error, ErrorCode, Ids, Result, Timestamp};
use berth_store::{
    OperationFeed, Store, Wake, WebhookClaim, WebhookLane, WebhookOutcome, WebhookWork,
};
use chrono::TimeDelta;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    CourierConfig, Names, gauges,
    schedule::{pause, wait},
    send::Sender,
};

/// Events that become deliveries in one transaction.
const EVENTS_AT_ONCE: i64 = 100;
/// Rows that one look at what is over puts in order.
const PURGED_AT_ONCE: i64 = 1000;
/// How often that is looked at.
const PURGE_PERIOD_MINUTES: i64 = 15;

/// A courier.
pub struct Courier {
    shared: Arc<Shared>,
    feed: OperationFeed,
    lanes: [Lane; 2],
    purged_at: Option<Timestamp>,
}

/// What every attempt's task needs.
struct Shared {
    store: Store,
    sender: Sender,
    config: CourierConfig,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    /// An attempt has ended: there may be a hand free, or a turn at its endpoint.
    ended: Notify,
}

/// Hands for endpoints of one kind.
struct Lane {
    lane: WebhookLane,
    per_endpoint: i64,
    hands: Arc<Semaphore>,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

impl Courier {
    /// A courier. `clock` and `ids` decide when it tries again; `names` where it goes.
    pub fn new(
        store: Store,
        feed: OperationFeed,
        config: CourierConfig,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        names: Arc<dyn Names>,
    ) -> Result<Self> {
        let lane = |lane, per_endpoint| Lane {
            lane,
            per_endpoint,
            hands: Arc::new(Semaphore::new(config.concurrency.max(1))),
        };
        Ok(Self {
            feed,
            lanes: [
                lane(WebhookLane::Healthy, config.per_endpoint),
                lane(WebhookLane::Failing, 1),
            ],
            purged_at: None,
            shared: Arc::new(Shared {
                store,
                sender: Sender::new(&config, names)?,
                config,
                clock,
                ids,
                ended: Notify::new(),
            }),
        })
    }

    /// Works until `stop` is cancelled. Then it claims nothing more, waits for the attempts that
    /// were begun, each bounded by its time limit, and returns.
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
                    tracing::warn!(%code, cause, "no webhooks now");
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
                () = hints.heard_within(shared.config.poll, |wake| wake == Wake::Webhook) => {}
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    /// One look at everything; whether there may be more to do at once.
    async fn round(&mut self, tasks: &TaskTracker) -> Result<bool> {
        let store = &self.shared.store;
        let fanned_out = store.webhook_fan_out(EVENTS_AT_ONCE).await?;
        metrics::counter!(gauges::EVENTS).increment(fanned_out.events as u64);
        let mut found = fanned_out.events > 0;
        for lane in &self.lanes {
            found |= self.attempt_due(lane, tasks).await?;
        }
        self.purge().await?;
        Ok(found)
    }

    /// Begins an attempt of each delivery that is due, as far as hands are free.
    async fn attempt_due(&self, lane: &Lane, tasks: &TaskTracker) -> Result<bool> {
        let free = lane.hands.available_permits();
        if free == 0 {
            return Ok(false);
        }
        let lease = TimeDelta::from_std(self.shared.config.lease()).map_err(Error::internal)?;
        let request = WebhookClaim {
            lane: lane.lane,
            limit: i64::try_from(free).unwrap_or(i64::MAX),
            per_endpoint: lane.per_endpoint,
            lease,
        };
        let claimed = self.shared.store.webhook_claim(&request).await?;
        let found = !claimed.is_empty();
        for work in claimed {
            // As many as were free, and nobody else takes one.
            let hand = Arc::clone(&lane.hands).try_acquire_owned();
            let hand = hand.map_err(Error::internal)?;
            tasks.spawn(Arc::clone(&self.shared).attempt(work, hand));
        }
        Ok(found)
    }

    /// Puts in order what is over, from time to time.
    async fn purge(&mut self) -> Result<()> {
        let now = self.shared.clock.now();
        let period = TimeDelta::minutes(PURGE_PERIOD_MINUTES);
        if self.purged_at.is_some_and(|at| now - at < period) {
            return Ok(());
        }
        let purged = self.shared.store.webhook_purge(PURGED_AT_ONCE).await?;
        let most = usize::try_from(PURGED_AT_ONCE).unwrap_or(usize::MAX);
        if purged.given_up < most && purged.deliveries < most {
            self.purged_at = Some(now);
        }
        Ok(())
    }
}

impl Shared {
    async fn attempt(self: Arc<Self>, work: WebhookWork, hand: OwnedSemaphorePermit) {
        let answer = self.sender.send(&work, self.clock.now()).await;
        metrics::histogram!(gauges::ATTEMPT_SECONDS).record(answer.took.as_secs_f64());
        let wait = wait(pause(work.tries, self.ids.jitter()), answer.retry_after);
        let outcome = WebhookOutcome {
            duration: TimeDelta::from_std(answer.took).unwrap_or(TimeDelta::MAX),
            status: answer.status,
            error: answer.error,
            gone: answer.gone,
            retry_at: self.clock.now() + TimeDelta::from_std(wait).unwrap_or_default(),
        };
        let delivery = work.id;
        match self.store.webhook_attempt_record(&work, &outcome).await {
            Ok(recorded) => {
                let outcome = recorded.state.as_str();
                metrics::counter!(gauges::ATTEMPTS, "outcome" => outcome).increment(1);
                tracing::debug!(%delivery, attempt = work.attempt, outcome, "webhook attempted");
                if let Some(reason) = recorded.disabled {
                    let (endpoint, reason) = (work.endpoint_id, reason.as_str());
                    metrics::counter!(gauges::DISABLED, "reason" => reason).increment(1);
                    tracing::warn!(%endpoint, reason, "a webhook endpoint was disabled");
                }
            }
            // The lease ends, and it is sent again: at least once is what was promised.
            Err(error) => {
                metrics::counter!(gauges::ATTEMPTS, "outcome" => "LOST").increment(1);
                if error.code() != ErrorCode::ClaimLost {
                    let (code, cause) = (error.code(), error.cause_text());
                    tracing::warn!(%delivery, %code, cause, "a webhook's attempt was not recorded");
                }
            }
        }
        drop(hand);
        self.ended.notify_one();
    }
}
