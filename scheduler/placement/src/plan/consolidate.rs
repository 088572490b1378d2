//! Frees whole machines.

use super::{Limits, Plan, wave::Planner};
use crate::fleet::{Fleet, MachineNumber, State};

impl Fleet {
    /// Empties the machines that hold least, one after another, into others that are used, as long
    /// as one can be emptied entirely; then packs what is on several of the emptiest into fewer. Measured in machines that are used; the bound is what the sums
    /// of what is used would need.
    pub fn consolidate_plan(&mut self, limits: Limits) -> Plan {
        let before = self.machines_used();
        let bound = self.machines_bound();
        let mut order: Vec<MachineNumber> = self
            .machines()
            .filter(|machine| {
                let of = &self.machines[machine.index()];
                self.state(*machine) == State::Active && !of.vms.is_empty()
            })
            .collect();
        order.sort_by_key(|machine| (-self.unsold[machine.index()], *machine));
        let mut planner = Planner::new(self, limits);
        for machine in order {
            if planner.fleet.machines_used() <= bound {
                break;
            }
            planner.empty_or_not(machine);
        }
        planner.repack(bound);
        let after = planner.fleet.machines_used();
        planner.plan.before = i64::try_from(before).unwrap_or(0);
        planner.plan.after = i64::try_from(after).unwrap_or(0);
        planner.plan.bound = i64::try_from(bound).unwrap_or(0);
        let mut plan = planner.end();
        self.freed_keep(&mut plan);
        plan
    }

    /// What each step brings: a machine less for the last that leaves one, a machine more where it goes
    /// to an empty one.
    fn freed_keep(&self, plan: &mut Plan) {
        let mut counts: Vec<usize> = self
            .machines
            .iter()
            .map(|machine| machine.vms.len())
            .collect();
        for step in plan.waves.iter_mut().flatten() {
            let (from, to) = (step.from.machine.index(), step.to.machine.index());
            step.gain = i64::from(counts[from] == 1) - i64::from(counts[to] == 0);
            counts[from] -= 1;
            counts[to] += 1;
        }
    }

    /// As few machines as the sums need: of each dimension as many of the largest as hold all.
    fn machines_bound(&self) -> usize {
        let bound = |lane: usize| {
            let used: i64 = self.used.iter().map(|used| used.whole[lane]).sum();
            let mut limits: Vec<i64> = self
                .machines
                .iter()
                .map(|machine| machine.limit.whole[lane])
                .collect();
            limits.sort_unstable_by(|one, other| other.cmp(one));
            let mut held = 0;
            let enough = limits.iter().position(|limit| {
                held += limit;
                held >= used
            });
            if used == 0 {
                0
            } else {
                enough.map_or(limits.len(), |last| last + 1)
            }
        };
        (0..self.dimensions.len()).map(bound).max().unwrap_or(0)
    }
}

impl Planner<'_> {
    /// Either everything leaves the machine, or nothing does.
    fn empty_or_not(&mut self, machine: MachineNumber) {
        let is_used =
            |fleet: &Fleet, at: MachineNumber| at != machine && !fleet.vms_of(at).is_empty();
        self.all_or_none(|planner| planner.empty(machine, &is_used, true).is_empty());
    }

    /// What it did stays if it says so; else it is as if nothing had been tried.
    pub(super) fn all_or_none(&mut self, attempt: impl FnOnce(&mut Self) -> bool) -> bool {
        let (mark, waves) = (self.fleet.mark(), self.plan.waves.len());
        let memory = self.memory_so_far();
        let is_done = attempt(self);
        if is_done {
            self.fleet.keep(mark);
        } else {
            self.fleet.back(mark);
            self.plan.waves.truncate(waves);
            self.memory_set(memory);
        }
        is_done
    }
}
