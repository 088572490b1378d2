//! What would happen if a machine or a rack failed.

use crate::fleet::{Domain, Fleet, MachineNumber, Place, VmNumber};

/// What would happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survival {
    /// The machines that fail together.
    pub machines: Vec<MachineNumber>,
    /// How many of what runs there are to be restarted.
    pub restarts: usize,
    /// How many of those would have a place that is kept for them.
    pub kept: usize,
    /// How many more would find one.
    pub found: usize,
    /// Which wouldn't, in order.
    pub lost: Vec<Lost>,
}

/// What would have no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Which.
    pub vm: VmNumber,
    /// Where it is now.
    pub place: Place,
}

impl Survival {
    /// Whether everything that is to be restarted would be.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.lost.is_empty()
    }
}

impl Fleet {
    /// For each machine, rack or site that holds anything, in order.
    pub fn survives(&mut self, domain: Domain) -> Vec<Survival> {
        let mut failing: Vec<(u32, MachineNumber)> = self
            .machines()
            .map(|machine| (self.domain_of(machine, domain), machine))
            .collect();
        failing.sort_unstable();
        let runs: Vec<Vec<MachineNumber>> = failing
            .chunk_by(|one, other| one.0 == other.0)
            .map(|run| run.iter().map(|(_, machine)| *machine).collect())
            .collect();
        runs.into_iter()
            .map(|machines| self.survives_one(machines))
            .collect()
    }

    /// If all of these failed at once. Everything is as before afterwards. What is restarted stays in its
    /// site, unless the failure of a site is to be survived.
    pub fn survives_one(&mut self, machines: Vec<MachineNumber>) -> Survival {
        self.survives_within(machines, false)
    }

    /// The same; whether things are restarted in other sites too.
    pub fn survives_within(
        &mut self,
        machines: Vec<MachineNumber>,
        across_sites: bool,
    ) -> Survival {
        let recovered = self.if_failed(&machines, across_sites);
        Survival {
            restarts: recovered.kept + recovered.found + recovered.lost.len(),
            kept: recovered.kept,
            found: recovered.found,
            lost: recovered.lost,
            machines,
        }
    }
}
