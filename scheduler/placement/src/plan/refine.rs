//! Fewer moves for the same, and more for as many: what was moved is questioned one by one.

use std::{collections::BTreeSet, rc::Rc};

use super::sketch::Sketch;
use crate::fleet::{MachineNumber, VmNumber};

/// How often all moves are gone through.
const ROUNDS: usize = 16;

/// The moves so far.
pub(super) struct Refine<'a, 'b> {
    pub(super) sketch: &'a mut Sketch<'b>,
    pub(super) moved: BTreeSet<VmNumber>,
    /// What a move must bring.
    pub(super) worth: i64,
    /// How much memory may be moved in all.
    pub(super) memory: i64,
    /// Whether less memory alone is reason enough.
    pub(super) is_lightening: bool,
    /// Found once for all questions between two changes.
    pub(super) found: Option<Found>,
}

/// What follows from where everything is.
#[derive(Clone)]
pub(super) struct Found {
    near: Rc<[MachineNumber]>,
    moved: Rc<[VmNumber]>,
}

impl Refine<'_, '_> {
    /// At last, what does just as much with less memory is moved instead.
    pub(super) fn run(&mut self) {
        self.improve();
        self.is_lightening = true;
        self.round();
    }

    fn improve(&mut self) {
        for _ in 0..ROUNDS {
            if !self.round() {
                return;
            }
        }
    }

    /// Whether that changed anything.
    fn round(&mut self) -> bool {
        let mut is_better = false;
        for vm in self.moved.clone() {
            if self.question(vm) {
                is_better = true;
                self.found = None;
            }
        }
        is_better
    }

    /// Back home; elsewhere; another one in its stead; or exchanged with another that was moved.
    fn question(&mut self, vm: VmNumber) -> bool {
        let home = self.sketch.fleet.place_of(vm).map(|place| place.machine);
        let (Some(home), Some(at)) = (home, self.sketch.at[vm.index()]) else {
            return false;
        };
        if at == home {
            self.moved.remove(&vm);
            self.found = None;
            return false;
        }
        let now = self.sketch.deviation();
        let need = self.sketch.fleet.ask_of(vm).need;
        if self.sketch.is_allowed(vm, home)
            && self.sketch.deviation_if(need, at, home) <= now + self.worth
        {
            self.sketch.shift(vm, home);
            self.moved.remove(&vm);
            return true;
        }
        self.elsewhere(vm, home, at, now)
            || self.instead(vm, home, at, now)
            || self.exchanged(vm, at, now)
    }

    fn elsewhere(
        &mut self,
        vm: VmNumber,
        home: MachineNumber,
        at: MachineNumber,
        now: i64,
    ) -> bool {
        let need = self.sketch.fleet.ask_of(vm).need;
        let mut best = (now, at);
        let sums = self.sketch.without(need, at);
        for to in self.found().near.iter().copied() {
            let deviation = self.sketch.deviation_with(&sums, need, to, best.0 - 1);
            if to == home || to == at {
                continue;
            }
            if let Some(deviation) = deviation
                && self.sketch.is_allowed(vm, to)
            {
                best = (deviation, to);
            }
        }
        if best.1 != at {
            self.sketch.shift(vm, best.1);
        }
        best.1 != at
    }

    fn instead(&mut self, vm: VmNumber, home: MachineNumber, at: MachineNumber, now: i64) -> bool {
        if !self.sketch.is_allowed(vm, home) {
            return false;
        }
        self.sketch.shift(vm, home);
        let size = self.sketch.memory_of(vm);
        let left = self.memory_left().saturating_add(size);
        let mut best = (now, size, None);
        let mut seen = BTreeSet::new();
        for other in self.sketch.vms[home.index()].clone() {
            let need = self.sketch.fleet.ask_of(other).need;
            let is_home = self
                .sketch
                .fleet
                .place_of(other)
                .is_some_and(|place| place.machine == home);
            if !is_home || !self.sketch.is_movable[other.index()] || !seen.insert(need) {
                continue;
            }
            let memory = self.sketch.memory_of(other);
            let found = (self.sketch.deviation_if(need, home, at), memory);
            let is_better = found.0 < best.0 || (self.is_lightening && found < (best.0, best.1));
            if memory <= left && is_better && self.sketch.is_allowed(other, at) {
                best = (found.0, memory, Some(other));
            }
        }
        let Some(other) = best.2 else {
            self.sketch.shift(vm, at);
            return false;
        };
        self.sketch.shift(other, at);
        self.moved.remove(&vm);
        self.moved.insert(other);
        true
    }

    /// How much more memory may be moved.
    fn memory_left(&self) -> i64 {
        if self.memory == i64::MAX {
            return i64::MAX;
        }
        let moved = self.moved.iter().map(|vm| self.sketch.memory_of(*vm));
        self.memory - moved.sum::<i64>()
    }

    fn exchanged(&mut self, vm: VmNumber, at: MachineNumber, now: i64) -> bool {
        let fleet = self.sketch.fleet;
        for other in self.found().moved.iter().copied() {
            let Some(there) = self.sketch.at[other.index()] else {
                continue;
            };
            if there == at || fleet.ask_of(other).need == fleet.ask_of(vm).need {
                continue;
            }
            let deviation = self.sketch.deviation_exchanged(vm, other);
            if deviation.is_none_or(|deviation| deviation >= now) {
                continue;
            }
            self.sketch.shift(vm, there);
            self.sketch.shift(other, at);
            // Both are there already, so each has to fit beside the other.
            if self.fits(vm, there, at) && self.fits(other, at, there) {
                return true;
            }
            self.sketch.shift(other, there);
            self.sketch.shift(vm, at);
        }
        false
    }

    /// Whether it may be where it is now.
    fn fits(&mut self, vm: VmNumber, there: MachineNumber, back: MachineNumber) -> bool {
        self.sketch.shift(vm, back);
        let is_allowed = self.sketch.is_allowed(vm, there);
        self.sketch.shift(vm, there);
        is_allowed
    }

    /// All machines of a small fleet; of a large one those that have least. And what was moved.
    fn found(&mut self) -> Found {
        let (sketch, moved) = (&self.sketch, &self.moved);
        let find = || {
            let near = sketch
                .neighbourhoods()
                .into_iter()
                .flat_map(|mut machines| {
                    machines.reverse();
                    machines.truncate(super::pick::FEW);
                    machines
                });
            Found {
                near: near.collect(),
                moved: moved.iter().copied().collect(),
            }
        };
        self.found.get_or_insert_with(find).clone()
    }
}
