//! Hints: what machines tell by themselves.

use berth_model::MachineId;
use berth_store::MachineToCheck;
use tokio::sync::{broadcast::error::RecvError, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::Reconciler;

impl Reconciler {
    /// Passes the machine's events on as hints, until `stop`. Hints that find the queue full are
    /// dropped: the period comes anyway.
    pub(super) fn listen(
        &self,
        item: &MachineToCheck,
        tasks: &TaskTracker,
        hint: mpsc::Sender<MachineId>,
        stop: CancellationToken,
    ) {
        let machine = match self.machines.get(&item.machine) {
            Ok(machine) => machine,
            Err(error) => {
                tracing::warn!(%error, machine = item.machine.name, "no events of this machine");
                return;
            }
        };
        let id = item.machine.id;
        tasks.spawn(async move {
            let mut events = machine.events();
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    event = events.recv() => match event {
                        Ok(_) | Err(RecvError::Lagged(_)) => {
                            let _ = hint.try_send(id);
                        }
                        Err(RecvError::Closed) => return,
                    },
                }
            }
        });
    }
}
