//! For a need that is asked for again and again: what every machine scores for it, kept from one
//! decision to the next. Only machines that changed in between are scored again.

use super::tree::{NEVER, Tree};
use crate::{
    fleet::{Fleet, MachineNumber, Place},
    rules::Frame,
};

/// How often a need has to be asked for before it is worth the room.
const USUAL: u32 = 3;
/// How many scores are kept in all, in numbers of 8 bytes.
const KEPT: usize = 4 << 20;
/// How many that are in the way of groups, caps or limits of a plan are passed over, before all
/// machines are looked at one by one.
const PASSED: usize = 48;

/// By need.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranks {
    ranks: Vec<Rank>,
    kept: usize,
}

#[derive(Clone, Debug, Default)]
struct Rank {
    asked: u32,
    /// Up to which change of the fleet its scores are true.
    seen: u64,
    tree: Option<Box<Tree>>,
}

impl Ranks {
    /// What `Fleet::choose` finds.
    pub(crate) fn choose(
        &mut self,
        fleet: &Fleet,
        frame: &Frame<'_>,
        takes: &dyn Fn(MachineNumber) -> bool,
    ) -> Option<(i64, Place)> {
        if let Some(machines) = frame.only_machines(fleet) {
            return fleet.choose_of(frame, machines, takes);
        }
        if frame.is_leading || frame.until.is_some() {
            // Scored otherwise. Those that follow have but one machine; ends are different each time.
            return fleet.choose(frame, takes);
        }
        let Some(tree) = self.tree(fleet, frame) else {
            return fleet.choose(frame, takes);
        };
        let mut best: Option<(i64, Place)> = None;
        let mut passed: Vec<(usize, i64)> = Vec::new();
        while let Some((score, at)) = tree.least() {
            let machine = MachineNumber::at(at);
            let is_behind = |best: (i64, Place)| (best.0, best.1.machine) < (score, machine);
            if best.is_some_and(is_behind) || passed.len() > PASSED {
                break;
            }
            if frame.is_allowed(fleet, machine) && takes(machine) {
                let total = score + frame.score_company(fleet, machine);
                let is_better = |best: (i64, Place)| (total, machine) < (best.0, best.1.machine);
                if best.is_none_or(is_better) {
                    best = frame.room(fleet, machine).map(|place| (total, place));
                }
            }
            if best.is_some_and(|best| best.0 == score) {
                break;
            }
            tree.set(at, NEVER);
            passed.push((at, score));
        }
        let is_tired = passed.len() > PASSED;
        for (at, score) in passed {
            tree.set(at, score);
        }
        if is_tired {
            return fleet.choose(frame, takes);
        }
        best
    }

    /// As it is now; none for what isn't asked often enough.
    fn tree(&mut self, fleet: &Fleet, frame: &Frame<'_>) -> Option<&mut Tree> {
        let number = frame.ask.need.index();
        if self.ranks.len() <= number {
            self.ranks.resize(number + 1, Rank::default());
        }
        let machines = fleet.machines.len();
        let rank = &mut self.ranks[number];
        let is_whole = rank
            .tree
            .as_ref()
            .is_some_and(|tree| tree.len() == machines);
        if !is_whole && rank.tree.is_some() {
            // Machines were added.
            self.kept -= rank.tree.take().map_or(0, |tree| tree.len());
            rank.asked = 0;
        }
        rank.asked = rank.asked.saturating_add(1);
        let changed = fleet.changes.since(rank.seen);
        match (&mut rank.tree, changed) {
            (Some(tree), Some(changed)) if !tree.are_many(fleet.changes.count() - rank.seen) => {
                for machine in changed {
                    tree.set(machine.index(), frame.rank(fleet, machine));
                }
            }
            (Some(tree), changed) => {
                match changed {
                    Some(changed) => changed.for_each(|machine| {
                        tree.put(machine.index(), frame.rank(fleet, machine));
                    }),
                    None => fleet.machines().for_each(|machine| {
                        tree.put(machine.index(), frame.rank(fleet, machine));
                    }),
                }
                tree.rise();
            }
            (tree, _) => {
                if rank.asked < USUAL || self.kept + machines > KEPT {
                    return None;
                }
                self.kept += machines;
                let scores = fleet.machines().map(|machine| frame.rank(fleet, machine));
                *tree = Some(Box::new(Tree::new(scores)));
            }
        }
        rank.seen = fleet.changes.count();
        rank.tree.as_deref_mut()
    }
}

impl Frame<'_> {
    /// What the machine scores, company aside; `NEVER` if it has no room.
    fn rank(&self, fleet: &Fleet, machine: MachineNumber) -> i64 {
        if !self.fits(&fleet.rooms[machine.index()].whole)
            || !self.is_open(fleet, machine)
            || (self.need.nodes > 0 && self.room(fleet, machine).is_none())
        {
            return NEVER;
        }
        self.score_alone(fleet, machine)
    }
}
