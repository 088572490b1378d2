//! The next move that makes the load more even.

use std::{cmp::Ordering, collections::BTreeSet};

use super::sketch::Sketch;
use crate::fleet::{MachineNumber, VmNumber};

/// In a large fleet a move goes from one of this many that have most to one of as many that have
/// least.
pub(super) const FEW: usize = 24;
/// Up to this many all pairs are looked at.
const SMALL: usize = 64;

/// What makes one move better than another.
pub(super) struct Pick {
    /// The deviation without it.
    pub(super) now: i64,
    /// Deviations that differ by less are alike.
    pub(super) alike: i64,
    /// How much memory may be moved.
    pub(super) memory: i64,
    /// Whether the best is what brings most for the memory, or what brings most.
    pub(super) is_by_memory: bool,
}

/// One move.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    /// Afterwards.
    pub(super) deviation: i64,
    pub(super) memory: i64,
    pub(super) vm: VmNumber,
    pub(super) to: MachineNumber,
}

impl Pick {
    /// The best move; of alike ones that with the least memory.
    pub(super) fn best(&self, sketch: &Sketch<'_>) -> Option<Candidate> {
        let mut best = None;
        for machines in sketch.neighbourhoods() {
            let few = match machines.len() {
                count if count <= SMALL => count,
                _ => FEW,
            };
            let targets = &machines[machines.len() - few..];
            for from in &machines[..few] {
                self.best_from(sketch, *from, targets, &mut best);
            }
        }
        best
    }

    fn best_from(
        &self,
        sketch: &Sketch<'_>,
        from: MachineNumber,
        targets: &[MachineNumber],
        best: &mut Option<Candidate>,
    ) {
        // Moves of equal needs are equal, unless groups or caps say otherwise.
        let mut seen = BTreeSet::new();
        for vm in sketch.vms[from.index()].iter().copied() {
            let ask = sketch.fleet.ask_of(vm);
            let is_special =
                ask.groups.iter().any(Option::is_some) || sketch.fleet.policy.tenant_cap.is_some();
            let memory = sketch.memory_of(vm);
            if !sketch.is_movable[vm.index()]
                || memory > self.memory
                || (!seen.insert(ask.need) && !is_special)
            {
                continue;
            }
            let sums = sketch.without(ask.need, from);
            for to in targets.iter().copied().filter(|to| *to != from) {
                let most = best.map_or(i64::MAX, |best| self.most(&best, memory));
                let Some(deviation) = sketch.deviation_with(&sums, ask.need, to, most) else {
                    continue;
                };
                let found = Candidate {
                    deviation,
                    memory,
                    vm,
                    to,
                };
                let is_better = best.is_none_or(|best| self.order(&found, &best).is_lt());
                if is_better && sketch.is_allowed(vm, to) {
                    *best = Some(found);
                }
            }
        }
    }

    /// With more than this, something with so much memory is no better.
    fn most(&self, best: &Candidate, memory: i64) -> i64 {
        let gain = self.now - best.deviation;
        if self.is_by_memory && gain > 0 {
            let wanted = i128::from(gain) * i128::from(memory) / i128::from(best.memory.max(1));
            return self.now - i64::try_from(wanted).unwrap_or(i64::MAX);
        }
        (best.deviation.div_euclid(self.alike) + 1) * self.alike - 1
    }

    /// The better first.
    fn order(&self, one: &Candidate, other: &Candidate) -> Ordering {
        let worth = |one: &Candidate, memory: i64| {
            i128::from(self.now - one.deviation) * i128::from(memory.max(1))
        };
        let by_memory = match self.is_by_memory {
            true => worth(other, one.memory).cmp(&worth(one, other.memory)),
            false => Ordering::Equal,
        };
        let key = |of: &Candidate| {
            let about = of.deviation.div_euclid(self.alike);
            (about, of.memory, of.deviation, of.vm, of.to)
        };
        by_memory.then_with(|| key(one).cmp(&key(other)))
    }
}
