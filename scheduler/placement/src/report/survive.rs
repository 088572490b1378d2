//! What would happen if something failed.

use serde::Serialize;

use super::{Report, reason::machine, words};
use crate::{Domain, Lost, MachineNumber, State, Survival, file::Loaded};

/// So many pairs of failures are tried; of more domains those with most to restart.
pub const PAIRS_MOST: usize = 50_000;

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SurviveReport {
    /// What fails as one: `machine`, `rack` or `site`.
    pub domain: &'static str,
    /// How many at once.
    pub failures: u8,
    /// What has failed already.
    pub failed: Option<FailedTold>,
    /// What has no place kept for it now.
    pub unprotected: Vec<String>,
    /// Each failure alone.
    pub survivals: Vec<SurvivalTold>,
    /// Two failures at once.
    pub pairs: Option<PairsTold>,
}

/// What has failed already. Everything else is told as if this had been restarted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedTold {
    /// These machines.
    pub machines: Vec<String>,
    /// How many of what was there are to be restarted.
    pub restarts: usize,
    /// What of it has no place.
    pub left: Vec<String>,
}

/// One failure, or one pair of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SurvivalTold {
    /// What fails.
    pub names: Vec<String>,
    /// The machines that it is.
    pub machines: Vec<String>,
    /// How many of what runs there are to be restarted.
    pub restarts: usize,
    /// How many of those would have a place that is kept for them.
    pub kept: usize,
    /// How many more would find one.
    pub found: usize,
    /// Which wouldn't.
    pub lost: Vec<LostTold>,
}

/// What would be lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LostTold {
    /// Which.
    pub vm: String,
    /// The higher is restarted first.
    pub priority: u8,
}

/// Two failures at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PairsTold {
    /// How many there are.
    pub possible: usize,
    /// How many were tried: all, or those of the domains with most to restart.
    pub tried: usize,
    /// Those after which something would be lost.
    pub lost: Vec<SurvivalTold>,
}

/// What is asked.
#[derive(Clone, Copy)]
struct Wanted {
    domain: Domain,
    across_sites: bool,
}

/// A name and what it stands for.
type Failing = (String, Vec<MachineNumber>);

impl SurviveReport {
    /// Each failure of this kind of domain; of the policy's, and of machines without a policy, where none
    /// is named. As many at once as the policy says. What has failed already is restarted first, and the
    /// fleet is left so. Restarts stay in their site unless they may go to others, or sites fail.
    pub fn new(loaded: &mut Loaded, domain: Option<Domain>, across_sites: bool) -> Self {
        let survive = loaded.fleet.policy().survive;
        let domain = domain
            .or(survive.map(|survive| survive.domain))
            .unwrap_or(Domain::Machine);
        let wanted = Wanted {
            domain,
            across_sites: across_sites || domain == Domain::Site,
        };
        let failures = survive.map_or(1, |survive| survive.failures);
        let unprotected = loaded.unprotected();
        let failed = failed_already(loaded, wanted.across_sites);
        let mut failing = loaded.domains(domain);
        for (_, machines) in &mut failing {
            machines.retain(|one| loaded.fleet.state(*one) != State::Failed);
        }
        failing.retain(|(_, machines)| !machines.is_empty());
        let survivals: Vec<SurvivalTold> = failing
            .iter()
            .map(|one| SurvivalTold::new(loaded, wanted, &[one]))
            .collect();
        let pairs = (failures > 1).then(|| {
            let restarts = survivals.iter().map(|one| one.restarts);
            PairsTold::new(loaded, wanted, failing.iter().zip(restarts).collect())
        });
        Self {
            domain: name(domain),
            failures,
            failed,
            unprotected,
            survivals,
            pairs,
        }
    }

    fn losing(&self) -> usize {
        let singles = self.survivals.iter();
        let pairs = self.pairs.iter().flat_map(|pairs| &pairs.lost);
        let is_losing = |one: &&SurvivalTold| !one.lost.is_empty();
        singles.chain(pairs).filter(is_losing).count()
    }
}

/// Restarts what has failed, so that it isn't mixed into every other failure. What has no place is gone
/// from what follows.
fn failed_already(loaded: &mut Loaded, across_sites: bool) -> Option<FailedTold> {
    let is_failed = |one: &MachineNumber| loaded.fleet.state(*one) == State::Failed;
    let machines: Vec<MachineNumber> = loaded.fleet.machines().filter(is_failed).collect();
    if machines.is_empty() {
        return None;
    }
    let plan = loaded.fleet.recover_plan(across_sites);
    let mut left: Vec<_> = plan.left.iter().map(|left| left.vm).collect();
    for step in plan.steps() {
        if loaded.fleet.recover_step(step).is_err() {
            left.push(step.vm);
        }
    }
    for vm in &left {
        loaded.fleet.vm_remove(*vm);
    }
    loaded.fleet.protect();
    Some(FailedTold {
        machines: machines.iter().map(|one| machine(loaded, *one)).collect(),
        restarts: plan.moves() + plan.left.len(),
        left: left.iter().map(|vm| loaded.vm_name(*vm)).collect(),
    })
}

