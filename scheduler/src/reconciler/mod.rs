//! Keeps it true: compares what is wanted with what is found, on a period and on every hint, and
//! asks for operations. It changes nothing on a machine itself.
//!
//! Several workers may reconcile at once: what they ask for is checked under the virtual machine's
//! lock.

mod guests;
mod hints;
mod housekeeping;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use berth_model::{MachineId, Result};
use berth_store::{MachineToCheck, Store};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Machines, ReconcilerConfig};

/// Finds differences and asks for repairs.
#[derive(Clone)]
pub struct Reconciler {
    store: Store,
    machines: Arc<Machines>,
    config: ReconcilerConfig,
    /// Machines that are being looked at, and whether a hint came meanwhile: one that hangs is not
    /// looked at twice at a time, and one that changes is looked at once more.
    busy: Arc<Mutex<HashMap<MachineId, bool>>>,
}

impl Reconciler {
    /// Over these machines.
    #[must_use]
    pub fn new(store: Store, machines: Arc<Machines>, config: ReconcilerConfig) -> Self {
        Self {
            store,
            machines,
            config,
            busy: Arc::default(),
        }
    }

    /// Works until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let (hint, mut hints) = mpsc::channel(1024);
        let mut listening = HashSet::new();
        let mut period = tokio::time::interval(self.config.period);
        period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = period.tick() => {
                    self.housekeep().await;
                    self.look_at(None, &tasks, &mut listening, &hint, &stop).await;
                }
                Some(id) = hints.recv() => {
                    self.look_at(Some(id), &tasks, &mut listening, &hint, &stop).await;
                }
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    /// One whole round, for tests and for `berth fleet reconcile`: every machine, then what time
    /// brings.
    pub async fn once(&self) -> Result<()> {
        for item in self.store.machines_to_check().await? {
            self.machine_check(&item).await;
        }
        self.housekeep().await;
        Ok(())
    }

    /// Looks at all machines, or at one, each in a task of its own: one that hangs delays no other.
    async fn look_at(
        &self,
        only: Option<MachineId>,
        tasks: &TaskTracker,
        listening: &mut HashSet<MachineId>,
        hint: &mpsc::Sender<MachineId>,
        stop: &CancellationToken,
    ) {
        let found = match self.store.machines_to_check().await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, cause = error.cause_text(), "machines can't be listed");
                return;
            }
        };
        for item in found {
            let id = item.machine.id;
            if only.is_some_and(|only| only != id) || !self.begin(id) {
                continue;
            }
            if listening.insert(id) {
                self.listen(&item, tasks, hint.clone(), stop.clone());
            }
            let (this, hint, stop) = (self.clone(), hint.clone(), stop.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = this.machine_check(&item) => {}
                }
                if this.end(id) {
                    // What finds the queue full waits for the period.
                    let _ = hint.try_send(id);
                }
            });
        }
    }

    async fn machine_check(&self, item: &MachineToCheck) {
        let checked = tokio::time::timeout(self.config.look_limit, self.guests_check(item)).await;
        let problem = match checked {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!("{error} {}", error.cause_text()),
            Err(_) => "it did not answer in time".to_owned(),
        };
        tracing::warn!(
            machine = item.machine.name,
            problem,
            "a machine can't be looked at"
        );
        if let Err(error) = self.store.machine_unreachable(item.machine.id).await {
            tracing::warn!(%error, cause = error.cause_text(), "that can't be written");
        }
    }

    /// `false` if it is looked at now; then it is looked at again after that.
    fn begin(&self, id: MachineId) -> bool {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        match busy.get_mut(&id) {
            Some(again) => {
                *again = true;
                false
            }
            None => busy.insert(id, false).is_none(),
        }
    }

    /// Whether a hint came meanwhile.
    fn end(&self, id: MachineId) -> bool {
        self.busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id)
            .unwrap_or(false)
    }
}
