//! What the engine finds of every machine for a request, and what is remembered of it: where only counters
//! matter, a placement changes nothing but the machine that it is on.

use berth_model::VerdictKind;

use super::{Platform, Request, decide::Asked, verdict::distance};
use crate::{
    decide::Explained,
    fleet::{MachineNumber, NeedNumber},
    rules::Refusal,
};

/// For how many requests it is remembered: there are a few plans.
const REQUESTS: usize = 16;

/// What was found of a machine, not yet in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) verdict: VerdictKind,
    /// Where it fits.
    pub(super) score: i64,
    /// Of which question: the one that came closest.
    pub(super) asked: usize,
}

/// What was found for a request, and the machines that changed since.
pub(super) struct Remembered {
    needs: Vec<NeedNumber>,
    found: Vec<Found>,
    changed: Vec<usize>,
}

impl Found {
    pub(super) fn fits(&self) -> bool {
        self.verdict == VerdictKind::Fits
    }

    /// From a place: those that are closest come first.
    pub(super) fn distance(&self) -> (u8, i64) {
        (distance(self.verdict), self.score)
    }
}

impl Platform {
    /// By machine.
    pub(super) fn found(&mut self, request: &Request, asked: &[Asked]) -> Vec<Found> {
        let needs = needs(asked);
        let mut known = self.remembered.iter();
        let Some(known) = known.position(|known| known.needs == needs) else {
            let machines: Vec<usize> = (0..self.facts.machines.len()).collect();
            return self.look(request, asked, &machines);
        };
        let mut known = self.remembered.swap_remove(known);
        let looked = self.look(request, asked, &known.changed);
        for (index, found) in known.changed.into_iter().zip(looked) {
            known.found[index] = found;
        }
        known.found
    }

    /// Remembers what was found before something was placed on this machine.
    pub(super) fn found_keep(
        &mut self,
        asked: &[Asked],
        found: Vec<Found>,
        placed: Option<MachineNumber>,
    ) {
        if self.facts.reservations.is_some() {
            return;
        }
        if self.remembered.len() == REQUESTS {
            self.remembered.remove(0);
        }
        self.remembered.push(Remembered {
            needs: needs(asked),
            found,
            changed: Vec::new(),
        });
        let Some(machine) = placed else { return };
        for known in &mut self.remembered {
            if !known.changed.contains(&machine.index()) {
                known.changed.push(machine.index());
            }
        }
    }

    /// These machines now.
    fn look(&mut self, request: &Request, asked: &[Asked], machines: &[usize]) -> Vec<Found> {
        let mut best: Vec<Found> = Vec::new();
        for (index, asked) in asked.iter().enumerate() {
            let explained = self
                .fleet
                .explain_some(&asked.ask, machines.iter().copied());
            let found = machines.iter().zip(explained);
            let found = found.map(|(machine, explained)| Found {
                verdict: self.kind(request, MachineNumber::at(*machine), &explained),
                score: match explained {
                    Explained::Fits { score } => score,
                    Explained::Refused(_) => 0,
                },
                asked: index,
            });
            if index == 0 {
                best = found.collect();
                continue;
            }
            for (one, other) in best.iter_mut().zip(found) {
                if other.distance() < one.distance() {
                    *one = other;
                }
            }
        }
        best
    }

    /// The kind of what [`Platform::verdicts`] would tell.
    fn kind(
        &self,
        request: &Request,
        machine: MachineNumber,
        explained: &Explained,
    ) -> VerdictKind {
        let refusal = match explained {
            Explained::Fits { .. } => return VerdictKind::Fits,
            Explained::Refused(refusal) => refusal,
        };
        match refusal {
            Refusal::State(_) if self.known(machine).site_id == request.site_id => {
                self.closed(machine).kind()
            }
            Refusal::State(_) | Refusal::Site => VerdictKind::OtherSite,
            Refusal::Label(_) | Refusal::Taint(_) | Refusal::Cpu(_) | Refusal::Family => {
                VerdictKind::NoNetwork
            }
            Refusal::Short { .. } => VerdictKind::Short,
            Refusal::TenantCap => VerdictKind::TenantCap,
            Refusal::Kept { .. } => VerdictKind::Kept,
            Refusal::NoRestart | Refusal::Nodes { .. } | Refusal::Group(_) => {
                VerdictKind::NoRestart
            }
        }
    }
}

fn needs(asked: &[Asked]) -> Vec<NeedNumber> {
    asked.iter().map(|asked| asked.ask.need).collect()
}
