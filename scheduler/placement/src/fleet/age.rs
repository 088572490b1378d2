//! How long what runs on a machine has been there, and how long it is expected to stay.
//!
//! What has run long will run long: of lifetimes that spread over minutes to months, most of those that
//! are old already have most before them. A machine that holds something old is used anyway, so what
//! comes goes there rather; others get empty. Age is counted in arrivals, since nothing here knows the
//! time, and in steps (eras), so that scores change seldom.

use super::{Fleet, MachineNumber, VmNumber, WHOLE};

/// In an era the number of arrivals is rounded down to this many bits.
const BITS: u32 = 4;
/// Each time that it is twice as old, a machine is better by one in so many of a dimension.
const DOUBLED: i64 = 5;

impl Fleet {
    /// The moment, on the scale of `Ask::until`. Without it, ends that are expected count for nothing.
    pub fn time_set(&mut self, now: i64) {
        self.now = Some(now);
    }

    /// What is on a machine is only known as a sum: nothing is older than anything else.
    pub(crate) fn ages_ignore(&mut self) {
        self.is_ageless = true;
    }

    /// It is expected to end at another time than was thought.
    pub fn until_set(&mut self, vm: VmNumber, until: Option<i64>) {
        self.vms[vm.index()].ask.until = until;
        if let Some(place) = self.place_of(vm) {
            self.end_keep(place.machine);
        }
    }

    /// After something has come to stay.
    pub(crate) fn era_keep(&mut self) {
        let era = era(self.vms.len(), self.machines.len());
        if self.marks > 0 || era == self.era {
            // What is only tried ages nothing, so that a preview is what a decision would be.
            return;
        }
        self.era = era;
        for machine in self.machines() {
            let fill = self.unsold[machine.index()] - self.standing(machine);
            if self.fills[machine.index()] != fill {
                self.fills[machine.index()] = fill;
                self.changes.note(machine);
            }
        }
        self.blocks_keep();
    }

    /// How much better a machine is for what it has held so long.
    pub(crate) fn standing(&self, machine: MachineNumber) -> i64 {
        let oldest = self.machines[machine.index()].vms.first();
        let oldest = oldest.filter(|_| !self.is_ageless);
        oldest.map_or(0, |oldest| {
            let age = self.era.saturating_sub(oldest.index());
            logarithm(i64::try_from(age).unwrap_or(i64::MAX)) / DOUBLED
        })
    }

    /// After something came to a machine, or went. Who says no end stays.
    pub(crate) fn end_keep(&mut self, machine: MachineNumber) {
        let vms = &self.machines[machine.index()].vms;
        let until = |vm: &VmNumber| self.vms[vm.index()].ask.until.unwrap_or(i64::MAX);
        self.ends[machine.index()] = vms.iter().map(until).max().unwrap_or(i64::MIN);
    }

    /// How long, in doublings, the machine will be used for what is there. What should have ended is
    /// expected to go on for as long again as it is overdue.
    pub(crate) fn remaining(&self, machine: MachineNumber, now: i64) -> i64 {
        let end = self.ends[machine.index()];
        if end == i64::MIN {
            return 0;
        }
        logarithm(end.saturating_sub(now).saturating_abs())
    }
}

/// So many arrivals, rounded down; in a fleet of many machines to as many bits of their number, since each
/// step costs a look at all of them.
fn era(arrivals: usize, machines: usize) -> usize {
    let most = arrivals.max(machines);
    let shift = (usize::BITS - most.leading_zeros()).saturating_sub(BITS);
    arrivals >> shift << shift
}

/// Of the number plus one, to the base of two, in parts of `WHOLE`; straight between powers.
pub(crate) fn logarithm(number: i64) -> i64 {
    let number = number.clamp(0, i64::MAX >> 1) + 1;
    let bits = number.ilog2();
    let part = (i128::from(number) * i128::from(WHOLE)) >> bits;
    i64::from(bits) * WHOLE + i64::try_from(part).unwrap_or(WHOLE) - WHOLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_era_lasts_a_sixteenth_of_all_that_came_at_most() {
        for arrivals in [0, 1, 15, 16, 17, 31, 32, 1_000, 123_456] {
            let era = era(arrivals, 40);
            assert!(era <= arrivals && (arrivals - era) * 8 <= arrivals.max(40));
        }
    }

    #[test]
    fn logarithms_are_whole_at_powers_and_rise_between() {
        for power in [0, 1, 5, 40] {
            assert_eq!(logarithm((1 << power) - 1), power * WHOLE);
        }
        assert!((1..2_000).all(|number| logarithm(number) > logarithm(number - 1)));
        assert!(logarithm(i64::MAX) <= 63 * WHOLE);
    }
}
