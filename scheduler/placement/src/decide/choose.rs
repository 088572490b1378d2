//! The best machine of those that fit.

use crate::{
    fleet::{BLOCK, Fleet, MachineNumber, Place},
    rules::Frame,
};

impl Fleet {
    /// The machines of one entry of the index.
    pub(crate) fn block_machines(
        &self,
        block: usize,
    ) -> impl Iterator<Item = MachineNumber> + use<> {
        let first = block * BLOCK;
        (first..(first + BLOCK).min(self.machines.len())).map(MachineNumber::at)
    }

    /// The place with the lowest score, of equal ones the first; entries of the index in which
    /// nothing fits, or nothing can be better, are left out.
    pub(crate) fn choose(
        &self,
        frame: &Frame<'_>,
        takes: &dyn Fn(MachineNumber) -> bool,
    ) -> Option<(i64, Place)> {
        let mut best: Option<(i64, Place)> = None;
        let mut seen = Seen::default();
        for (number, block) in self.blocks.iter().enumerate() {
            let least = frame.least_score(self, block);
            let is_worse = best.is_some_and(|(score, _)| least >= score);
            if is_worse || !frame.fits(&block.room) {
                continue;
            }
            for machine in self.block_machines(number) {
                let than = best.map(|(score, _)| score);
                if than.is_some_and(|than| frame.least_score_of(self, machine) >= than)
                    || !frame.fits(&self.rooms[machine.index()].whole)
                    || (frame.until.is_none()
                        && than.is_some_and(|than| seen.is_no_better(self, machine, than)))
                {
                    continue;
                }
                let found = self.candidate(frame, machine, than);
                if than.is_some() && found.is_none() {
                    seen.note(machine, frame.score_alone(self, machine));
                }
                if found.is_some() && takes(machine) {
                    best = found;
                }
            }
        }
        best
    }

    /// The same of these machines alone, which are in order.
    pub(crate) fn choose_of(
        &self,
        frame: &Frame<'_>,
        machines: &[MachineNumber],
        takes: &dyn Fn(MachineNumber) -> bool,
    ) -> Option<(i64, Place)> {
        let mut best = None;
        for machine in machines {
            let than = best.map(|(score, _): (i64, Place)| score);
            let found = self.candidate(frame, *machine, than);
            if found.is_some() && takes(*machine) {
                best = found;
            }
        }
        best
    }

    /// The machine's place, if it fits and is better than this score.
    #[inline]
    fn candidate(
        &self,
        frame: &Frame<'_>,
        machine: MachineNumber,
        than: Option<i64>,
    ) -> Option<(i64, Place)> {
        let least = frame.least_score_of(self, machine);
        if than.is_some_and(|than| least >= than)
            || !frame.fits(&self.rooms[machine.index()].whole)
            || !frame.is_open(self, machine)
        {
            return None;
        }
        let score = frame.score(self, machine);
        if than.is_some_and(|than| score >= than) || !frame.is_allowed(self, machine) {
            return None;
        }
        frame.room(self, machine).map(|place| (score, place))
    }

    /// All places, the best first.
    pub(crate) fn candidates(
        &self,
        frame: &Frame<'_>,
        takes: &dyn Fn(MachineNumber) -> bool,
    ) -> Vec<(i64, Place)> {
        let takes = |machine: &MachineNumber| takes(*machine);
        let all = self.machines().filter(takes);
        let mut found: Vec<(i64, Place)> = all
            .filter_map(|machine| self.candidate(frame, machine, None))
            .collect();
        found.sort_unstable();
        found
    }

    /// Places where there would be room if what is kept there were kept elsewhere, the best first.
    pub(crate) fn candidates_kept(
        &self,
        frame: &Frame<'_>,
        takes: &dyn Fn(MachineNumber) -> bool,
    ) -> Vec<(i64, Place)> {
        let mut found = Vec::new();
        let backers = self.backers.iter().copied();
        for machine in backers.filter(|machine| takes(*machine)) {
            if !frame.is_open(self, machine)
                || frame.room(self, machine).is_some()
                || !frame.is_allowed(self, machine)
            {
                continue;
            }
            if let Some(place) = frame.room_unkept(self, machine) {
                found.push((frame.score(self, machine), place));
            }
        }
        found.sort_unstable();
        found
    }
}

/// How many machines are remembered.
const SEEN: usize = 4;

/// The last machines that were not better: those of the same kind with as much used aren't either. So
/// of many empty machines only the first few are looked at.
#[derive(Default)]
struct Seen {
    machines: [Option<(MachineNumber, i64)>; SEEN],
    next: usize,
}

impl Seen {
    fn is_no_better(&self, fleet: &Fleet, machine: MachineNumber, than: i64) -> bool {
        let index = machine.index();
        self.machines.iter().flatten().any(|(other, score)| {
            let other = other.index();
            *score >= than
                && fleet.kinds[other] == fleet.kinds[index]
                && fleet.fills[other] <= fleet.fills[index]
                && fleet.used[other].whole == fleet.used[index].whole
        })
    }

    fn note(&mut self, machine: MachineNumber, score: i64) {
        self.machines[self.next % SEEN] = Some((machine, score));
        self.next += 1;
    }
}
