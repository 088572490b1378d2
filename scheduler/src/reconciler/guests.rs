//! Guests of one machine: wanted against found.

use std::collections::HashMap;

use berth_hypervisor::{GuestFacts, GuestPower};
use berth_model::{Result, VirtualMachineId};
use berth_store::{GuestExpected, GuestWanted, MachineToCheck};
use chrono::TimeDelta;

use super::Reconciler;
use crate::{
    metrics::{GUESTS_UNKNOWN, REPAIRS},
    observe::observe,
};

impl Reconciler {
    pub(super) async fn guests_check(&self, item: &MachineToCheck) -> Result<()> {
        let machine = self.machines.get(&item.machine)?;
        // What is wanted first: what changes after it is not taken for a difference.
        let (seen_at, expected) = self.store.guests_expected(item.machine.id).await?;
        let seen = observe(machine.as_ref(), &item.pool.name).await?;
        self.store
            .machine_record(None, item.machine.id, &seen.observation)
            .await?;
        let found: HashMap<VirtualMachineId, &GuestFacts> = seen
            .guests
            .iter()
            .map(|guest| (guest.id.into(), guest))
            .collect();
        let floor = TimeDelta::from_std(self.config.repair_floor).unwrap_or(TimeDelta::MAX);
        for wanted in &expected {
            let guest = found.get(&wanted.virtual_machine_id).copied();
            let Some(difference) = difference(wanted, guest) else {
                continue;
            };
            let operation = self.store.repair_enqueue(wanted, seen_at, floor).await?;
            if operation.is_some() {
                metrics::counter!(REPAIRS).increment(1);
                let vm = wanted.virtual_machine_id;
                tracing::info!(%vm, difference, "a repair is asked for");
            }
        }
        self.strangers_tell(item, &seen.guests).await
    }

    /// Guests with Berth's mark that the database doesn't have there are told loudly, and left
    /// alone.
    async fn strangers_tell(&self, item: &MachineToCheck, guests: &[GuestFacts]) -> Result<()> {
        let marked: Vec<VirtualMachineId> = guests
            .iter()
            .filter(|guest| guest.is_berths)
            .map(|guest| guest.id.into())
            .collect();
        let known = self.store.guests_known(item.machine.id, &marked).await?;
        let strangers: Vec<_> = marked.iter().filter(|id| !known.contains(id)).collect();
        metrics::gauge!(GUESTS_UNKNOWN, "machine" => item.machine.name.clone())
            .set(u32::try_from(strangers.len()).unwrap_or(u32::MAX));
        for id in strangers {
            let machine = item.machine.name.as_str();
            tracing::error!(machine, guest = %id, "a guest that Berth doesn't know");
        }
        Ok(())
    }
}

/// What is not as wanted.
fn difference(wanted: &GuestExpected, guest: Option<&GuestFacts>) -> Option<&'static str> {
    let is_on = guest.is_some_and(|guest| guest.power == GuestPower::On);
    match (wanted.wanted, guest) {
        (GuestWanted::On, None) => Some("it should run and isn't there"),
        (GuestWanted::On, Some(_)) if !is_on => Some("it should run and is off"),
        (GuestWanted::Off, Some(_)) if is_on => Some("it should stand still and runs"),
        (GuestWanted::Absent, Some(_)) => Some("it should be gone and is there"),
        _ => None,
    }
}
