//! Places for restarts, found as after a failure: for all that would fail together at once.

use std::collections::BTreeSet;

use super::recover::Recovered;
use crate::{
    fleet::{Fleet, MachineNumber, State},
    rules::Frame,
};

impl Fleet {
    /// As `protect`; where one finds no backup, those of all that would fail with it are found anew. It
    /// takes as long as a failure of each such domain: for a fleet that was just read, not for each
    /// decision. With two failures at once it does what `protect` does. Returns how many have none.
    pub fn protect_anew(&mut self) -> usize {
        self.protect();
        if self.failures() == 1 {
            let hosts = self.unprotected().filter_map(|vm| self.place_of(vm));
            let hosts: BTreeSet<(u32, MachineNumber)> = hosts
                .map(|place| (self.failure_domain(place.machine), place.machine))
                .collect();
            let mut last = None;
            for (domain, host) in hosts {
                if last.replace(domain) != Some(domain) {
                    self.arrange(host);
                }
            }
        }
        self.unprotected.len()
    }

    /// For what is on this machine and on those that fail with it.
    fn arrange(&mut self, host: MachineNumber) {
        let machines: Vec<MachineNumber> = self.failing_with(host).collect();
        let recovered = self.if_failed(&machines, false);
        let mark = self.mark();
        let lacking = self.unprotected.len();
        for (vm, ..) in &recovered.moves {
            self.backup_set(*vm, 0, None);
        }
        for (vm, from, to) in &recovered.moves {
            let ask = self.vms[vm.index()].ask;
            let frame = Frame::bare(self, &ask, Some(*vm));
            if self.is_backup(&frame, from.machine, to.machine) {
                self.backup_set(*vm, 0, Some(*to));
            }
        }
        self.protect();
        if self.unprotected.len() < lacking {
            self.keep(mark);
        } else {
            self.back(mark);
        }
    }

    /// What would be restarted where if these failed at once. Everything is as before afterwards.
    pub(super) fn if_failed(
        &mut self,
        machines: &[MachineNumber],
        across_sites: bool,
    ) -> Recovered {
        let states: Vec<State> = machines
            .iter()
            .map(|machine| self.state(*machine))
            .collect();
        let mark = self.mark();
        for machine in machines {
            self.state_set(*machine, State::Failed);
        }
        let recovered = self.recover_now(across_sites);
        // States first: what is given back needs the machines as they were.
        for (machine, state) in machines.iter().zip(states) {
            self.states[machine.index()] = state;
            self.gate_keep(*machine);
        }
        self.back(mark);
        recovered
    }
}
