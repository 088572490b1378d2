//! The best machine of those that fit.

use crate::{
    fleet::{BLOCK, Fleet, MachineNumber, Place, has_sizes},
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
        for (number, block) in self.blocks.iter().enumerate() {
            let least = frame.least_score(self, block);
            let is_worse = best.is_some_and(|(score, _)| least >= score);
            if is_worse || !has_sizes(&block.room, &frame.need.sizes) {
                continue;
            }
            for machine in self.block_machines(number) {
                let found = self.candidate(frame, machine, best.map(|(score, _)| score));
                if found.is_some() && takes(machine) {
                    best = found;
                }
            }
        }
        best
    }

    /// The machine's place, if it fits and is better than this score.
    fn candidate(
        &self,
        frame: &Frame<'_>,
        machine: MachineNumber,
        than: Option<i64>,
    ) -> Option<(i64, Place)> {
        if !has_sizes(&self.rooms[machine.index()].whole, &frame.need.sizes)
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
