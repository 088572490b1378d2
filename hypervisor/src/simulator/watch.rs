//! Events of a simulated machine: what its calls changed, and what other processes and time did.

use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use berth_model::Timestamp;
use tokio::{sync::broadcast, task::JoinHandle};
use uuid::Uuid;

use super::{SimulatedPower, SimulatorState};
use crate::GuestEvent;

const BACKLOG: usize = 1024;

/// Where a machine's events go.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) sender: broadcast::Sender<GuestEvent>,
    pub(super) task: OnceLock<JoinHandle<()>>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Of each guest: whether it is on, off, crashed or arriving, and its starts.
    guests: Option<BTreeMap<Uuid, (u8, u32)>>,
    next_change: Option<Timestamp>,
    stamp: Option<(u64, SystemTime)>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            sender: broadcast::Sender::new(BACKLOG),
            task: OnceLock::new(),
            seen: Mutex::default(),
        }
    }

    /// Whether something may have happened since the file was last looked at; remembers the look.
    pub(super) fn is_due(&self, stamp: Option<(u64, SystemTime)>, now: Timestamp) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let due = seen.stamp != stamp || seen.next_change.is_some_and(|at| at <= now);
        seen.stamp = stamp;
        due
    }

    /// Compares with what was seen before, and tells. A machine that can't be reached tells
    /// nothing; once it is back, everything must be looked at.
    pub(super) fn observe(&self, state: &SimulatorState) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.next_change = state.next_change();
        let cut_off = state.faults.unreachable || state.faults.hangs;
        if cut_off {
            if seen.guests.take().is_some() {
                self.tell(None);
            }
            return;
        }
        let guests: BTreeMap<_, _> = state
            .guests
            .iter()
            .map(|(id, guest)| (*id, (power_number(&guest.power), guest.starts)))
            .collect();
        match &seen.guests {
            None => self.tell(None),
            Some(before) => {
                let ids = guests
                    .keys()
                    .chain(before.keys().filter(|id| !guests.contains_key(id)));
                for id in ids.filter(|id| guests.get(id) != before.get(id)) {
                    self.tell(Some(*id));
                }
            }
        }
        seen.guests = Some(guests);
    }

    fn tell(&self, id: Option<Uuid>) {
        // An error means that nobody listens, which is fine.
        drop(self.sender.send(GuestEvent { id }));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

fn power_number(power: &SimulatedPower) -> u8 {
    match power {
        SimulatedPower::Off => 0,
        SimulatedPower::Crashed => 1,
        SimulatedPower::On { .. } => 2,
        SimulatedPower::Arriving { .. } => 3,
    }
}