impl SurvivalTold {
    fn new(loaded: &mut Loaded, wanted: Wanted, failing: &[&Failing]) -> Self {
        let machines: Vec<MachineNumber> = failing.iter().flat_map(|one| one.1.clone()).collect();
        let Survival {
            machines,
            restarts,
            kept,
            found,
            lost: all,
        } = loaded.fleet.survives_within(machines, wanted.across_sites);
        let lost = |lost: &Lost| LostTold {
            vm: loaded.vm_name(lost.vm),
            priority: loaded.fleet.ask_of(lost.vm).priority,
        };
        Self {
            names: failing.iter().map(|one| one.0.clone()).collect(),
            machines: match wanted.domain {
                Domain::Machine => Vec::new(),
                _ => machines.iter().map(|one| machine(loaded, *one)).collect(),
            },
            restarts,
            kept,
            found,
            lost: all.iter().map(lost).collect(),
        }
    }

    fn line(&self) -> String {
        let mut line = self.names.join(" and ");
        if !self.machines.is_empty() {
            line += &format!(" ({})", words::count(self.machines.len(), "machine"));
        }
        line += &format!(
            ": {} to restart, {} in a place kept for it, {} elsewhere, {} lost",
            self.restarts,
            self.kept,
            self.found,
            self.lost.len()
        );
        if !self.lost.is_empty() {
            let names: Vec<String> = self.lost.iter().map(|one| one.vm.clone()).collect();
            line += &format!(": {}", words::some(&names));
        }
        line
    }
}

impl PairsTold {
    fn new(loaded: &mut Loaded, wanted: Wanted, mut failing: Vec<(&Failing, usize)>) -> Self {
        let count = failing.len();
        let possible = count * count.saturating_sub(1) / 2;
        if possible > PAIRS_MOST {
            // Those with most to restart, in the order of the file.
            let mut most: Vec<usize> = failing.iter().map(|one| one.1).collect();
            most.sort_unstable_by(|one, other| other.cmp(one));
            let few = few();
            let least = most[few];
            let mut equal = few - most.iter().filter(|one| **one > least).count();
            failing.retain(|one| {
                let is_equal = one.1 == least && equal > 0;
                equal -= usize::from(is_equal);
                one.1 > least || is_equal
            });
        }
        let (mut tried, mut lost) = (0, Vec::new());
        for (position, (one, _)) in failing.iter().enumerate() {
            for (other, _) in &failing[position + 1..] {
                tried += 1;
                let survival = SurvivalTold::new(loaded, wanted, &[one, other]);
                if !survival.lost.is_empty() {
                    lost.push(survival);
                }
            }
        }
        Self {
            possible,
            tried,
            lost,
        }
    }

    fn lines(&self, domain: &str) -> Vec<String> {
        let (possible, tried) = (self.possible, self.tried);
        let all = words::count(possible, "pair");
        let losing = self.lost.len();
        let limit = if tried < possible {
            format!(
                "; {tried} were tried, those of the {domain}s with most to restart (at most {PAIRS_MOST} are)"
            )
        } else {
            String::new()
        };
        let mut lines: Vec<String> = self.lost.iter().map(SurvivalTold::line).collect();
        lines.push(format!(
            "{all} of {domain}s at once: {losing} with something lost{limit}"
        ));
        lines
    }
}

/// As many domains as have no more pairs than are tried.
fn few() -> usize {
    let mut count = 2;
    while (count + 1) * count / 2 <= PAIRS_MOST {
        count += 1;
    }
    count
}

fn name(domain: Domain) -> &'static str {
    match domain {
        Domain::Machine => "machine",
        Domain::Rack => "rack",
        Domain::Site => "site",
    }
}

impl Report for SurviveReport {
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(failed) = &self.failed {
            let left = match failed.left.len() {
                0 => "all have a place".to_owned(),
                _ => format!("no place for {}", words::some(&failed.left)),
            };
            lines.push(format!(
                "failed already: {} ({} to restart, {left}); the rest is told as if that had been done",
                words::some(&failed.machines),
                failed.restarts
            ));
        }
        if !self.unprotected.is_empty() {
            let names = words::some(&self.unprotected);
            lines.push(format!("no place is kept now for: {names}"));
        }
        lines.extend(self.survivals.iter().map(SurvivalTold::line));
        if self.survivals.is_empty() {
            lines.push("There is nothing that could fail.".to_owned());
        }
        let pairs = self.pairs.iter();
        lines.extend(pairs.flat_map(|pairs| pairs.lines(self.domain)));
        lines
    }

    fn complaint(&self) -> Option<String> {
        let losing = self.losing();
        let of = words::count(losing, "failure");
        let left = self.failed.iter().any(|failed| !failed.left.is_empty());
        match (losing, left) {
            (0, false) => None,
            (0, true) => Some("something that failed already has no place".to_owned()),
            _ => Some(format!("{of} would lose something")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_pairs_are_tried_as_there_may_be() {
        let few = few();
        assert_eq!(few, 316);
        assert!(few * (few - 1) / 2 <= PAIRS_MOST && few * (few + 1) / 2 > PAIRS_MOST);
    }
}
