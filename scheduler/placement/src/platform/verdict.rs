//! The engine's refusals in the platform's words.

use berth_model::{Hindrance, MachineState, Shortage, Verdict, VerdictKind};

use super::{DISK, Platform};
use crate::{
    decide::Explained,
    fleet::{Ask, MachineNumber, Sizes},
    rules::{Frame, Refusal},
};

impl Platform {
    /// By machine. The first reason that no amount of room would cure is told alone; else
    /// everything that is short.
    pub(super) fn verdicts(&self, ask: &Ask, explained: &[Explained]) -> Vec<Verdict> {
        let frame = Frame::new(&self.fleet, ask, None);
        self.fleet
            .machines()
            .zip(explained)
            .map(|(machine, explained)| match explained {
                Explained::Fits { score } => Verdict::Fits { score: *score },
                Explained::Refused(_) => self.refused(&frame, machine),
            })
            .collect()
    }

    pub(super) fn refused(&self, frame: &Frame<'_>, machine: MachineNumber) -> Verdict {
        let refusals: Vec<Refusal> = frame.refusals(&self.fleet, machine).collect();
        let is_any = |kind: fn(&Refusal) -> bool| refusals.iter().any(kind);
        if is_any(|refusal| matches!(refusal, Refusal::Site)) {
            return Verdict::OtherSite;
        }
        if is_any(|refusal| matches!(refusal, Refusal::State(_))) {
            return self.closed(machine);
        }
        if is_any(|refusal| matches!(refusal, Refusal::Label(_))) {
            return Verdict::NoNetwork;
        }
        let missing = self.missing(&frame.need.sizes, &self.fleet.free(machine).whole);
        if !missing.is_empty() {
            return Verdict::Short { shortages: missing };
        }
        if is_any(|refusal| matches!(refusal, Refusal::TenantCap)) {
            return Verdict::TenantCap;
        }
        let room = &self.fleet.rooms[machine.index()].whole;
        let missing = self.missing(&frame.need.sizes, room);
        if !missing.is_empty() {
            return Verdict::Kept { shortages: missing };
        }
        Verdict::NoRestart
    }

    /// Why nothing new goes there, whatever it is.
    pub(super) fn closed(&self, machine: MachineNumber) -> Verdict {
        match self.known(machine).machine.state {
            MachineState::Active => Verdict::Unreachable,
            state => Verdict::State { state },
        }
    }

    /// What of these sizes there isn't.
    pub(super) fn missing(&self, sizes: &Sizes, room: &Sizes) -> Vec<Shortage> {
        let mut found = Vec::new();
        for lane in 0..=DISK {
            let missing = sizes[lane].saturating_sub(room[lane]);
            if sizes[lane] > 0 && missing > 0 {
                found.push(shortage(lane, missing));
            }
        }
        found
    }
}

/// Memory, vCPUs or disk.
pub(super) fn shortage(dimension: usize, missing: i64) -> Shortage {
    match dimension {
        0 => Shortage::Memory { missing },
        1 => Shortage::Vcpus { missing },
        _ => Shortage::Disk { missing },
    }
}

/// Of two ways to ask the same, what came closer to a place on each machine.
pub(super) fn best_of(one: Vec<Verdict>, other: Vec<Verdict>) -> Vec<Verdict> {
    let of = |verdict: &Verdict| match verdict {
        Verdict::Fits { score } => (distance(VerdictKind::Fits), *score),
        refused => (distance(refused.kind()), 0),
    };
    let closer = |(one, other): (Verdict, Verdict)| match of(&other) < of(&one) {
        true => other,
        false => one,
    };
    one.into_iter().zip(other).map(closer).collect()
}

/// How far it is from a place.
pub(super) fn distance(verdict: VerdictKind) -> u8 {
    match verdict {
        VerdictKind::Fits => 0,
        VerdictKind::NoRestart => 1,
        VerdictKind::Kept => 2,
        VerdictKind::TenantCap => 3,
        VerdictKind::Short => 4,
        VerdictKind::NoNetwork => 5,
        VerdictKind::Unreachable | VerdictKind::State => 6,
        VerdictKind::DataElsewhere | VerdictKind::OtherSite => 7,
    }
}

impl From<&Refusal> for Hindrance {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::State(_) | Refusal::Site => Self::Closed,
            Refusal::Label(_) | Refusal::Taint(_) => Self::Network,
            Refusal::Cpu(_) | Refusal::Family => Self::Processors,
            Refusal::Short { dimension, missing } => Self::Short(shortage(*dimension, *missing)),
            Refusal::Kept { dimension, missing } => Self::Kept(shortage(*dimension, *missing)),
            Refusal::TenantCap => Self::TenantCap,
            // No NUMA nodes and no groups are told.
            Refusal::NoRestart | Refusal::Nodes { .. } | Refusal::Group(_) => Self::NoRestart,
        }
    }
}
