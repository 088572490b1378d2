//! Spreads the load evenly with few moves.

use std::collections::BTreeSet;

use super::{Balance, Limits, Plan, pick::Pick, refine::Refine, sketch::Sketch, wave::Planner};
use crate::fleet::{Fleet, MachineNumber, VmNumber};

/// What differs by less than this part of what a move must bring is alike: then less memory is moved.
const ALIKE: i64 = 8;

/// What is wanted of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebalance {
    /// What should be even.
    pub balance: Balance,
    /// What may be moved.
    pub limits: Limits,
    /// A move that brings less than this is not made, in parts of `Balance::ONE`.
    pub least_gain: i64,
}

/// Where it would lead to move these; the first of several is the best.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Attempt {
    deviation: i64,
    memory: i64,
    moves: Vec<(VmNumber, MachineNumber)>,
}

impl Fleet {
    /// How evenly the fleet is loaded, in parts of `Balance::ONE`; 0 is even.
    #[must_use]
    pub fn imbalance(&self, balance: &Balance) -> i64 {
        Sketch::new(self, balance, true).deviation()
    }

    /// The moves that bring most, as few as bring it, in an order in which they can be carried out.
    pub fn rebalance_plan(&mut self, wanted: &Rebalance) -> Plan {
        let before = self.imbalance(&wanted.balance);
        let moves = self.rebalance_moves(wanted);
        let bound = self.imbalance_bound(&wanted.balance);
        let mut planner = Planner::new(self, wanted.limits);
        planner.carry_out(moves);
        let mut plan = planner.end();
        let best = self.gains(&mut plan, &wanted.balance);
        if best < plan.waves.len() {
            // What could be carried out of the rest makes it worse again.
            plan.waves.truncate(best);
            let mut planner = Planner::new(self, wanted.limits);
            planner.repeat(&plan.waves);
            plan = planner.end();
            self.gains(&mut plan, &wanted.balance);
        }
        plan.before = before;
        plan.after = before - plan.steps().map(|step| step.gain).sum::<i64>();
        plan.bound = bound;
        plan
    }

    /// Who goes where. What brings most is taken first; where memory is limited, what brings most for the
    /// memory is tried too.
    fn rebalance_moves(&self, wanted: &Rebalance) -> Vec<(VmNumber, MachineNumber)> {
        let mut best = self.rebalance_try(wanted, false);
        if wanted.limits.memory < i64::MAX {
            best = best.min(self.rebalance_try(wanted, true));
        }
        best.moves
    }

    fn rebalance_try(&self, wanted: &Rebalance, is_by_memory: bool) -> Attempt {
        let limits = &wanted.limits;
        let mut sketch = Sketch::new(self, &wanted.balance, limits.across_sites);
        let mut moved = BTreeSet::new();
        let mut memory: i64 = 0;
        while moved.len() < limits.moves {
            let now = sketch.deviation();
            let pick = Pick {
                now,
                alike: (wanted.least_gain / ALIKE).max(1),
                memory: limits.memory - memory,
                is_by_memory,
            };
            let Some(best) = pick.best(&sketch) else {
                break;
            };
            let gain = now - best.deviation;
            if gain <= 0 || gain < wanted.least_gain {
                break;
            }
            memory += best.memory;
            sketch.shift(best.vm, best.to);
            moved.insert(best.vm);
        }
        let mut refine = Refine {
            sketch: &mut sketch,
            moved,
            worth: wanted.least_gain,
            memory: limits.memory,
            is_lightening: false,
            found: None,
        };
        refine.run();
        let moved = refine.moved;
        let moves = moved.into_iter().filter_map(|vm| {
            let home = self.place_of(vm)?.machine;
            let to = sketch.at[vm.index()]?;
            (to != home).then_some((vm, to))
        });
        let moves: Vec<(VmNumber, MachineNumber)> = moves.collect();
        Attempt {
            deviation: sketch.deviation(),
            memory: moves.iter().map(|(vm, _)| sketch.memory_of(*vm)).sum(),
            moves,
        }
    }

    /// Counts can't be evener than as evenly as whole numbers go; sizes could be quite even.
    fn imbalance_bound(&self, balance: &Balance) -> i64 {
        let sketch = Sketch::new(self, balance, true);
        let machines = i64::try_from(sketch.machines.len()).unwrap_or(1).max(1);
        let vms: usize = sketch
            .machines
            .iter()
            .map(|machine| self.vms_of(*machine).len())
            .sum();
        let more = i64::try_from(vms).unwrap_or(0) % machines;
        // So many machines have one more than the others.
        let square = more * (machines - more);
        let root = square.unsigned_abs().isqrt();
        balance.count * crate::fleet::WHOLE * i64::try_from(root).unwrap_or(0) / machines
    }

    /// What each step brings, in order; and after how many waves it is best.
    fn gains(&self, plan: &mut Plan, balance: &Balance) -> usize {
        let mut sketch = Sketch::new(self, balance, true);
        let mut best = (sketch.deviation(), 0);
        for (number, wave) in plan.waves.iter_mut().enumerate() {
            for step in wave {
                let before = sketch.deviation();
                sketch.shift(step.vm, step.to.machine);
                step.gain = before - sketch.deviation();
            }
            best = best.min((sketch.deviation(), number + 1));
        }
        best.1
    }
}
