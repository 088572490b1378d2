//! Empties one machine.

use std::cmp::Reverse;

use super::{Limits, Plan, wave::Planner};
use crate::fleet::{Fleet, MachineNumber, State, VmNumber, has_sizes};

/// On how many machines it is tried to move something aside for one that has no place.
const ASIDE: usize = 64;

impl Fleet {
    /// Moves everything away, the large ones first; where there is no place, others are moved aside.
    /// The machine counts as draining in the plan, and is in the state it was in afterwards.
    pub fn drain_plan(&mut self, machine: MachineNumber, limits: Limits) -> Plan {
        let state = self.state(machine);
        let mut planner = Planner::new(self, limits);
        if state == State::Active {
            planner.fleet.state_set(machine, State::Draining);
        }
        planner.fleet.protect();
        planner.plan.before = i64::try_from(planner.fleet.vms_of(machine).len()).unwrap_or(0);
        let left = planner.empty(machine, &|_, _| true, false);
        planner.plan.after = i64::try_from(left.len()).unwrap_or(0);
        for vm in left {
            let left = planner.left(vm);
            planner.plan.left.push(left);
        }
        planner.fleet.states[machine.index()] = state;
        planner.fleet.gate_keep(machine);
        let mut plan = planner.end();
        plan.bound = self.drain_bound(machine, limits);
        for step in plan.waves.iter_mut().flatten() {
            step.gain = i64::from(step.from.machine == machine);
        }
        plan
    }

    /// What stays there whatever else is moved: no other machine holds it, if it were empty.
    fn drain_bound(&self, machine: MachineNumber, limits: Limits) -> i64 {
        let others: Vec<MachineNumber> = self
            .machines()
            .filter(|to| {
                *to != machine
                    && self.state(*to) == State::Active
                    && self.is_movable(machine, *to)
                    && (limits.across_sites || self.is_near(machine, *to))
            })
            .collect();
        let holds = |vm: VmNumber, to: &MachineNumber| {
            let need = self.vms[vm.index()].ask.need.index();
            let of = &self.machines[to.index()];
            self.need_classes[need][of.class.index()]
                && has_sizes(&of.limit.whole, &self.needs[need].sizes)
        };
        let stays = |vm: &&VmNumber| !others.iter().any(|to| holds(**vm, to));
        let bound = self.vms_of(machine).iter().filter(stays).count();
        i64::try_from(bound).unwrap_or(0)
    }
}

impl Planner<'_> {
    /// Moves everything from a machine to these; returns what has no place. Where all or nothing is
    /// wanted, it gives up with the first that has none.
    pub(super) fn empty(
        &mut self,
        machine: MachineNumber,
        takes: &dyn Fn(&Fleet, MachineNumber) -> bool,
        is_all: bool,
    ) -> Vec<VmNumber> {
        let mut waiting: Vec<VmNumber> = self.fleet.vms_of(machine).to_vec();
        waiting.retain(|vm| self.fleet.vms[vm.index()].hold_of.is_none());
        waiting.sort_by_key(|vm| {
            let need = self.fleet.vms[vm.index()].ask.need;
            let sizes = &self.fleet.needs[need.index()].sizes;
            (Reverse((sizes[0], sizes[1])), *vm)
        });
        let mut aside = Vec::new();
        loop {
            waiting.retain(|vm| !self.take_best(*vm, false, takes));
            if self.wave_end() {
                continue;
            }
            let next = waiting.iter().find(|vm| !aside.contains(*vm)).copied();
            let Some(vm) = next else { return waiting };
            aside.push(vm);
            if !self.move_aside(vm, machine, takes) && is_all {
                return waiting;
            }
        }
    }

    /// Moves one other thing so that there is a place.
    fn move_aside(
        &mut self,
        vm: VmNumber,
        from: MachineNumber,
        takes: &dyn Fn(&Fleet, MachineNumber) -> bool,
    ) -> bool {
        let open: Vec<MachineNumber> = self
            .fleet
            .machines()
            .filter(|to| {
                *to != from
                    && self.fleet.state(*to) == State::Active
                    && self.is_movable(from, *to)
                    && takes(self.fleet, *to)
            })
            .take(ASIDE)
            .collect();
        for to in open {
            let mut others = self.fleet.vms_of(to).to_vec();
            let size = |other: &VmNumber| {
                let need = self.fleet.vms[other.index()].ask.need;
                self.fleet.needs[need.index()].sizes[0]
            };
            // The smallest that does.
            others.sort_by_key(|other| (size(other), *other));
            for other in others {
                if self.helps(vm, other, to, from, takes) {
                    let others = |fleet: &Fleet, at: MachineNumber| at != to && takes(fleet, at);
                    return self.take_best(other, true, &others) && self.wave_end();
                }
            }
        }
        false
    }

    /// Whether it would have a place there if the other were moved away.
    fn helps(
        &mut self,
        vm: VmNumber,
        other: VmNumber,
        to: MachineNumber,
        from: MachineNumber,
        takes: &dyn Fn(&Fleet, MachineNumber) -> bool,
    ) -> bool {
        let allowed: Vec<bool> = self
            .fleet
            .machines()
            .map(|at| at != to && at != from && self.is_movable(to, at) && takes(self.fleet, at))
            .collect();
        let mark = self.fleet.mark();
        let helps = self
            .fleet
            .place_vm(other, &|at| allowed[at.index()])
            .is_ok()
            && self.fleet.place_vm(vm, &|at| at == to).is_ok();
        self.fleet.back(mark);
        helps
    }
}
