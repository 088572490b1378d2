//! A provider with simulated machines and workers, in one process.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
        mpsc::RecvTimeoutError,
    },
    time::Duration,
};

use berth_hypervisor::{SimulatedMachine, SimulatorConfig};
use berth_model::{
    Actor, Clock, Deployment, DeploymentId, DeploymentState, Ids, Machine, MachineId, Network,
    Notice, NoticeKind, Operation, OperationId, OperationKind, OperationState, Plan, Site,
    SystemClock, Tenant, Timestamp,
};
use berth_operations::{Boundary, NoBoundary, Point, Runner, RunnerConfig};
use berth_scheduler::{
    DeploymentExecutor, Fleet, FleetConfig, MachineExecutor, Machines, MachinesConfig,
    MoveExecutor, RebalanceExecutor, Reconciler, ReconcilerConfig,
};
use berth_store::{Cx, OperationFeed, Store, testing};
use chrono::TimeDelta;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::order;

pub const GIB: i64 = 1 << 30;
/// No test waits longer for one thing.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The machine's clock, which a test can set forward.
#[derive(Debug, Default)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + TimeDelta::milliseconds(self.0.load(Ordering::SeqCst))
    }
}

pub struct World {
    /// Before the database, so that it is dropped while that still stands.
    workers: Mutex<Vec<(CancellationToken, JoinHandle<()>)>>,
    pub store: Store,
    pub feed: OperationFeed,
    pub clock: Arc<TestClock>,
    ids: Arc<Ids>,
    pub platform: Cx,
    pub machines: Vec<Machine>,
    pub site: Site,
    pub network: Network,
    pub tenant: Tenant,
    pub catalogue: order::Catalogue,
    pub reconciler: Reconciler,
    fleet: Arc<Fleet>,
    folder: tempfile::TempDir,
    pub database: testing::TestDatabase,
}

/// How large the provider is.
#[derive(Clone, Debug)]
pub struct Size {
    pub machines: usize,
    pub memory_gib: i64,
    pub workers: usize,
    pub concurrency: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self {
            machines: 2,
            memory_gib: 8,
            workers: 1,
            concurrency: 4,
        }
    }
}

pub fn simulator(memory_gib: i64) -> SimulatorConfig {
    SimulatorConfig {
        memory_bytes: u64::try_from(memory_gib * GIB).unwrap(),
        cpus: 64,
        pool_bytes: 4096 << 30,
        boot_millis: 20,
        move_millis: 30,
        shutdown_millis: 10,
        call_timeout: Duration::from_millis(500),
        watch_period: Duration::from_millis(20),
        ..SimulatorConfig::default()
    }
}

impl World {
    pub async fn new() -> Self {
        Self::sized(Size::default()).await
    }

    pub async fn sized(size: Size) -> Self {
        let world = Self::idle(&size).await;
        for number in 0..size.workers {
            world.work(
                &format!("w{number}"),
                size.concurrency,
                Arc::new(NoBoundary),
            );
        }
        let mut world = world;
        world.enroll(size.machines).await;
        world
    }

