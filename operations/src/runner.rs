//! The worker: claims operations as long as it has hands free, and carries each out.
//!
//! One loop claims, so that a worker's hands don't race each other; a notification wakes it, and it
//! also looks by itself from time to time. Each operation is carried out in a task of its own.

use std::sync::Arc;

use berth_model::{Clock, Ids, OperationKind};
use berth_store::{ClaimRequest, OperationFeed, Store, Wake};
use chrono::TimeDelta;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use crate::{Boundary, Executor, Progress, RunnerConfig, Work, carry::Carrier, gauges};

/// A worker.
pub struct Runner {
    shared: Arc<Shared>,
}

/// What every operation's task needs.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) feed: OperationFeed,
    pub(crate) executors: Vec<Arc<dyn Executor>>,
    pub(crate) config: RunnerConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) boundary: Arc<dyn Boundary>,
}

impl Runner {
    /// A worker for the kinds of these executors; of two for one kind the first has it. `clock` and
    /// `ids` decide when an operation is tried again.
    #[must_use]
    pub fn new(
        store: Store,
        feed: OperationFeed,
        executors: Vec<Arc<dyn Executor>>,
        config: RunnerConfig,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        boundary: Arc<dyn Boundary>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                feed,
                executors,
                config,
                clock,
                ids,
                boundary,
            }),
        }
    }

    /// Works until `stop` is cancelled. Then it claims nothing more, lets steps that run go on for
    /// the grace time, hands back what isn't finished, and returns.
    pub async fn run(self, stop: CancellationToken) {
        let shared = &self.shared;
        let tasks = TaskTracker::new();
        let hands = Arc::new(Semaphore::new(shared.config.concurrency.max(1)));
        loop {
            let hand = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                hand = Arc::clone(&hands).acquire_owned() => hand.expect("never closed"),
            };
            // Before the look, so that what is enqueued meanwhile wakes us.
            let mut hints = shared.feed.subscribe();
            match shared.claim().await {
                Some(carrier) => {
                    let span = carrier.span();
                    let stop = stop.clone();
                    tasks.spawn(
                        async move {
                            carrier.carry(stop).await;
                            drop(hand);
                        }
                        .instrument(span),
                    );
                }
                None => tokio::select! {
                    biased;
                    () = stop.cancelled() => break,
                    () = hints.heard_within(shared.config.poll, may_be_work) => {}
                },
            }
        }
        tasks.close();
        tasks.wait().await;
    }
}

impl Shared {
    /// The next operation, if there is one and the database answers.
    async fn claim(self: &Arc<Self>) -> Option<Carrier> {
        let kinds: Vec<OperationKind> = self
            .executors
            .iter()
            .flat_map(|executor| executor.kinds())
            .copied()
            .collect();
        let request = ClaimRequest {
            worker: &self.config.worker,
            lease: self.lease(),
            kinds: &kinds,
            per_tenant_limit: self.config.per_tenant_limit,
        };
        let asked_at = Instant::now();
        let claim = timeout(self.config.lease, self.store.operation_claim(&request)).await;
        match claim {
            Ok(Ok(Some((operation, claim)))) => {
                metrics::counter!(gauges::CLAIMS).increment(1);
                let executor = self
                    .executors
                    .iter()
                    .find(|one| one.kinds().contains(&operation.kind));
                let executor = Arc::clone(executor.expect("only its kinds were asked for"));
                let progress = Progress::new();
                let work = Work {
                    operation,
                    claim,
                    progress,
                };
                Some(Carrier::new(Arc::clone(self), executor, work, asked_at))
            }
            Ok(Ok(None)) => None,
            Ok(Err(error)) => {
                let (code, cause) = (error.code(), error.cause_text());
                tracing::warn!(%code, cause, "can't claim work");
                None
            }
            Err(_elapsed) => {
                tracing::warn!("can't claim work: the database doesn't answer");
                None
            }
        }
    }

    pub(crate) fn lease(&self) -> TimeDelta {
        TimeDelta::from_std(self.config.lease).unwrap_or(TimeDelta::MAX)
    }
}

fn may_be_work(wake: Wake) -> bool {
    matches!(wake, Wake::Queue | Wake::Signal(_))
}
