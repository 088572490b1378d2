//! A simulated machine with a clock of its own, a seed for its guests, and other processes on it.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use berth_hypervisor::{
    CONTRACT, GuestSpec, Health, Hypervisor, ProbeTarget, Seed, SeedAdministrator, SeedDataVolume,
    SeedDeployment, SeedHttp, SeedNetwork, SeedVirtualMachine, SimulatedMachine, SimulatorConfig,
    seed_image,
};
use berth_model::{Clock, ManualClock, Probe, SystemClock};
use chrono::TimeDelta;
use tempfile::TempDir;
use uuid::Uuid;

use crate::suite::{Bench, Pair, digits, empty, image};

pub const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 20));
const CHILD: &str = "BERTH_TEST_SIMULATOR";

pub struct World {
    pub machine: SimulatedMachine,
    clock: Arc<ManualClock>,
    config: SimulatorConfig,
    folder: PathBuf,
    _temporary: Option<TempDir>,
}

impl World {
    pub fn new(config: SimulatorConfig) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let world = Self::of(temporary.path().to_owned(), config);
        Self {
            _temporary: Some(temporary),
            ..world
        }
    }

    /// The machine of another process.
    pub fn at(folder: PathBuf) -> Self {
        Self::of(folder, SimulatorConfig::default())
    }

    fn of(folder: PathBuf, config: SimulatorConfig) -> Self {
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let machine = SimulatedMachine::open(&folder, "m1", &config, clock.clone()).unwrap();
        Self {
            machine,
            clock,
            config,
            folder,
            _temporary: None,
        }
    }

    /// Another machine beside this one, at the same time.
    pub fn neighbour(&self, name: &str) -> Self {
        let (folder, clock) = (self.folder.clone(), self.clock.clone());
        let machine = SimulatedMachine::open(&folder, name, &self.config, clock.clone()).unwrap();
        Self {
            machine,
            clock,
            config: self.config.clone(),
            folder,
            _temporary: None,
        }
    }

    pub fn open_again(&self) -> SimulatedMachine {
        SimulatedMachine::open(&self.folder, "m1", &self.config, self.clock.clone()).unwrap()
    }

    pub fn advance(&self, millis: i64) {
        self.clock.advance(TimeDelta::milliseconds(millis));
    }

    /// Puts a seed into the drive of a guest that is yet to be defined.
    pub async fn seed_put(&self, spec: &mut GuestSpec, seed: &Seed) {
        let name = format!("berth-seed-{}-{}", digits(spec.id), seed.revision);
        let bytes = seed_image(seed).unwrap();
        empty(self, &name, bytes.len() as u64).await.unwrap();
        let file = image::file_of(&bytes);
        self.machine
            .volume_upload("berth", &name, file.path())
            .await
            .unwrap();
        spec.seed_volume = Some(name);
    }

    pub async fn probe(&self, id: Uuid) -> Health {
        self.machine.guest_probe(id, &target()).await.unwrap()
    }

    /// Waits until other processes have replaced the machine's file so often.
    pub fn changes_wait(&self, count: usize) {
        let path = self.folder.join("m1.json");
        let stamp = || {
            std::fs::metadata(&path)
                .and_then(|data| data.modified())
                .ok()
        };
        let (mut seen, mut last) = (0, stamp());
        let deadline = Instant::now() + Duration::from_secs(60);
        while seen < count {
            assert!(Instant::now() < deadline, "the other process does nothing");
            let now = stamp();
            seen += usize::from(now != last);
            last = now;
            std::thread::yield_now();
        }
    }
}

#[async_trait]
impl Bench for World {
    fn machine(&self) -> &dyn Hypervisor {
        &self.machine
    }

    fn pool(&self) -> &str {
        "berth"
    }

    fn network(&self) -> &str {
        "berth"
    }

    async fn time_passes(&self) {
        self.advance(100);
    }

    async fn glance(&self) {
        self.advance(50);
        tokio::task::yield_now().await;
    }
}

/// Two machines of one folder.
pub fn pair(from: World) -> Pair {
    let to = from.neighbour("m2");
    Pair {
        from: Box::new(from),
        to: Box::new(to),
        from_uri: "sim:m1".into(),
        to_uri: "sim:m2".into(),
        nobody: "sim:nobody".into(),
    }
}

/// Runs one test of this program as a process that works on this machine.
pub fn child(world: &World, test: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(CHILD, &world.folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// In such a process: the machine's folder.
pub fn child_folder() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

pub fn target() -> ProbeTarget {
    ProbeTarget {
        address: ADDRESS,
        port: 8008,
        domain_name: "example.org".into(),
        probe: Probe {
            path: "/".into(),
            contains: None,
            deadline_seconds: 1,
        },
    }
}

pub fn seed(id: Uuid, revision: u64) -> Seed {
    Seed {
        contract: CONTRACT,
        revision,
        virtual_machine: SeedVirtualMachine {
            id,
            hostname: format!("vm-{}", digits(id)),
        },
        network: SeedNetwork {
            mac: "52:54:00:00:00:01".into(),
            addresses: vec!["10.0.0.20/24".parse().unwrap()],
            gateways: vec!["10.0.0.1".parse().unwrap()],
            nameservers: vec![],
        },
        deployments: vec![SeedDeployment {
            id,
            application: "matrix".into(),
            application_version: "1.163.0".into(),
            domain_name: "example.org".into(),
            options: Default::default(),
            secrets: Default::default(),
            administrator: SeedAdministrator {
                username: "admin".into(),
                email: "a@example.net".into(),
            },
            data_volume: SeedDataVolume {
                serial: "00000000000000000001".into(),
                label: "berth-data".into(),
            },
            http: SeedHttp { port: 8008 },
        }],
    }
}