    /// Without workers and machines.
    pub async fn idle(size: &Size) -> Self {
        let database = testing::TestDatabase::new().await;
        let clock = Arc::new(TestClock::default());
        let ids = Arc::new(Ids::new(clock.clone()));
        let store = testing::store(&database.app_url, clock.clone(), ids.clone());
        let platform = Cx::new(Actor::platform());
        let folder = tempfile::tempdir().unwrap();
        let catalogue = order::catalogue(&store, &platform, folder.path()).await;
        let site = store
            .site_create(&platform, "Kiel".to_owned())
            .await
            .unwrap();
        let network = order::network(&store, &platform, &site).await;
        let tenant = order::tenant(&store, &platform, "Anna").await;
        let config = MachinesConfig {
            simulator_dir: Some(folder.path().join("machines")),
            simulator: simulator(size.memory_gib),
            ..MachinesConfig::default()
        };
        let open = Arc::new(Machines::new(config, clock.clone()));
        let config = FleetConfig {
            poll: Duration::from_millis(10),
            rebalance_look: Duration::from_millis(500),
            shutdown_grace: Duration::from_secs(5),
            ..FleetConfig::new(folder.path().join("images"))
        };
        let fleet = Fleet::new(store.clone(), open.clone(), config, clock.clone());
        let config = ReconcilerConfig {
            period: Duration::from_secs(3600),
            look_limit: Duration::from_secs(2),
            repair_floor: Duration::from_secs(10),
            ..ReconcilerConfig::default()
        };
        let reconciler = Reconciler::new(store.clone(), open, config);
        Self {
            workers: Mutex::default(),
            feed: store.operation_feed(),
            store,
            clock,
            ids,
            platform,
            machines: Vec::new(),
            site,
            network,
            tenant,
            catalogue,
            reconciler,
            fleet: Arc::new(fleet),
            folder,
            database,
        }
    }

    /// Starts a worker; it stops when the world ends.
    pub fn work(&self, name: &str, concurrency: usize, boundary: Arc<dyn Boundary>) {
        let config = RunnerConfig {
            concurrency,
            per_tenant_limit: 1000,
            poll: Duration::from_millis(50),
            backoff_base: Duration::from_millis(20),
            backoff_cap: Duration::from_millis(200),
            max_attempts: 200,
            // Longer than any time that a test sets the clock forward while something runs.
            lease: Duration::from_secs(600),
            ..RunnerConfig::new(name)
        };
        let runner = Runner::new(
            self.store.clone(),
            self.feed.clone(),
            vec![
                Arc::new(DeploymentExecutor::new(self.fleet.clone())),
                Arc::new(MachineExecutor::new(self.fleet.clone())),
                Arc::new(MoveExecutor::new(self.fleet.clone())),
                Arc::new(RebalanceExecutor::new(self.fleet.clone())),
            ],
            config,
            self.clock.clone(),
            self.ids.clone(),
            boundary,
        );
        let stop = CancellationToken::new();
        let handle = tokio::spawn(runner.run(stop.clone()));
        self.workers.lock().unwrap().push((stop, handle));
    }

    /// Stops all workers; they hand back what they have.
    pub async fn workers_stop(&mut self) {
        let workers = std::mem::take(&mut *self.workers.lock().unwrap());
        for (stop, handle) in workers {
            stop.cancel();
            handle.await.unwrap();
        }
    }

    async fn enroll(&mut self, count: usize) {
        let rack = self
            .store
            .rack_create(&self.platform, self.site.id, "A".to_owned())
            .await;
        let rack = rack.unwrap().id;
        for number in 1..=count {
            let input = order::machine(rack, self.network.id, number);
            let (machine, operation) = self
                .store
                .machine_enroll(&self.platform, input)
                .await
                .unwrap();
            self.succeeds(operation.id).await;
            self.machines.push(self.machine(machine.id).await);
        }
    }

    pub async fn machine(&self, id: MachineId) -> Machine {
        self.store.machine_get(&self.platform, id).await.unwrap()
    }

    /// The simulated machine itself, past Berth.
    pub fn simulated(&self, machine: &Machine) -> SimulatedMachine {
        let name = machine.uri.strip_prefix("sim:").unwrap();
        let folder: PathBuf = self.folder.path().join("machines");
        SimulatedMachine::open(&folder, name, &simulator(8), self.clock.clone()).unwrap()
    }

    /// Orders a deployment of a plan, and doesn't wait.
    pub async fn order(&self, plan: &Plan, name: &str) -> (Deployment, Operation) {
        let input = order::deployment(&self.tenant, &self.catalogue, plan, name);
        self.store
            .deployment_create(&self.platform, input)
            .await
            .unwrap()
    }

