//! Restarts within a site: what something needs is on the disks of its site.

use std::collections::BTreeMap;

use super::recover::Recovered;
use crate::fleet::{Domain, Fleet, MachineNumber, SiteNumber, State, Survive};

impl Fleet {
    /// What would be restarted where if these failed at once: in its site, unless it may go to others.
    /// Everything is as before afterwards.
    pub(super) fn if_failed(
        &mut self,
        machines: &[MachineNumber],
        across_sites: bool,
    ) -> Recovered {
        if across_sites || self.is_data_everywhere() {
            return self.if_failed_anywhere(machines);
        }
        let mut all = Recovered::default();
        let mut sites: BTreeMap<SiteNumber, Vec<MachineNumber>> = BTreeMap::new();
        for machine in machines {
            let site = self.machines[machine.index()].site;
            sites.entry(site).or_default().push(*machine);
        }
        for (site, machines) in sites {
            let states = self.others_close(site);
            let one = self.if_failed_anywhere(&machines);
            self.states_set(&states);
            all.moves.extend(one.moves);
            all.kept += one.kept;
            all.found += one.found;
            all.lost.extend(one.lost);
        }
        all
    }

    /// Whether something can be restarted in every site: there is one, or the failure of one is to be
    /// survived, for which data has to be elsewhere too.
    pub(crate) fn is_data_everywhere(&self) -> bool {
        let is_site = |survive: Survive| survive.domain == Domain::Site;
        self.sites < 2 || self.policy.survive.is_some_and(is_site)
    }

    /// Whether what is on the one can be restarted on the other.
    pub(crate) fn is_data_near(&self, one: MachineNumber, other: MachineNumber) -> bool {
        self.is_data_everywhere() || self.is_near(one, other)
    }

    /// Machines of other sites take nothing, and what failed there is not looked at; returns the states
    /// that they had.
    pub(crate) fn others_close(&mut self, site: SiteNumber) -> Vec<(MachineNumber, State)> {
        let others: Vec<(MachineNumber, State)> = self
            .machines()
            .filter(|machine| self.machines[machine.index()].site != site)
            .map(|machine| (machine, self.state(machine)))
            .collect();
        let closed = |(machine, state): &(MachineNumber, State)| match state {
            State::Failed => (*machine, State::Maintenance),
            // What runs there still counts as company.
            State::Active => (*machine, State::Suspect),
            other => (*machine, *other),
        };
        let closed: Vec<_> = others.iter().map(closed).collect();
        self.states_set(&closed);
        others
    }

    /// The states alone: what is kept there stays.
    pub(crate) fn states_set(&mut self, states: &[(MachineNumber, State)]) {
        for (machine, state) in states {
            self.states[machine.index()] = *state;
            self.gate_keep(*machine);
        }
    }
}
