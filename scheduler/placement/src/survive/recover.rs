//! Restarts what was on failed machines: what is important first, in the place that was kept for it
//! if that is still free, else wherever there is room. Room that is kept for other failures is used
//! too: this is what it was kept for.

use std::cmp::Reverse;

use super::Lost;
use crate::{
    fleet::{FAILURES, Fleet, MachineNumber, Place, State, VmNumber},
    rules::Frame,
};

/// What was restarted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recovered {
    /// With where it was.
    pub(crate) moves: Vec<(VmNumber, Place, Place)>,
    pub(crate) kept: usize,
    pub(crate) found: usize,
    pub(crate) lost: Vec<Lost>,
}

impl Fleet {
    /// Everything that is to be restarted and is on a failed machine.
    pub(crate) fn recover_now(&mut self) -> Recovered {
        let mut dead: Vec<VmNumber> = Vec::new();
        let is_dead = |machine: &MachineNumber| self.state(*machine) == State::Failed;
        for machine in self.machines().filter(is_dead) {
            let restarts = |vm: &&VmNumber| {
                let of = &self.vms[vm.index()];
                of.ask.restarts && of.hold_of.is_none()
            };
            dead.extend(self.vms_of(machine).iter().filter(restarts));
        }
        dead.sort_by_key(|vm| {
            let ask = &self.vms[vm.index()].ask;
            let sizes = &self.needs[ask.need.index()].sizes;
            (Reverse(ask.priority), Reverse((sizes[0], sizes[1])), *vm)
        });
        let backups: Vec<[Option<Place>; FAILURES]> =
            dead.iter().map(|vm| self.vms[vm.index()].backups).collect();
        // After one failure of the kind that is to be survived, all go where a place was kept.
        let mark = self.mark();
        let mut recovered = Recovered::default();
        for (vm, backups) in dead.iter().zip(&backups) {
            self.recover_kept(*vm, backups, &mut recovered);
        }
        if recovered.kept == dead.len() {
            self.keep(mark);
            return recovered;
        }
        self.back(mark);
        let mut recovered = Recovered::default();
        self.recovering_set(true);
        for (vm, backups) in dead.iter().zip(&backups) {
            if !self.recover_kept(*vm, backups, &mut recovered) {
                self.recover_elsewhere(*vm, &mut recovered);
            }
        }
        self.recovering_set(false);
        recovered
    }

    fn recover_kept(
        &mut self,
        vm: VmNumber,
        backups: &[Option<Place>; FAILURES],
        recovered: &mut Recovered,
    ) -> bool {
        let Some(from) = self.vms[vm.index()].place else {
            return false;
        };
        let ask = self.vms[vm.index()].ask;
        let frame = Frame::new(self, &ask, Some(vm));
        let fits = |place: &Place| {
            let amounts = frame.need.amounts(place.nodes);
            frame.is_open(self, place.machine)
                && self.free(place.machine).has(&amounts)
                && frame.is_allowed(self, place.machine)
        };
        let kept = backups.iter().flatten().copied().find(fits);
        if let Some(place) = kept {
            self.place_set(vm, Some(place));
            recovered.kept += 1;
            recovered.moves.push((vm, from, place));
        }
        kept.is_some()
    }

    fn recover_elsewhere(&mut self, vm: VmNumber, recovered: &mut Recovered) {
        let Some(from) = self.vms[vm.index()].place else {
            return;
        };
        match self.place_vm(vm, &|_| true) {
            Ok(placed) => {
                recovered.found += 1;
                recovered.moves.push((vm, from, placed.place));
            }
            Err(_) => recovered.lost.push(Lost { vm, place: from }),
        }
    }
}