    /// Orders one and waits until it runs.
    pub async fn running(&self, plan: &Plan, name: &str) -> DeploymentId {
        let (deployment, operation) = self.order(plan, name).await;
        self.succeeds(operation.id).await;
        self.is(deployment.id, DeploymentState::Running).await;
        deployment.id
    }

    pub async fn deployment(&self, id: DeploymentId) -> Deployment {
        self.store.deployment_get(&self.platform, id).await.unwrap()
    }

    pub async fn is(&self, id: DeploymentId, state: DeploymentState) {
        assert_eq!(self.deployment(id).await.state, state);
    }

    /// Waits for the end of an operation.
    pub async fn end(&self, id: OperationId) -> Operation {
        self.until(id, |operation| operation.state.is_final()).await
    }

    /// Waits for something of an operation. Every change of one is a hint.
    pub async fn until(&self, id: OperationId, is_so: impl Fn(&Operation) -> bool) -> Operation {
        let mut hints = self.feed.subscribe();
        let wait = async {
            loop {
                let operation = self.store.operation_get(&self.platform, id).await.unwrap();
                if is_so(&operation) {
                    return operation;
                }
                hints
                    .heard_within(Duration::from_millis(100), |_| true)
                    .await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, wait).await;
        match found {
            Ok(operation) => operation,
            Err(_) => panic!("{:?}", self.store.operation_get(&self.platform, id).await),
        }
    }

    pub async fn succeeds(&self, id: OperationId) -> Operation {
        let operation = self.end(id).await;
        let steps = self.store.operation_steps(&self.platform, &[id]).await;
        assert_eq!(
            operation.state,
            OperationState::Succeeded,
            "{operation:#?} {steps:#?}"
        );
        operation
    }

    pub async fn fails(&self, id: OperationId) -> Operation {
        let operation = self.end(id).await;
        assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
        operation
    }

    /// The notices that were written since the last look, in order.
    pub async fn told(&self) -> Vec<Notice> {
        let claimed = self.store.notice_claim(100, TimeDelta::days(365)).await;
        let told = claimed.unwrap().into_iter().map(|work| work.notice);
        let mut told: Vec<_> = told.collect();
        told.sort_by_key(|notice| notice.id);
        told
    }

    /// Their kinds.
    pub async fn notices(&self) -> Vec<NoticeKind> {
        let told = self.told().await;
        told.iter().map(|notice| notice.body.kind()).collect()
    }

    /// The end of the guest's console, kept with an operation.
    pub async fn console(&self, id: OperationId) -> String {
        let ids = [id];
        let kept = self.store.operation_console_by_ids(&self.platform, &ids);
        kept.await.unwrap().remove(&id).unwrap()
    }

    /// The newest operation of a deployment.
    pub async fn newest(&self, id: DeploymentId) -> Operation {
        let filter = berth_store::OperationFilter {
            deployment_id: Some(id),
            ..berth_store::OperationFilter::default()
        };
        let page = berth_model::PageRequest {
            limit: 1,
            after: None,
            backward: true,
        };
        let found = self
            .store
            .operation_list(&self.platform, page, &filter)
            .await
            .unwrap();
        found.items.into_iter().next().unwrap()
    }
}

/// Has a creation cancelled at a point of it.
pub struct CancelAt {
    pub point: Point<'static>,
    pub cancel: tokio::sync::mpsc::UnboundedSender<()>,
    pub cancelled: Mutex<std::sync::mpsc::Receiver<()>>,
}

impl Boundary for CancelAt {
    fn at(&self, kind: OperationKind, point: Point<'_>) {
        if kind == OperationKind::DeploymentCreate && point == self.point {
            // The second time, after the undo, nobody is there any more.
            let _ = self.cancel.send(());
            // The worker stands here until the cancel is written.
            let answer = tokio::task::block_in_place(|| {
                self.cancelled.lock().unwrap().recv_timeout(PATIENCE)
            });
            assert_ne!(answer, Err(RecvTimeoutError::Timeout));
        }
    }
}
