//! Why a machine was chosen and each other was not: kept with the operation.

use serde::{Deserialize, Serialize};

use crate::{MachineId, MachineState, bytes_text};

/// The whole of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The machine that was chosen, if one was.
    pub chosen: Option<MachineId>,
    /// In the order of their names: if none was chosen every machine that was looked at, else the
    /// chosen one and those that came closest to it.
    pub candidates: Vec<Candidate>,
    /// The machines that are not among the candidates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<VerdictCount>,
}

/// How many machines something was found of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictCount {
    /// What was found.
    pub verdict: VerdictKind,
    /// Of how many.
    pub machines: u32,
}

/// One machine in a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Which.
    pub machine_id: MachineId,
    /// Its name then.
    pub machine: String,
    /// What was found.
    pub verdict: Verdict,
}

/// What was found of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// It fits. The lower the score, the better.
    Fits {
        /// What is unsold, in parts of 2^20; see `docs/placement.md`.
        score: i64,
    },
    /// The provider doesn't want new virtual machines there.
    State {
        /// Its state.
        state: MachineState,
    },
    /// It can't be reached.
    Unreachable,
    /// It is in another site than was asked for.
    OtherSite,
    /// The data volumes are on another machine.
    DataElsewhere,
    /// It isn't on a network with free addresses.
    NoNetwork,
    /// It has too little of something: everything that is short.
    Short {
        /// What, and by how much.
        shortages: Vec<Shortage>,
    },
    /// The tenant has as many there as it may have.
    TenantCap,
    /// There is room, but it is kept for what would be restarted there if another machine failed.
    Kept {
        /// What is short beside what is kept, and by how much.
        shortages: Vec<Shortage>,
    },
    /// If the machine failed, it, or something that is there already, would have no place.
    NoRestart,
}

/// A verdict without its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VerdictKind {
    /// As [`Verdict::Fits`].
    Fits,
    /// As [`Verdict::State`].
    State,
    /// As [`Verdict::Unreachable`].
    Unreachable,
    /// As [`Verdict::OtherSite`].
    OtherSite,
    /// As [`Verdict::DataElsewhere`].
    DataElsewhere,
    /// As [`Verdict::NoNetwork`].
    NoNetwork,
    /// As [`Verdict::Short`].
    Short,
    /// As [`Verdict::TenantCap`].
    TenantCap,
    /// As [`Verdict::Kept`].
    Kept,
    /// As [`Verdict::NoRestart`].
    NoRestart,
}

/// Too little of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Shortage {
    /// Memory.
    Memory {
        /// In bytes.
        missing: i64,
    },
    /// Virtual CPUs.
    Vcpus {
        /// How many.
        missing: i64,
    },
    /// Disk in the storage pool.
    Disk {
        /// In bytes.
        missing: i64,
    },
}

impl Explanation {
    /// One line: `m2: 1.2 GiB of memory short; m3: draining; 12 more: in another site`.
    #[must_use]
    pub fn text(&self) -> String {
        let refused = |candidate: &&Candidate| !matches!(candidate.verdict, Verdict::Fits { .. });
        let candidates = self.candidates.iter().filter(refused);
        let candidates = candidates
            .map(|candidate| format!("{}: {}", candidate.machine, candidate.verdict.text()));
        let others = self.others.iter();
        let others = others.filter(|others| others.verdict != VerdictKind::Fits);
        let others =
            others.map(|others| format!("{} more: {}", others.machines, others.verdict.text()));
        candidates.chain(others).collect::<Vec<_>>().join("; ")
    }
}

impl VerdictKind {
    /// For people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::State => "closed",
            Self::Unreachable => "can't be reached",
            Self::OtherSite => "in another site",
            Self::DataElsewhere => "the data is on another machine",
            Self::NoNetwork => "no network with free addresses",
            Self::Short => "too little room",
            Self::TenantCap => "has as many of the tenant as it may",
            Self::Kept => "kept for restarts",
            Self::NoRestart => "no place to restart if it failed",
        }
    }
}

impl Verdict {
    /// Without its figures.
    #[must_use]
    pub fn kind(&self) -> VerdictKind {
        match self {
            Self::Fits { .. } => VerdictKind::Fits,
            Self::State { .. } => VerdictKind::State,
            Self::Unreachable => VerdictKind::Unreachable,
            Self::OtherSite => VerdictKind::OtherSite,
            Self::DataElsewhere => VerdictKind::DataElsewhere,
            Self::NoNetwork => VerdictKind::NoNetwork,
            Self::Short { .. } => VerdictKind::Short,
            Self::TenantCap => VerdictKind::TenantCap,
            Self::Kept { .. } => VerdictKind::Kept,
            Self::NoRestart => VerdictKind::NoRestart,
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Fits { score } => format!("fits, score {score}"),
            Self::State { state } => state.as_str().to_lowercase(),
            Self::Short { shortages } => shortages_text(shortages),
            Self::Kept { shortages } => {
                format!("{}: {}", self.kind().text(), shortages_text(shortages))
            }
            _ => self.kind().text().to_owned(),
        }
    }
}

fn shortages_text(shortages: &[Shortage]) -> String {
    let texts: Vec<String> = shortages.iter().map(Shortage::text).collect();
    texts.join(", ")
}

impl Shortage {
    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Memory { missing } => format!("{} of memory short", bytes_text(*missing)),
            Self::Vcpus { missing } => format!("{missing} vCPUs short"),
            Self::Disk { missing } => format!("{} of disk short", bytes_text(*missing)),
        }
    }
}
