//! Why something stays where it is.

use super::wave::Planner;
use crate::{
    decide::Reason,
    fleet::{Fleet, MachineNumber, Place, State, VmNumber},
    rules::{Frame, Refusal},
};

/// What has no place, or couldn't be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which.
    pub vm: VmNumber,
    /// Why other machines refuse it, what is nearest to a place first.
    pub reasons: Vec<Reason>,
    /// How many would take it: then it is being moved already, or the plan's own limits were reached.
    pub fitting: usize,
}

impl Left {
    /// What the nearest machine refuses it for; none if one would take it.
    #[must_use]
    pub fn nearest(&self) -> Option<Refusal> {
        let nearest = self.reasons.first().filter(|_| self.fitting == 0);
        nearest.map(|reason| reason.by)
    }
}

impl Planner<'_> {
    /// Why it can't be moved, as everything is now.
    pub(super) fn left(&mut self, vm: VmNumber) -> Left {
        self.fleet.left(vm, self.limits.across_sites)
    }
}

impl Fleet {
    /// The same without a plan.
    pub(super) fn left(&mut self, vm: VmNumber, across_sites: bool) -> Left {
        let Some(from) = self.place_of(vm) else {
            return Left {
                vm,
                reasons: Vec::new(),
                fitting: 0,
            };
        };
        let (mut refused, mut fitting) = (Vec::new(), 0);
        for to in self.machines().filter(|to| *to != from.machine) {
            let refusal = self.move_refusal(vm, from, to, across_sites);
            match refusal {
                Some(refusal) => refused.push((to, refusal)),
                None => fitting += 1,
            }
        }
        Left {
            vm,
            reasons: Reason::all(refused),
            fitting,
        }
    }

    /// Why it can't go there: the rules in their order, and those of a move before those that can only
    /// be known by trying.
    fn move_refusal(
        &mut self,
        vm: VmNumber,
        from: Place,
        to: MachineNumber,
        across_sites: bool,
    ) -> Option<Refusal> {
        // Before its state: no change of that would help.
        if !across_sites && !self.is_near(from.machine, to) {
            return Some(Refusal::Site);
        }
        let state = self.state(to);
        if state != State::Active {
            return Some(Refusal::State(state));
        }
        let mark = self.mark();
        let count = self.vms.len();
        // What is dead is not on its way: nothing holds its old place.
        if self.is_alive(from.machine) {
            self.hold_add(vm, from);
        }
        let refusal = self.move_tried(vm, from, to);
        self.back(mark);
        self.vms.truncate(count);
        refusal
    }

    fn move_tried(&mut self, vm: VmNumber, from: Place, to: MachineNumber) -> Option<Refusal> {
        let ask = self.ask_of(vm);
        let frame = Frame::new(self, &ask, Some(vm));
        // What is kept there may be kept elsewhere, which is tried.
        let is_kept = |refusal: &Refusal| matches!(refusal, Refusal::Kept { .. });
        let refusal = frame.refusals(self, to).find(|refusal| !is_kept(refusal));
        if refusal.is_some() {
            return refusal;
        }
        if !self.is_movable(from.machine, to) {
            return Some(Refusal::Family);
        }
        let place = frame
            .room(self, to)
            .or_else(|| frame.room_unkept(self, to))?;
        self.settle(vm, place).err()
    }
}
