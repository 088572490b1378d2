//! Spreads the load evenly with few moves.

use std::collections::BTreeSet;

use super::{Balance, Limits, Plan, refine::Refine, sketch::Sketch, wave::Planner};
use crate::fleet::{Fleet, MachineNumber, VmNumber};

/// In a large fleet a move goes from one of this many that have most to one of as many that have
/// least.
pub(super) const FEW: usize = 24;
/// Up to this many all pairs are looked at.
const SMALL: usize = 64;

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

impl Fleet {
    /// How evenly the fleet is loaded, in parts of `Balance::ONE`; 0 is even.
    #[must_use]
    pub fn imbalance(&self, balance: &Balance) -> i64 {
        Sketch::new(self, balance).deviation()
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

    fn rebalance_moves(&self, wanted: &Rebalance) -> Vec<(VmNumber, MachineNumber)> {
        let mut sketch = Sketch::new(self, &wanted.balance);
        let mut moved = BTreeSet::new();
        let mut memory: i64 = 0;
        while moved.len() < wanted.limits.moves {
            let now = sketch.deviation();
            let Some((deviation, vm, to)) = best_move(&mut sketch) else {
                break;
            };
            let gain = now - deviation;
            let size = self.needs[self.ask_of(vm).need.index()].sizes[0];
            if gain <= 0 || gain < wanted.least_gain || memory + size > wanted.limits.memory {
                break;
            }
            memory += size;
            sketch.shift(vm, to);
            moved.insert(vm);
        }
        let mut refine = Refine {
            sketch: &mut sketch,
            moved,
            worth: wanted.least_gain,
            found: None,
        };
        refine.run();
        let moved = refine.moved;
        let moves = moved.into_iter().filter_map(|vm| {
            let home = self.place_of(vm)?.machine;
            let to = sketch.at[vm.index()]?;
            (to != home).then_some((vm, to))
        });
        moves.collect()
    }

    /// Counts can't be evener than as evenly as whole numbers go; sizes could be quite even.
    fn imbalance_bound(&self, balance: &Balance) -> i64 {
        let sketch = Sketch::new(self, balance);
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
        let mut sketch = Sketch::new(self, balance);
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

/// The move after which the load is most even.
fn best_move(sketch: &mut Sketch<'_>) -> Option<(i64, VmNumber, MachineNumber)> {
    let by_pressure = sketch.by_pressure();
    let few = if by_pressure.len() <= SMALL {
        by_pressure.len()
    } else {
        FEW
    };
    let sources = &by_pressure[..few.min(by_pressure.len())];
    let targets = &by_pressure[by_pressure.len() - few.min(by_pressure.len())..];
    let mut best: Option<(i64, VmNumber, MachineNumber)> = None;
    for from in sources {
        // Moves of equal needs are equal, unless groups or caps say otherwise.
        let mut seen = BTreeSet::new();
        for vm in sketch.vms[from.index()].clone() {
            let ask = sketch.fleet.ask_of(vm);
            let is_special =
                ask.groups.iter().any(Option::is_some) || sketch.fleet.policy.tenant_cap.is_some();
            if !sketch.is_movable[vm.index()] || (!seen.insert(ask.need) && !is_special) {
                continue;
            }
            let sums = sketch.without(ask.need, *from);
            for to in targets.iter().filter(|to| *to != from) {
                let most = best.map_or(i64::MAX, |best| best.0);
                let Some(deviation) = sketch.deviation_with(&sums, ask.need, *to, most) else {
                    continue;
                };
                let found = (deviation, vm, *to);
                if best.is_none_or(|best| found < best) && sketch.is_allowed(vm, *to) {
                    best = Some(found);
                }
            }
        }
    }
    best
}
