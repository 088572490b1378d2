//! Where something would be restarted.

use super::After;
use crate::{
    fleet::{
        Ask, Domain, FAILURES, Fleet, MachineNumber, Place, Survive, VmNumber, change_reserve,
    },
    rules::{Frame, nodes_pick},
};

/// How many machines that are backups already are looked at before the emptiest of all is tried.
const NEAR: usize = 64;

/// Something on a machine, also if it isn't there yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hosted {
    pub(crate) ask: Ask,
    pub(crate) own: Option<VmNumber>,
    pub(crate) host: MachineNumber,
}

impl Hosted {
    pub(crate) fn new(frame: &Frame<'_>, host: MachineNumber) -> Self {
        Self {
            ask: frame.ask,
            own: frame.own,
            host,
        }
    }
}

impl Fleet {
    /// A place for it if its host failed: one that costs nothing, since as much is kept there
    /// already; else one where something is kept already; else on the emptiest machine.
    pub(crate) fn backup_find(
        &self,
        frame: &Frame<'_>,
        host: MachineNumber,
        others: &[Option<Place>; FAILURES],
    ) -> Option<Place> {
        let hosted = Hosted::new(frame, host);
        let after = After::new(self, &hosted);
        // Two failures must not take both.
        let is_free = |machine: MachineNumber| {
            let domain = self.failure_domain(machine);
            let mut others = others.iter().flatten();
            others.all(|other| self.failure_domain(other.machine) != domain)
        };
        let mut costly = None;
        let near = self.backers.iter().copied().take(NEAR);
        for machine in near.filter(|machine| is_free(*machine)) {
            match self.backup_cost(frame, host, &after, machine) {
                Some((place, false)) => return Some(place),
                Some((place, true)) => costly = costly.or(Some(place)),
                None => {}
            }
        }
        if costly.is_some() {
            return costly;
        }
        let mut emptiest: Option<(i64, Place)> = None;
        for (number, block) in self.blocks.iter().enumerate() {
            if !frame.fits(&block.room) {
                continue;
            }
            for machine in self
                .block_machines(number)
                .filter(|machine| is_free(*machine))
            {
                let unsold = self.unsold[machine.index()];
                if emptiest.is_some_and(|(most, _)| unsold <= most) {
                    continue;
                }
                if let Some((place, _)) = self.backup_cost(frame, host, &after, machine) {
                    emptiest = Some((unsold, place));
                }
            }
        }
        if let Some((_, place)) = emptiest {
            return Some(place);
        }
        let far = self.backers.iter().copied().skip(NEAR);
        far.filter(|machine| is_free(*machine))
            .find_map(|machine| self.backup_cost(frame, host, &after, machine))
            .map(|(place, _)| place)
    }

    /// Whether this machine could be the backup.
    pub(crate) fn is_backup(
        &self,
        frame: &Frame<'_>,
        host: MachineNumber,
        machine: MachineNumber,
    ) -> bool {
        let hosted = Hosted::new(frame, host);
        let after = After::new(self, &hosted);
        self.backup_cost(frame, host, &after, machine).is_some()
    }

    /// The place on this machine, and whether more would have to be kept for it.
    fn backup_cost(
        &self,
        frame: &Frame<'_>,
        host: MachineNumber,
        after: &After,
        machine: MachineNumber,
    ) -> Option<(Place, bool)> {
        let domain = self.failure_domain(host);
        if !frame.is_open(self, machine)
            || self.failure_domain(machine) == domain
            || !self.is_data_near(host, machine)
            || !after.allows(self, machine)
        {
            return None;
        }
        let of = &self.machines[machine.index()];
        let load = of.loads.of(domain);
        let mut free = self.free(machine);
        if self.failures() > 1 {
            free.subtract(&self.reserve[machine.index()]);
        } else {
            free.subtract(&load);
        }
        let nodes = nodes_pick(frame.need, &free, of.node_count).ok()?;
        let amounts = frame.need.amounts(nodes);
        if self.failures() == 1 && !free.has(&amounts) {
            return None;
        }
        let mut load = load;
        load.add(&amounts);
        let kept = &self.reserve[machine.index()];
        let is_costly = !kept.has(&load);
        if self.failures() > 1 {
            let others = of.loads.iter().filter(|other| other.0 != domain);
            let loads = others.map(|load| load.1).chain([load]);
            let reserve = change_reserve(loads, self.failures());
            let free = self.free(machine);
            if reserve != *kept && !free.has(&reserve) {
                return None;
            }
        }
        Some((Place { machine, nodes }, is_costly))
    }

    /// Whether it is the one itself, or holds room for it.
    pub(crate) fn is_own(&self, own: Option<VmNumber>, member: VmNumber) -> bool {
        own.is_some() && (own == Some(member) || self.vms[member.index()].hold_of == own)
    }

    /// The machines that fail together with this one, with it.
    pub(crate) fn failing_with(
        &self,
        machine: MachineNumber,
    ) -> Box<dyn Iterator<Item = MachineNumber> + '_> {
        let survive = self.policy.survive.unwrap_or(Survive::MACHINE);
        let of = &self.machines[machine.index()];
        match survive.domain {
            Domain::Machine => Box::new(std::iter::once(machine)),
            Domain::Rack => Box::new(self.rack_machines[of.rack.index()].iter().copied()),
            Domain::Site => {
                let site = of.site;
                let racks = self.racks.iter().zip(&self.rack_machines);
                let racks = racks.filter(move |(other, _)| **other == site);
                Box::new(racks.flat_map(|(_, machines)| machines.iter().copied()))
            }
        }
    }

    /// Where it may be after the host has failed: if it fails too, at its backup. If a second
    /// failure is to be survived, anything may have failed with it.
    pub(crate) fn places_after(
        &self,
        vm: VmNumber,
        host: MachineNumber,
    ) -> impl Iterator<Item = Place> + use<> {
        let of = &self.vms[vm.index()];
        let domain = self.failure_domain(host);
        let fails = of
            .place
            .is_some_and(|place| self.failure_domain(place.machine) == domain);
        let is_alive = |place: &Place| self.is_alive(place.machine);
        let stays = of.place.filter(|place| !fails && is_alive(place));
        let moves = fails || self.failures() > 1;
        let backups = of.backups.into_iter().flatten().filter(move |_| moves);
        stays.into_iter().chain(backups)
    }
}
