//! What guests do by themselves as time goes by: start, crash, go down.

use berth_model::Timestamp;
use chrono::TimeDelta;
use uuid::Uuid;

use super::{GuestFault, SimulatedData, SimulatedPower, SimulatorState};
use crate::{Health, ProbeTarget, Seed};

impl SimulatorState {
    /// Brings all guests to the present.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let ids: Vec<_> = self.guests.keys().copied().collect();
        for id in ids {
            self.settle_guest(id, now);
        }
        for guest in self.guests.values_mut() {
            // Only a guest that runs can go on being moved.
            guest.moving.take_if(|_| !guest.power.is_on());
        }
    }

    /// When the next guest does something by itself.
    pub(super) fn next_change(&self) -> Option<Timestamp> {
        let boot = millis(self.boot_millis);
        self.guests
            .values()
            .filter_map(|guest| match guest.power {
                SimulatedPower::On {
                    off_at: Some(off_at),
                    ..
                } => Some(off_at),
                SimulatedPower::On {
                    since,
                    is_started: false,
                    ..
                } => Some(since + boot / 2),
                _ => None,
            })
            .min()
    }

    fn settle_guest(&mut self, id: Uuid, now: Timestamp) {
        let boot = millis(self.boot_millis);
        let crashes = self.faults.of_guest(id) == Some(GuestFault::CrashesAtBoot);
        let Some(guest) = self.guests.get_mut(&id) else {
            return;
        };
        let SimulatedPower::On {
            since,
            is_started,
            off_at,
        } = guest.power
        else {
            return;
        };
        let down = off_at.filter(|at| *at <= now);
        let crash_at = since + boot / 2;
        if !is_started && crashes && crash_at <= now && down.is_none_or(|at| crash_at < at) {
            guest
                .console
                .push_str("Kernel panic - not syncing: simulated\n");
            guest.power = SimulatedPower::Crashed;
            return;
        }
        // A guest that goes down in the middle of its start has not come far enough to write.
        if !is_started && since + boot <= now && down.is_none_or(|at| since + boot <= at) {
            self.start_end(id, since + boot);
        }
        let Some(guest) = self.guests.get_mut(&id) else {
            return;
        };
        if down.is_some() {
            guest.console.push_str("reboot: Power down\n");
            guest.power = SimulatedPower::Off;
        } else if let SimulatedPower::On { is_started, .. } = &mut guest.power {
            *is_started = *is_started || since + boot <= now;
        }
    }

    /// What a guest has done by the end of its start (docs/guest-contract.md): formatted data
    /// volumes that never were, taken the newest seed, kept it.
    fn start_end(&mut self, id: Uuid, at: Timestamp) {
        let Some(guest) = self.guests.get_mut(&id) else {
            return;
        };
        let in_drive = guest
            .seed_volume
            .as_ref()
            .and_then(|name| self.volumes.get(name)?.upload.as_ref()?.seed.clone());
        let mut newest: Option<Seed> = in_drive;
        for (name, _) in &guest.data {
            let Some(volume) = self.volumes.get_mut(name) else {
                continue;
            };
            let data = volume.data.get_or_insert_with(|| {
                guest.console.push_str(&format!("formatting {name}\n"));
                SimulatedData {
                    formats: 1,
                    note: format!("{id} {at}"),
                    kept: None,
                }
            });
            if let Some(kept) = &data.kept
                && newest
                    .as_ref()
                    .is_none_or(|seed| seed.revision < kept.revision)
            {
                newest = Some(kept.clone());
            }
        }
        for (name, _) in &guest.data {
            let data = self
                .volumes
                .get_mut(name)
                .and_then(|volume| volume.data.as_mut());
            if let Some(data) = data {
                data.kept.clone_from(&newest);
            }
        }
        let line = match &newest {
            Some(seed) => format!("berth: revision {} is up\n", seed.revision),
            None => "berth: no seed\n".to_owned(),
        };
        guest.console.push_str(&line);
        guest.seed = newest;
    }

    /// What a deployment of a guest answers.
    pub(super) fn probe(&self, id: Uuid, target: &ProbeTarget) -> Health {
        let unreachable = |why: &str| Health::Unreachable(why.to_owned());
        if self.faults.unreachable {
            return unreachable("No answer: no route to host");
        }
        let Some(guest) = self.guests.get(&id) else {
            return unreachable("No answer: no guest");
        };
        if !matches!(
            guest.power,
            SimulatedPower::On {
                is_started: true,
                ..
            }
        ) {
            return unreachable("No answer: not started");
        }
        let Some(seed) = &guest.seed else {
            return unreachable("No answer: no seed");
        };
        if !seed
            .network
            .addresses
            .iter()
            .any(|network| network.addr() == target.address)
        {
            return unreachable("No answer: not its address");
        }
        if !seed
            .deployments
            .iter()
            .any(|one| one.http.port == target.port)
        {
            return unreachable("No answer: connection refused");
        }
        let found = seed
            .deployments
            .iter()
            .any(|one| one.http.port == target.port && one.domain_name == target.domain_name);
        if !found {
            return Health::Unhealthy("It answers 404 Not Found.".into());
        }
        if self.faults.of_guest(id) == Some(GuestFault::NeverHealthy) {
            return Health::Unhealthy("It answers 503 Service Unavailable.".into());
        }
        Health::Healthy
    }
}

pub(super) fn millis(millis: u64) -> TimeDelta {
    TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(i64::MAX / 1_000))
}
