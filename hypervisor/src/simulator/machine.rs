//! A simulated machine in its file, and the switches that only a simulated one has.

use std::{path::Path, sync::Arc, time::Duration};

use berth_model::{Clock, Error, Result, Timestamp};
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    Faults, SimulatedGuest, SimulatedPower, SimulatorConfig, SimulatorState,
    faults::{Fate, unavailable},
    file::StateFile,
    watch::Watch,
};

/// A machine that is simulated. Any number of them, in any number of processes, may share one file.
#[derive(Debug)]
pub struct SimulatedMachine {
    pub(super) inner: Arc<Inner>,
    pub(super) call_timeout: Duration,
    pub(super) watch_period: Duration,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) file: StateFile,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) watch: Watch,
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
                moving: None,
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
                guest.moving = None;
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
            // One that arrives is defined only once it has arrived.
            state.guests.retain(|_, guest| !guest.power.is_arriving());
            for guest in state.guests.values_mut() {
                guest.power = SimulatedPower::Off;
                guest.moving = None;
            }
            Ok(())
        })
    }

    /// A call, with whatever the machine's faults make of it.
    pub(super) async fn call<T, W>(&self, work: W) -> Result<T>
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
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut SimulatorState, Timestamp) -> Result<T>,
    ) -> Result<T> {
        let now = self.clock.now();
        self.file.change(|state| {
            state.moves_settle(&self.file)?;
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

    pub(super) fn watch_once(&self) {
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
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?
}
