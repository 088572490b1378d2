//! [`Hypervisor`] by the model, and the switches that only a simulated machine has.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use berth_model::{Clock, Error, Result, Sha256, Timestamp};
use tokio::{sync::broadcast, time::sleep};
use uuid::Uuid;

use super::{
    Faults, SimulatedGuest, SimulatedPower, SimulatorConfig, SimulatorState,
    faults::{Fate, unavailable},
    file::StateFile,
    upload,
    watch::Watch,
};
use crate::{
    GuestEvent, GuestFacts, GuestSpec, Health, Hypervisor, MachineFacts, PoolFacts, ProbeTarget,
    VolumeFacts, VolumeSpec,
};

/// A machine that is simulated. Any number of them, in any number of processes, may share one file.
#[derive(Debug)]
pub struct SimulatedMachine {
    inner: Arc<Inner>,
    call_timeout: Duration,
    watch_period: Duration,
}

#[derive(Debug)]
struct Inner {
    file: StateFile,
    clock: Arc<dyn Clock>,
    watch: Watch,
}

/// How far a call has come after its first look at the file.
enum Step<T, W> {
    Done(T),
    Waits(Duration, W),
    Hangs,
    Fails,
}

impl SimulatedMachine {
    /// Opens the machine `name` in a folder, and makes it by `config` if it isn't there.
    ///
    /// # Errors
    ///
    /// Invalid `name`, if it isn't made of `a-z`, `0-9` and `-`; internal, if the folder can't be
    /// written.
    pub fn open(
        folder: &Path,
        name: &str,
        config: &SimulatorConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(Error::invalid(
                "name",
                "Use only a-z, 0-9 and - in a machine's name.",
            ));
        }
        std::fs::create_dir_all(folder).map_err(Error::internal)?;
        let file = StateFile::new(folder, name);
        file.create(|| SimulatorState::new(name, config))?;
        Ok(Self {
            inner: Arc::new(Inner {
                file,
                clock,
                watch: Watch::new(),
            }),
            call_timeout: config.call_timeout,
            watch_period: config.watch_period,
        })
    }

    /// The machine as it is now. Not a call: faults don't touch it.
    ///
    /// # Errors
    ///
    /// Internal, if the file can't be read.
    pub fn state(&self) -> Result<SimulatorState> {
        self.inner.change(|state, _| Ok(state.clone()))
    }

    /// Switches faults on and off.
    ///
    /// # Errors
    ///
    /// Internal, if the file can't be written.
    pub fn fault_set(&self, set: impl FnOnce(&mut Faults)) -> Result<()> {
        self.inner.change(|state, _| {
            set(&mut state.faults);
            Ok(())
        })
    }

    /// Adds a running guest that isn't Berth's.
    ///
    /// # Errors
    ///
    /// Internal, if the file can't be written.
    pub fn guest_add_foreign(
        &self,
        id: Uuid,
        name: &str,
        memory_bytes: u64,
        vcpus: u32,
    ) -> Result<()> {
        self.inner.change(|state, now| {
            let guest = SimulatedGuest {
                name: name.to_owned(),
                is_berths: false,
                memory_bytes,
                vcpus,
                system_volume: String::new(),
                data: Vec::new(),
                seed_volume: None,
                mac: String::new(),
                power: SimulatedPower::On {
                    since: now,
                    is_started: true,
                    off_at: None,
                },
                starts: 1,
                seed: None,
                console: String::new(),
            };
            state.guests.insert(id, guest);
            Ok(())
        })
    }

    /// Crashes a guest that runs.
    ///
    /// # Errors
    ///
    /// Internal, if the file can't be written.
    pub fn guest_crash(&self, id: Uuid) -> Result<()> {
        self.inner.change(|state, _| {
            if let Some(guest) = state.guests.get_mut(&id)
                && guest.power.is_on()
            {
                guest.power = SimulatedPower::Crashed;
            }
            Ok(())
        })
    }

    /// Cuts the machine's power and gives it back: all guests are off.
    ///
    /// # Errors
    ///
    /// Internal, if the file can't be written.
    pub fn power_cut(&self) -> Result<()> {
        self.inner.change(|state, _| {
            for guest in state.guests.values_mut() {
                guest.power = SimulatedPower::Off;
            }
            Ok(())
        })
    }

    /// A call, with whatever the machine's faults make of it.
    async fn call<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut SimulatorState, Timestamp) -> Result<T> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let (delay, work) = match blocking(move || inner.first_look(work)).await? {
            Step::Done(value) => return Ok(value),
            Step::Fails => return Err(unavailable("simulated: the call fails")),
            Step::Hangs => (self.call_timeout, None),
            Step::Waits(delay, work) => (delay, Some(work)),
        };
        sleep(delay.min(self.call_timeout)).await;
        let Some(work) = work.filter(|_| delay < self.call_timeout) else {
            return Err(unavailable("simulated: no answer in time"));
        };
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.change(work)).await
    }
}

