//! Puts moves into waves, by taking them.

use super::{Limits, Plan, Step};
use crate::{
    fleet::{Fleet, MachineNumber, Mark, VmNumber},
    rules::Frame,
};

/// A plan that is being made, on the fleet itself; everything is taken back at its end.
pub(super) struct Planner<'a> {
    pub(super) fleet: &'a mut Fleet,
    pub(super) limits: Limits,
    pub(super) plan: Plan,
    wave: Vec<Step>,
    holds: Vec<VmNumber>,
    /// In this wave, by machine.
    at_once: Vec<usize>,
    memory: i64,
    /// What was being moved before.
    on_their_way: Vec<VmNumber>,
    vms: usize,
    mark: Option<Mark>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(fleet: &'a mut Fleet, limits: Limits) -> Self {
        let mark = fleet.mark();
        Self {
            limits,
            plan: Plan::default(),
            wave: Vec::new(),
            holds: Vec::new(),
            at_once: vec![0; fleet.machines.len()],
            memory: 0,
            on_their_way: fleet.on_their_way(),
            vms: fleet.vms.len(),
            mark: Some(mark),
            fleet,
        }
    }

    /// Whether one more may go from or to this machine in this wave.
    pub(super) fn is_calm(&self, machine: MachineNumber) -> bool {
        self.at_once[machine.index()] < self.limits.at_once
    }

    /// Whether anything can go there, as far as it depends on the two machines alone.
    pub(super) fn is_movable(&self, from: MachineNumber, to: MachineNumber) -> bool {
        let is_near = self.limits.across_sites || self.fleet.is_near(from, to);
        is_near && self.fleet.is_movable(from, to)
    }

    fn is_within(&self, vm: VmNumber) -> bool {
        let need = self.fleet.vms[vm.index()].ask.need;
        let memory = self.fleet.needs[need.index()].sizes[0];
        self.is_free(vm)
            && self.plan.moves() + self.wave.len() < self.limits.moves
            && self.memory.saturating_add(memory) <= self.limits.memory
    }

    /// What is on its way arrives first, unless where it goes to is dead.
    fn is_free(&self, vm: VmNumber) -> bool {
        let place = self.fleet.place_of(vm);
        self.on_their_way.binary_search(&vm).is_err()
            || place.is_none_or(|place| !self.fleet.is_alive(place.machine))
    }

    /// Takes this move in this wave, if it can be taken.
    pub(super) fn take(&mut self, step: Step) -> bool {
        let (from, to) = (step.from.machine, step.to.machine);
        if !self.is_calm(from) || !self.is_calm(to) || !self.is_within(step.vm) {
            return false;
        }
        let Ok(hold) = self.fleet.step_begin(&step) else {
            return false;
        };
        self.taken(step, hold);
        true
    }

    /// Moves it to the best of these machines in this wave.
    pub(super) fn take_best(
        &mut self,
        vm: VmNumber,
        is_detour: bool,
        takes: &dyn Fn(&Fleet, MachineNumber) -> bool,
    ) -> bool {
        let Some(from) = self.fleet.place_of(vm) else {
            return false;
        };
        if !self.is_calm(from.machine) || !self.is_within(vm) {
            return false;
        }
        let allowed: Vec<bool> = self
            .fleet
            .machines()
            .map(|to| {
                to != from.machine
                    && self.is_calm(to)
                    && self.is_movable(from.machine, to)
                    && takes(self.fleet, to)
            })
            .collect();
        let hold = self.fleet.hold_add(vm, from);
        let placed = self.fleet.place_vm(vm, &|machine| allowed[machine.index()]);
        let Ok(placed) = placed else {
            self.fleet.step_end(hold);
            return false;
        };
        let step = Step {
            vm,
            from,
            to: placed.place,
            gain: 0,
            is_detour,
        };
        self.taken(step, hold);
        true
    }

    fn taken(&mut self, step: Step, hold: VmNumber) {
        let need = self.fleet.vms[step.vm.index()].ask.need;
        self.memory += self.fleet.needs[need.index()].sizes[0];
        self.at_once[step.from.machine.index()] += 1;
        self.at_once[step.to.machine.index()] += 1;
        self.holds.push(hold);
        self.wave.push(step);
    }

    pub(super) fn memory_so_far(&self) -> i64 {
        self.memory
    }

    /// After moves were taken back.
    pub(super) fn memory_set(&mut self, memory: i64) {
        self.memory = memory;
    }

    /// All of this wave have arrived. False if nothing was moved in it.
    pub(super) fn wave_end(&mut self) -> bool {
        for hold in std::mem::take(&mut self.holds) {
            self.fleet.step_end(hold);
        }
        self.at_once.fill(0);
        if self.wave.is_empty() {
            return false;
        }
        self.plan.waves.push(std::mem::take(&mut self.wave));
        true
    }

    /// Carries out moves to given places, as many at once as can be. Where all that are left wait for
    /// each other, one of them makes a detour.
    pub(super) fn carry_out(&mut self, mut moves: Vec<(VmNumber, MachineNumber)>) {
        let (first, mut detours) = (self.plan.waves.len(), Vec::new());
        while !moves.is_empty() {
            moves.retain(|(vm, to)| !self.take_to(*vm, *to));
            if self.wave_end() || moves.is_empty() {
                continue;
            }
            let detour = moves.iter().position(|(vm, to)| {
                let is_elsewhere = |_: &Fleet, at: MachineNumber| at != *to;
                !detours.contains(vm) && self.take_best(*vm, true, &is_elsewhere)
            });
            let Some(detour) = detour else { break };
            detours.push(moves[detour].0);
            self.wave_end();
        }
        self.detours_prune(first);
    }

    /// The same waves again, as far as they go.
    pub(super) fn repeat(&mut self, waves: &[Vec<Step>]) {
        for wave in waves {
            for step in wave {
                self.take(*step);
            }
            self.wave_end();
        }
    }

    /// Moves it to this machine in this wave, if it can be.
    fn take_to(&mut self, vm: VmNumber, to: MachineNumber) -> bool {
        let Some(from) = self.fleet.place_of(vm) else {
            return false;
        };
        let ask = self.fleet.ask_of(vm);
        let to = Frame::new(self.fleet, &ask, Some(vm)).room(self.fleet, to);
        let step = |to| Step {
            vm,
            from,
            to,
            gain: 0,
            is_detour: false,
        };
        to.is_some_and(|to| self.take(step(to)))
    }

    /// A detour that led nowhere is not taken: whatever waited for it still waits. Of waves from here on.
    fn detours_prune(&mut self, first: usize) {
        while let Some(wave) = self.plan.waves[first..].last() {
            let [step] = wave.as_slice() else { break };
            if !step.is_detour {
                break;
            }
            let back = step.from;
            let vm = step.vm;
            if self.fleet.settle(vm, back).is_err() {
                break;
            }
            self.plan.waves.pop();
        }
    }

    /// The plan; the fleet is as before.
    pub(super) fn end(mut self) -> Plan {
        self.wave_end();
        self.plan.unprotected = self.fleet.unprotected().count();
        let is_new = |machine: &MachineNumber| self.fleet.machines[machine.index()].vms.is_empty();
        let empty: Vec<MachineNumber> = self.fleet.machines().filter(is_new).collect();
        if let Some(mark) = self.mark.take() {
            self.fleet.back(mark);
        }
        self.fleet.vms.truncate(self.vms);
        let was_used =
            |machine: &MachineNumber| !self.fleet.machines[machine.index()].vms.is_empty();
        self.plan.freed = empty.into_iter().filter(was_used).collect();
        self.plan
    }
}
