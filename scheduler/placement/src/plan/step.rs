//! One move, and when it may be taken.

use super::Left;
use crate::{
    fleet::{Fleet, GROUPS, MachineNumber, Place, Relation, State, Vm, VmNumber},
    rules::{Frame, Refusal},
};

/// One move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub vm: VmNumber,
    /// Where it is.
    pub from: Place,
    /// Where it goes.
    pub to: Place,
    /// How much better the fleet is afterwards, by the plan's own measure; negative for a detour.
    pub gain: i64,
    /// Whether it goes there only to make room, and on from there.
    pub is_detour: bool,
}

/// Moves in waves: those of one wave can run at the same time, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One after another.
    pub waves: Vec<Vec<Step>>,
    /// What has no place, or couldn't be moved, and why.
    pub left: Vec<Left>,
    /// Machines that are empty afterwards and were not before.
    pub freed: Vec<MachineNumber>,
    /// How many virtual machines would have no proven place after a failure, when all is done.
    pub unprotected: usize,
    /// How good the fleet is before, by the plan's measure: the lower, the better.
    pub before: i64,
    /// And afterwards.
    pub after: i64,
    /// No plan whatsoever can reach less than this.
    pub bound: i64,
}

impl Plan {
    /// How many moves.
    #[must_use]
    pub fn moves(&self) -> usize {
        self.waves.iter().map(Vec::len).sum()
    }

    /// In order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.waves.iter().flatten()
    }
}

/// What a plan may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many moves at once from or to one machine.
    pub at_once: usize,
    /// How many moves in all.
    pub moves: usize,
    /// How much of the first dimension, memory, is copied in all.
    pub memory: i64,
    /// Whether it may go to another site. What is on a site's disks doesn't follow a live move there.
    pub across_sites: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 4,
            moves: usize::MAX,
            memory: i64::MAX,
            across_sites: false,
        }
    }
}

/// Why a step can't be taken any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// It isn't where it was, or is gone.
    Moved,
    /// The machine doesn't take it any more.
    Refused(Refusal),
}

impl Fleet {
    /// Takes a step: it has its new place from now on, and what it had is held until `step_end`,
    /// since it is there until it has arrived. Returns the hold.
    ///
    /// If the old machine fails in between, it is restarted in the new place; if the new one fails,
    /// it just stays.
    ///
    /// # Errors
    ///
    /// If it has been moved meanwhile, or may not go there any more.
    pub fn step_begin(&mut self, step: &Step) -> Result<VmNumber, Stale> {
        if self.vms[step.vm.index()].place != Some(step.from) {
            return Err(Stale::Moved);
        }
        self.step_check(step).map_err(Stale::Refused)?;
        // The hold first: what is freed meanwhile must not be kept for a restart.
        let hold = self.hold_add(step.vm, step.from);
        match self.settle(step.vm, step.to) {
            Ok(()) => Ok(hold),
            Err(refusal) => {
                self.place_set(hold, None);
                Err(Stale::Refused(refusal))
            }
        }
    }

    /// It has arrived.
    pub fn step_end(&mut self, hold: VmNumber) {
        self.place_set(hold, None);
    }

    fn step_check(&self, step: &Step) -> Result<(), Refusal> {
        let ask = self.vms[step.vm.index()].ask;
        let (from, to) = (step.from.machine, step.to.machine);
        if !self.is_movable(from, to) {
            return Err(Refusal::Family);
        }
        let frame = Frame::new(self, &ask, Some(step.vm));
        // What is kept there may be kept elsewhere; that is tried then.
        let is_kept = |refusal: &Refusal| matches!(refusal, Refusal::Kept { .. });
        if let Some(refusal) = frame.refusals(self, to).find(|refusal| !is_kept(refusal)) {
            return Err(refusal);
        }
        // On just those NUMA nodes.
        let has_room = self.free(to).has(&frame.need.amounts(step.to.nodes));
        let missing = u32::from(frame.need.nodes);
        if has_room {
            Ok(())
        } else {
            Err(Refusal::Nodes { missing })
        }
    }

    /// Whether it can go there alive; what is dead is started anew anywhere.
    pub(crate) fn is_movable(&self, from: MachineNumber, to: MachineNumber) -> bool {
        let family = |machine: MachineNumber| self.machines[machine.index()].cpu_family;
        self.state(from) == State::Failed || family(from) == family(to)
    }

    /// Whether both are in one site.
    pub(crate) fn is_near(&self, one: MachineNumber, other: MachineNumber) -> bool {
        self.machines[one.index()].site == self.machines[other.index()].site
    }

    /// What is being moved already, in order.
    pub(crate) fn on_their_way(&self) -> Vec<VmNumber> {
        let holds = self.vms.iter().filter(|vm| vm.place.is_some());
        let mut moving: Vec<VmNumber> = holds.filter_map(|hold| hold.hold_of).collect();
        moving.sort_unstable();
        moving
    }

    /// Keeps its place for it. For groups that keep apart, it is in both places.
    pub(crate) fn hold_add(&mut self, of: VmNumber, place: Place) -> VmNumber {
        let mut ask = self.vms[of.index()].ask;
        let mut groups = [None; GROUPS];
        let apart = ask.groups.into_iter().flatten().filter(|group| {
            matches!(
                self.groups[group.index()].spec.relation,
                Relation::Apart { .. }
            )
        });
        for (slot, group) in groups.iter_mut().zip(apart) {
            *slot = Some(group);
        }
        ask.groups = groups;
        ask.restarts = false;
        let hold = self.vm_add(ask);
        self.vms[hold.index()] = Vm {
            hold_of: Some(of),
            ..self.vms[hold.index()]
        };
        self.place_set(hold, Some(place));
        hold
    }
}
