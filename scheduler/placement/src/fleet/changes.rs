//! Which machines changed, in order, so that whoever remembers something of all of them knows what to
//! look at again.

use super::MachineNumber;

/// The last changes; what is older is forgotten.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// A ring: change number `n` is at `n % ring.len()`, which is a power of two.
    ring: Vec<MachineNumber>,
    count: u64,
    /// By machine: its last change.
    last: Vec<u64>,
}

impl Changes {
    pub(crate) fn note(&mut self, machine: MachineNumber) {
        if self.last.len() <= machine.index() {
            self.last.resize(machine.index() + 1, 0);
            // Where more has changed, it is cheaper to look at all.
            let length = self.last.len().next_power_of_two().max(16);
            self.ring.resize(length, machine);
            // Places in the ring have moved.
            self.count += self.ring.len() as u64;
        }
        let at = self.at(self.count);
        self.ring[at] = machine;
        self.last[machine.index()] = self.count;
        self.count += 1;
    }

    fn at(&self, number: u64) -> usize {
        // The remainder is less than the length.
        usize::try_from(number & (self.ring.len() as u64 - 1)).unwrap_or(0)
    }

    /// How many there have been.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// What changed since there were so many, each machine once; none if that is too long ago.
    pub(crate) fn since(&self, seen: u64) -> Option<impl Iterator<Item = MachineNumber>> {
        let is_known = self.count - seen <= self.ring.len() as u64;
        let is_last =
            |(number, machine): &(u64, MachineNumber)| self.last[machine.index()] == *number;
        let numbers = seen..self.count;
        is_known.then(|| {
            numbers
                .map(|number| (number, self.ring[self.at(number)]))
                .filter(is_last)
                .map(|(_, machine)| machine)
        })
    }
}
