//! Why a machine was chosen and each other was not: kept with the operation.

use serde::{Deserialize, Serialize};

use crate::{MachineId, MachineState, bytes_text};

/// The whole of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The machine that was chosen, if one was.
    pub chosen: Option<MachineId>,
    /// Every machine that was looked at, in the order of their names.
    pub candidates: Vec<Candidate>,
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
    /// One line: `m2: 1.2 GiB of memory short; m3: draining`.
    #[must_use]
    pub fn text(&self) -> String {
        let refused = |candidate: &&Candidate| !matches!(candidate.verdict, Verdict::Fits { .. });
        let lines: Vec<String> = self
            .candidates
            .iter()
            .filter(refused)
            .map(|candidate| format!("{}: {}", candidate.machine, candidate.verdict.text()))
            .collect();
        lines.join("; ")
    }
}

impl Verdict {
    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Fits { score } => format!("fits, score {score}"),
            Self::State { state } => state.as_str().to_lowercase(),
            Self::Unreachable => "can't be reached".to_owned(),
            Self::OtherSite => "in another site".to_owned(),
            Self::DataElsewhere => "the data is on another machine".to_owned(),
            Self::NoNetwork => "no network with free addresses".to_owned(),
            Self::Short { shortages } => shortages_text(shortages),
            Self::TenantCap => "has as many of the tenant as it may".to_owned(),
            Self::Kept { shortages } => {
                format!("kept for restarts: {}", shortages_text(shortages))
            }
            Self::NoRestart => "no place to restart if it failed".to_owned(),
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
