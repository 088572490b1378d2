//! Why a machine was chosen and each other was not: kept with the operation.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{MachineId, MachineState, bytes_text, states::states};

/// The whole of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The machine that was chosen, if one was.
    pub chosen: Option<MachineId>,
    /// In the order of their names: if none was chosen every machine of the site, else the chosen one
    /// and those of the site that came closest to it.
    pub candidates: Vec<Candidate>,
    /// The machines that are not among the candidates; those of other sites are.
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

states! {
    /// What would help something that found no place.
    pub enum PlacementRemedy {
        /// A smaller plan: some machine has too little room for this one.
        SmallerPlan = "SMALLER_PLAN",
        /// Fewer virtual machines of the tenant, or a higher cap: it has as many on a machine as it may have.
        FewerOfTenant = "FEWER_OF_TENANT",
        /// More addresses: the provider has to add some.
        MoreAddresses = "MORE_ADDRESSES",
        /// Time: machines are being worked on, or can't be reached.
        Later = "LATER",
    }
}

/// How many machines a line tells one by one.
const TOLD: usize = 6;

impl Explanation {
    /// For those who sell what the provider runs: how many machines of the site got which verdict, and
    /// nothing of any of them.
    #[must_use]
    pub fn counted(&self) -> Self {
        let mut others = self.counts();
        others.retain(|count| count.verdict != VerdictKind::OtherSite);
        Self {
            chosen: None,
            candidates: Vec::new(),
            others,
        }
    }

    /// What would help, if nothing fits.
    #[must_use]
    pub fn remedies(&self) -> Vec<PlacementRemedy> {
        let counts = self.counts();
        if counts
            .iter()
            .any(|count| count.verdict == VerdictKind::Fits)
        {
            return Vec::new();
        }
        let found = counts.iter().filter_map(|count| count.verdict.remedy());
        found.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// One line: `m2: 1.2 GiB of memory short; m3: draining; 12 more: in another site`. Of many that were
    /// refused only how many with which verdict: `40 machines: too little room; 1 machine: closed`.
    #[must_use]
    pub fn text(&self) -> String {
        let refused = |candidate: &&Candidate| candidate.verdict.kind() != VerdictKind::Fits;
        let told: Vec<&Candidate> = self.candidates.iter().filter(refused).collect();
        let is_told = (1..=TOLD).contains(&told.len());
        let counts = match is_told {
            true => self.others.clone(),
            false => self.counts(),
        };
        let counts = counts.iter();
        let counts = counts.filter(|count| count.verdict != VerdictKind::Fits);
        let counts = counts.map(|count| {
            let of = match (is_told, count.machines) {
                (true, _) => "more",
                (false, 1) => "machine",
                (false, _) => "machines",
            };
            format!("{} {of}: {}", count.machines, count.verdict.text())
        });
        let told = told.iter().filter(|_| is_told);
        let told =
            told.map(|candidate| format!("{}: {}", candidate.machine, candidate.verdict.text()));
        told.chain(counts).collect::<Vec<_>>().join("; ")
    }

    /// Of all machines.
    fn counts(&self) -> Vec<VerdictCount> {
        let mut counts: BTreeMap<VerdictKind, u32> = BTreeMap::new();
        for candidate in &self.candidates {
            *counts.entry(candidate.verdict.kind()).or_default() += 1;
        }
        for others in &self.others {
            *counts.entry(others.verdict).or_default() += others.machines;
        }
        let count = |(verdict, machines)| VerdictCount { verdict, machines };
        let mut counts: Vec<VerdictCount> = counts.into_iter().map(count).collect();
        counts.sort_by_key(|count| count.verdict == VerdictKind::OtherSite);
        counts
    }
}

impl VerdictKind {
    const fn remedy(self) -> Option<PlacementRemedy> {
        match self {
            Self::Short | Self::Kept | Self::NoRestart => Some(PlacementRemedy::SmallerPlan),
            Self::TenantCap => Some(PlacementRemedy::FewerOfTenant),
            Self::NoNetwork => Some(PlacementRemedy::MoreAddresses),
            Self::State | Self::Unreachable => Some(PlacementRemedy::Later),
            Self::Fits | Self::OtherSite | Self::DataElsewhere => None,
        }
    }

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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn refused(machines: u128) -> Explanation {
        let candidate = |number| Candidate {
            machine_id: MachineId(Uuid::from_u128(number)),
            machine: format!("m{number}"),
            verdict: match number {
                0 => Verdict::TenantCap,
                _ => Verdict::Short {
                    shortages: vec![Shortage::Vcpus { missing: 3 }],
                },
            },
        };
        Explanation {
            chosen: None,
            candidates: (0..machines).map(candidate).collect(),
            others: vec![VerdictCount {
                verdict: VerdictKind::OtherSite,
                machines: 4,
            }],
        }
    }

    #[test]
    fn a_few_machines_are_told_one_by_one_and_many_by_verdict() {
        assert_eq!(
            refused(2).text(),
            "m0: has as many of the tenant as it may; m1: 3 vCPUs short; 4 more: in another site"
        );
        assert_eq!(
            refused(9).text(),
            "8 machines: too little room; 1 machine: has as many of the tenant as it may; \
             4 machines: in another site"
        );
    }

    #[test]
    fn what_others_are_told_names_no_machine_no_amount_and_no_other_site() {
        let counted = refused(2).counted();
        assert_eq!(counted.candidates, []);
        assert_eq!(
            counted.text(),
            "1 machine: too little room; 1 machine: has as many of the tenant as it may"
        );
        let remedies = [PlacementRemedy::SmallerPlan, PlacementRemedy::FewerOfTenant];
        assert_eq!(counted.remedies(), remedies);
    }
}