impl Inner {
    /// Brings the machine to the present and changes it.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut SimulatorState, Timestamp) -> Result<T>,
    ) -> Result<T> {
        let now = self.clock.now();
        self.file.change(|state| {
            state.settle(now);
            let result = change(state, now)?;
            self.watch.observe(state);
            Ok(result)
        })
    }

    fn first_look<T, W>(&self, work: W) -> Result<Step<T, W>>
    where
        W: FnOnce(&mut SimulatorState, Timestamp) -> Result<T>,
    {
        self.change(|state, now| match state.faults.fate() {
            Fate::Runs => work(state, now).map(Step::Done),
            Fate::RunsAfterMillis(millis) => Ok(Step::Waits(Duration::from_millis(millis), work)),
            Fate::Hangs => Ok(Step::Hangs),
            Fate::Fails => Ok(Step::Fails),
            Fate::AnswerIsLost => {
                let mut done = state.clone();
                if work(&mut done, now).is_ok() {
                    *state = done;
                }
                Ok(Step::Fails)
            }
        })
    }

    fn watch_once(&self) {
        if self.watch.is_due(self.file.stamp(), self.clock.now())
            && let Err(error) = self.change(|_, _| Ok(()))
        {
            tracing::warn!(
                cause = error.cause_text(),
                "a simulated machine can't be read"
            );
        }
    }
}

/// The file's lock may have to be waited for, which a task must not do.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?
}

#[async_trait]
impl Hypervisor for SimulatedMachine {
    async fn machine_facts(&self) -> Result<MachineFacts> {
        self.call(|state, _| Ok(state.machine_facts())).await
    }

    async fn pool_facts(&self, pool: &str) -> Result<PoolFacts> {
        let pool = pool.to_owned();
        self.call(move |state, _| state.pool_facts(&pool)).await
    }

    async fn volume_list(&self, pool: &str) -> Result<Vec<VolumeFacts>> {
        let pool = pool.to_owned();
        self.call(move |state, _| state.volume_list(&pool)).await
    }

    async fn volume_get(&self, pool: &str, name: &str) -> Result<Option<VolumeFacts>> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.call(move |state, _| state.volume_get(&pool, &name))
            .await
    }

    async fn volume_create(&self, pool: &str, spec: &VolumeSpec) -> Result<()> {
        let (pool, spec) = (pool.to_owned(), spec.clone());
        self.call(move |state, _| state.volume_create(&pool, &spec))
            .await
    }

    async fn volume_upload(&self, pool: &str, name: &str, file: &Path) -> Result<()> {
        let (pool, name, path) = (pool.to_owned(), name.to_owned(), PathBuf::from(file));
        let (upload, virtual_bytes) =
            blocking(move || upload::look(&path).map_err(Error::internal)).await?;
        self.call(move |state, _| state.volume_upload(&pool, &name, upload, virtual_bytes))
            .await
    }

    async fn volume_digest(&self, pool: &str, name: &str, length: u64) -> Result<Sha256> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.call(move |state, _| state.volume_digest(&pool, &name, length))
            .await
    }

    async fn volume_grow(&self, pool: &str, name: &str, bytes: u64) -> Result<()> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.call(move |state, _| state.volume_grow(&pool, &name, bytes))
            .await
    }

    async fn volume_delete(&self, pool: &str, name: &str) -> Result<()> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.call(move |state, _| state.volume_delete(&pool, &name))
            .await
    }

    async fn guest_list(&self) -> Result<Vec<GuestFacts>> {
        self.call(|state, _| Ok(state.guest_list())).await
    }

    async fn guest_get(&self, id: Uuid) -> Result<Option<GuestFacts>> {
        self.call(move |state, _| Ok(state.guest_get(id))).await
    }

    async fn guest_define(&self, spec: &GuestSpec) -> Result<()> {
        let spec = spec.clone();
        self.call(move |state, _| state.guest_define(&spec)).await
    }

    async fn guest_start(&self, id: Uuid) -> Result<()> {
        self.call(move |state, now| state.guest_start(id, now))
            .await
    }

    async fn guest_shutdown(&self, id: Uuid) -> Result<()> {
        self.call(move |state, now| state.guest_shutdown(id, now))
            .await
    }

    async fn guest_power_off(&self, id: Uuid) -> Result<()> {
        self.call(move |state, _| {
            state.guest_power_off(id);
            Ok(())
        })
        .await
    }

    async fn guest_undefine(&self, id: Uuid) -> Result<()> {
        self.call(move |state, _| {
            state.guests.remove(&id);
            Ok(())
        })
        .await
    }

    async fn guest_seed_eject(&self, id: Uuid) -> Result<()> {
        self.call(move |state, _| state.guest_seed_eject(id)).await
    }

    async fn guest_console(&self, id: Uuid, pool: &str, limit: usize) -> Result<String> {
        let pool = pool.to_owned();
        self.call(move |state, _| {
            state.pool_check(&pool)?;
            Ok(state.guest_console(id, limit))
        })
        .await
    }

    async fn guest_probe(&self, id: Uuid, target: &ProbeTarget) -> Result<Health> {
        let (inner, target) = (Arc::clone(&self.inner), target.clone());
        // Past the faults of calls: a guest is asked directly, not through its machine.
        blocking(move || inner.change(|state, _| Ok(state.probe(id, &target)))).await
    }

    fn events(&self) -> broadcast::Receiver<GuestEvent> {
        let receiver = self.inner.watch.sender.subscribe();
        self.inner.watch.task.get_or_init(|| {
            let (inner, period) = (Arc::downgrade(&self.inner), self.watch_period);
            tokio::spawn(async move {
                while let Some(inner) = inner.upgrade() {
                    let looked = blocking(move || {
                        inner.watch_once();
                        Ok(())
                    });
                    drop(looked.await);
                    sleep(period).await;
                }
            })
        });
        receiver
    }
}
