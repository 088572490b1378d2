//! A decision in short: an order among a thousand machines shall not leave a thousand lines behind.

use std::collections::BTreeMap;

use berth_model::{Candidate, Explanation, MachineId, Verdict, VerdictCount, VerdictKind};

use super::{Platform, decide::Asked, found::Found};
use crate::{fleet::MachineNumber, rules::Frame};

/// How many machines are told one by one where one was chosen.
const LISTED: usize = 6;

impl Platform {
    /// Those that came closest one by one, and how many others there are.
    pub(super) fn summary(
        &self,
        asked: &[Asked],
        found: &[Found],
        closest: &[usize],
    ) -> Explanation {
        let mut is_listed = vec![false; found.len()];
        for index in closest {
            is_listed[*index] = true;
        }
        let others = found.iter().zip(is_listed);
        let others = others.filter(|(_, is_listed)| !is_listed);
        let others = counts(others.map(|(found, _)| found.verdict));
        let mut candidates: Vec<Candidate> = closest
            .iter()
            .map(|index| self.candidate(*index, self.in_words(asked, *index, found[*index])))
            .collect();
        candidates.sort_by(|one, other| one.machine.cmp(&other.machine));
        Explanation {
            chosen: None,
            candidates,
            others,
        }
    }

    fn in_words(&self, asked: &[Asked], index: usize, found: Found) -> Verdict {
        if found.fits() {
            return Verdict::Fits { score: found.score };
        }
        let frame = Frame::new(&self.fleet, &asked[found.asked].ask, None);
        self.refused(&frame, MachineNumber::at(index))
    }

    pub(super) fn candidate(&self, index: usize, verdict: Verdict) -> Candidate {
        let machine = &self.facts.machines[index].machine;
        Candidate {
            machine_id: machine.id,
            machine: machine.name.clone(),
            verdict,
        }
    }

    /// Of what grows where it is, the others are told as one.
    pub(super) fn summary_there(&self, there: MachineId, verdicts: Vec<Verdict>) -> Explanation {
        let mut explanation = self.explained(verdicts);
        if explanation.candidates.len() <= LISTED {
            return explanation;
        }
        let candidates = explanation.candidates.into_iter();
        let (listed, others): (Vec<_>, Vec<_>) =
            candidates.partition(|candidate| candidate.machine_id == there);
        explanation.candidates = listed;
        let others = counts(others.iter().map(|other| other.verdict.kind()));
        explanation.others.extend(others);
        explanation
    }

    /// Every machine of the site, with their names, in their order. Nobody asked about other sites: how
    /// many machines they have is enough.
    pub(super) fn explained(&self, verdicts: Vec<Verdict>) -> Explanation {
        let all = verdicts.into_iter().enumerate();
        let (others, of_site): (Vec<_>, Vec<_>) =
            all.partition(|(_, verdict)| *verdict == Verdict::OtherSite);
        let candidate = |(index, verdict)| self.candidate(index, verdict);
        let mut candidates: Vec<Candidate> = of_site.into_iter().map(candidate).collect();
        candidates.sort_by(|one, other| one.machine.cmp(&other.machine));
        Explanation {
            chosen: None,
            candidates,
            others: counts(others.iter().map(|(_, verdict)| verdict.kind())),
        }
    }
}

/// The positions of those of the site that came closest, in this order.
pub(super) fn closest(found: &[Found]) -> Vec<usize> {
    let key = |index: usize| (found[index].distance(), index);
    let mut closest: Vec<usize> = Vec::with_capacity(LISTED + 1);
    let of_site = found.iter().enumerate();
    let of_site = of_site.filter(|(_, found)| found.verdict != VerdictKind::OtherSite);
    for (index, _) in of_site {
        let place = closest.partition_point(|other| key(*other) < key(index));
        if place < LISTED {
            closest.insert(place, index);
            closest.truncate(LISTED);
        }
    }
    closest
}

fn counts(verdicts: impl Iterator<Item = VerdictKind>) -> Vec<VerdictCount> {
    let mut counts: BTreeMap<VerdictKind, u32> = BTreeMap::new();
    for verdict in verdicts {
        *counts.entry(verdict).or_default() += 1;
    }
    let count = |(verdict, machines)| VerdictCount { verdict, machines };
    counts.into_iter().map(count).collect()
}
