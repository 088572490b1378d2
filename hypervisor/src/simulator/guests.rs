//! Guests of a simulated machine, by libvirt's rules.

use berth_model::{Result, Timestamp};
use uuid::Uuid;

use super::{
    SimulatedGuest, SimulatedPower, SimulatorState, boot::millis, faults::refused, volumes::missing,
};
use crate::{GuestFacts, GuestSpec};

impl SimulatorState {
    pub(super) fn guest_list(&self) -> Vec<GuestFacts> {
        self.guests
            .iter()
            .map(|(id, guest)| guest.facts(*id))
            .collect()
    }

    pub(super) fn guest_get(&self, id: Uuid) -> Option<GuestFacts> {
        self.guests.get(&id).map(|guest| guest.facts(id))
    }

    pub(super) fn guest_define(&mut self, spec: &GuestSpec) -> Result<()> {
        self.pool_check(&spec.pool)?;
        let asked = SimulatedGuest::new(spec);
        if self
            .guests
            .iter()
            .any(|(id, guest)| *id != spec.id && guest.name == spec.name)
        {
            return Err(refused(format!(
                "Another guest has the name {}.",
                spec.name
            )));
        }
        let Some(guest) = self.guests.get_mut(&spec.id) else {
            self.guests.insert(spec.id, asked);
            return Ok(());
        };
        if guest.power.is_arriving() {
            return Err(arriving(&guest.name));
        }
        if guest.power.is_on() {
            return same(guest, &asked);
        }
        let SimulatedGuest {
            starts, console, ..
        } = guest.clone();
        *guest = SimulatedGuest {
            starts,
            console,
            ..asked
        };
        Ok(())
    }

    pub(super) fn guest_start(&mut self, id: Uuid, now: Timestamp) -> Result<()> {
        let guest = self.guests.get(&id).ok_or_else(|| no_guest(id))?;
        if guest.power.is_arriving() {
            return Err(arriving(&guest.name));
        }
        if guest.power.is_on() {
            return Ok(());
        }
        for name in guest.volumes() {
            let volume = self.volumes.get(name).ok_or_else(|| missing(name))?;
            if let Some(base) = &volume.backing
                && !self.volumes.contains_key(base)
            {
                return Err(missing(base));
            }
        }
        let (memory_bytes, vcpus) = (guest.memory_bytes, guest.vcpus);
        self.room_take(memory_bytes, vcpus)?;
        if let Some(guest) = self.guests.get_mut(&id) {
            guest.power = SimulatedPower::On {
                since: now,
                is_started: false,
                off_at: None,
            };
            guest.starts += 1;
            guest.seed = None;
            guest.moving = None;
            guest.console = "Linux version 6.1.0-simulated\n".into();
        }
        self.settle(now);
        Ok(())
    }

    /// Finds out whether one more guest has room, and remembers how much they had together.
    pub(super) fn room_take(&mut self, memory_bytes: u64, vcpus: u32) -> Result<()> {
        let active = self.active().map(|one| one.memory_bytes).sum::<u64>();
        let memory = active + memory_bytes;
        let active = self.active().map(|one| u64::from(one.vcpus)).sum::<u64>();
        if memory > self.memory_bytes {
            return Err(refused(format!(
                "The guests would have {memory} of {} bytes of memory (overcommitted).",
                self.memory_bytes
            )));
        }
        self.peak_memory_bytes = self.peak_memory_bytes.max(memory);
        self.peak_vcpus = self.peak_vcpus.max(active + u64::from(vcpus));
        Ok(())
    }

    pub(super) fn guest_shutdown(&mut self, id: Uuid, now: Timestamp) -> Result<()> {
        let at = now + millis(self.shutdown_millis);
        let guest = self.guests.get_mut(&id).ok_or_else(|| no_guest(id))?;
        if let SimulatedPower::On {
            off_at: off_at @ None,
            ..
        } = &mut guest.power
        {
            *off_at = Some(at);
        }
        self.settle(now);
        Ok(())
    }

    pub(super) fn guest_power_off(&mut self, id: Uuid) {
        self.guests
            .retain(|one, guest| *one != id || !guest.power.is_arriving());
        if let Some(guest) = self.guests.get_mut(&id)
            && guest.power.is_on()
        {
            guest.power = SimulatedPower::Off;
            guest.moving = None;
        }
    }

    pub(super) fn guest_seed_eject(&mut self, id: Uuid) -> Result<()> {
        self.guests
            .get_mut(&id)
            .ok_or_else(|| no_guest(id))?
            .seed_volume = None;
        Ok(())
    }

    pub(super) fn guest_console(&self, id: Uuid, limit: usize) -> String {
        let console = self.guests.get(&id).map_or("", |guest| &guest.console);
        let tail = &console.as_bytes()[console.len().saturating_sub(limit)..];
        String::from_utf8_lossy(tail).into_owned()
    }
}

/// Whether a running guest is what is asked for. Its seed may have been ejected since.
fn same(guest: &SimulatedGuest, asked: &SimulatedGuest) -> Result<()> {
    let as_asked = guest.is_berths
        && guest.name == asked.name
        && guest.memory_bytes == asked.memory_bytes
        && guest.vcpus == asked.vcpus
        && guest.system_volume == asked.system_volume
        && guest.data == asked.data
        && guest.mac == asked.mac
        && (guest.seed_volume.is_none() || guest.seed_volume == asked.seed_volume);
    if as_asked {
        return Ok(());
    }
    Err(refused(format!(
        "The guest {} runs; it can be changed only while it is off.",
        guest.name
    )))
}

fn arriving(name: &str) -> berth_model::Error {
    refused(format!(
        "The guest {name} is being moved here, and runs elsewhere."
    ))
}

pub(super) fn no_guest(id: Uuid) -> berth_model::Error {
    refused(format!("A machine has no guest {id}."))
}
