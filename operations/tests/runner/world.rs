//! A database with a tenant's deployment, workers on it, and ways to wait for what they do.

use std::{fmt::Write, sync::Arc, time::Duration};

use berth_model::{Clock, Ids, Operation, OperationId, OperationKind, SystemClock, TenantId};
use berth_operations::{Boundary, NoBoundary, Runner, RunnerConfig};
use berth_store::{
    Cx, OperationFeed, Store,
    testing::{self, QueueDeployment, QueueFixture, TestDatabase},
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::player::Player;

/// Nothing here takes longer, on the slowest of machines.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct World {
    pub database: TestDatabase,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<Ids>,
    pub feed: OperationFeed,
    pub work: QueueFixture,
    pub tenant: TenantId,
    pub deployment: QueueDeployment,
}

impl World {
    /// With a clock that stands still until it is moved.
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let (clock, ids) = (database.clock.clone(), database.ids.clone());
        Self::with(database, clock, ids).await
    }

    /// With the machine's clock, for tests in which many operations have an order.
    pub async fn live() -> Self {
        let clock = Arc::new(SystemClock);
        let ids = Arc::new(Ids::seeded(clock.clone(), 1));
        Self::with(TestDatabase::new().await, clock, ids).await
    }

    async fn with(database: TestDatabase, clock: Arc<dyn Clock>, ids: Arc<Ids>) -> Self {
        let store = testing::store(&database.app_url, clock.clone(), ids.clone());
        let feed = store.operation_feed();
        let work = QueueFixture::new(store.clone()).await.unwrap();
        let tenant = work.tenant().await.unwrap();
        let deployment = work.deployment(tenant).await.unwrap();
        Self {
            database,
            store,
            clock,
            ids,
            feed,
            work,
            tenant,
            deployment,
        }
    }

    /// A worker with one hand that tries three times and waits about 4 s between.
    pub fn config(name: &str) -> RunnerConfig {
        RunnerConfig {
            concurrency: 1,
            lease: Duration::from_secs(60),
            per_tenant_limit: 100,
            poll: Duration::from_millis(10),
            max_attempts: 3,
            backoff_base: Duration::from_secs(4),
            backoff_cap: Duration::from_secs(60),
            step_limit: Duration::from_secs(60),
            grace: Duration::from_secs(60),
            ..RunnerConfig::new(name)
        }
    }

    pub fn start(&self, player: &Arc<Player>, config: RunnerConfig) -> Worker {
        self.start_watched(player, config, Arc::new(NoBoundary))
    }

    pub fn start_watched(
        &self,
        player: &Arc<Player>,
        config: RunnerConfig,
        boundary: Arc<dyn Boundary>,
    ) -> Worker {
        let runner = Runner::new(
            self.store.clone(),
            self.feed.clone(),
            vec![player.clone()],
            config,
            self.clock.clone(),
            self.ids.clone(),
            boundary,
        );
        let stop = CancellationToken::new();
        Worker {
            task: tokio::spawn(runner.run(stop.clone())),
            stop,
        }
    }

    pub async fn enqueue(&self, kind: OperationKind) -> Operation {
        self.work
            .enqueue(&self.cx(), self.deployment, kind)
            .await
            .unwrap()
    }

    /// Sees everything.
    pub fn cx(&self) -> Cx {
        Cx::worker("test")
    }

    pub async fn get(&self, id: OperationId) -> Operation {
        self.store.operation_get(&self.cx(), id).await.unwrap()
    }

    /// Waits until the operation is so.
    pub async fn until(&self, id: OperationId, is_so: impl Fn(&Operation) -> bool) -> Operation {
        let mut hints = self.feed.subscribe();
        let waiting = async {
            loop {
                let operation = self.get(id).await;
                if is_so(&operation) {
                    return operation;
                }
                // Connected late, or lagging: look again.
                hints
                    .heard_within(Duration::from_millis(100), |_| true)
                    .await;
            }
        };
        match timeout(PATIENCE, waiting).await {
            Ok(operation) => operation,
            Err(_) => panic!("it never came to that:\n{}", self.told(id).await),
        }
    }

    pub async fn until_final(&self, id: OperationId) -> Operation {
        self.until(id, |operation| operation.state.is_final()).await
    }

    /// The operation's events and steps as text.
    pub async fn told(&self, id: OperationId) -> String {
        let mut text = String::new();
        for event in self
            .store
            .operation_events(&self.cx(), id, 0, 200)
            .await
            .unwrap()
        {
            let step = event.step.unwrap_or_default();
            let (number, kind, percent) = (event.number, event.kind.as_str(), event.percent);
            writeln!(
                text,
                "{number:2} {kind:16} {step:6} {percent:3}% {}",
                event.message
            )
            .unwrap();
        }
        let steps = self.store.operation_steps(&self.cx(), &[id]).await.unwrap();
        for step in steps.get(&id).into_iter().flatten() {
            let (name, state, attempts) = (&step.name, step.state.as_str(), step.attempts);
            writeln!(text, "{} {name:6} {state:8} {attempts}", step.ordinal).unwrap();
        }
        text
    }
}

/// A worker that runs.
pub struct Worker {
    pub stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    /// Asks it to stop, and waits until it has.
    pub async fn stopped(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task)
            .await
            .expect("it stops")
            .unwrap();
    }
}
