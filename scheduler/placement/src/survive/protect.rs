//! Something gets a place, and everything keeps one for the case of a failure; or nothing changes.

use super::{After, backup::Hosted};
use crate::{
    fleet::{
        Domain, FAILURES, Fleet, GroupSpec, MachineNumber, Place, Relation, Survive, VmNumber,
    },
    rules::{Frame, Refusal},
};

/// How many backups are moved away from one machine to make room on it.
const SHED: usize = 64;

impl Fleet {
    /// Puts it there, finds backups for it, and other backups for those that were in its way.
    pub(crate) fn settle(&mut self, vm: VmNumber, place: Place) -> Result<(), Refusal> {
        let mark = self.mark();
        let settled = self.settle_unmarked(vm, place);
        match settled {
            Ok(()) => self.keep(mark),
            Err(_) => self.back(mark),
        }
        settled
    }

    fn settle_unmarked(&mut self, vm: VmNumber, place: Place) -> Result<(), Refusal> {
        let before = self.vms[vm.index()].place;
        self.place_set(vm, Some(place));
        if self.failures() == 0 {
            return Ok(());
        }
        self.shed(place.machine, vm)?;
        self.restore_neighbours(vm, place.machine)?;
        if let Some(before) = before {
            // Who was restarted beside it may not be any more.
            self.restore_neighbours(vm, before.machine)?;
        }
        let of = &self.vms[vm.index()];
        if of.ask.restarts && of.hold_of.is_none() && !self.backups_fill(vm) {
            return Err(Refusal::NoRestart);
        }
        Ok(())
    }

    /// Backups for every failure that is to be survived. False if some are missing.
    pub(crate) fn backups_fill(&mut self, vm: VmNumber) -> bool {
        let Some(place) = self.vms[vm.index()].place else {
            return true;
        };
        let ask = self.vms[vm.index()].ask;
        for slot in 0..self.failures() {
            let backups = self.vms[vm.index()].backups;
            if backups[slot].is_some() {
                continue;
            }
            let frame = Frame::bare(self, &ask, Some(vm));
            let found = self.backup_find(&frame, place.machine, &backups);
            let Some(backup) = found else { return false };
            self.backup_set(vm, slot, Some(backup));
        }
        true
    }

    /// Finds backups for everything that lacks one; returns how many still do.
    pub fn protect(&mut self) -> usize {
        let mut lacking: Vec<VmNumber> = self.unprotected.clone();
        // The large ones first, while there is room.
        let size = |vm: &VmNumber| self.needs[self.vms[vm.index()].ask.need.index()].sizes[0];
        lacking.sort_by_key(|vm| (-size(vm), *vm));
        for vm in lacking {
            self.backups_fill(vm);
        }
        self.unprotected.len()
    }

    /// Moves backups away from where something was just put, until what is kept fits again.
    fn shed(&mut self, machine: MachineNumber, vm: VmNumber) -> Result<(), Refusal> {
        for _ in 0..SHED {
            let Some(lane) = self.short_lane(machine, vm) else {
                return Ok(());
            };
            let of = &self.machines[machine.index()];
            let load = of
                .loads
                .iter()
                .max_by_key(|(domain, load)| (load.lanes().nth(lane), std::cmp::Reverse(*domain)));
            let Some((domain, _)) = load else { break };
            let size = |guest: &VmNumber| {
                let need = self.vms[guest.index()].ask.need;
                self.needs[need.index()].sizes[lane.min(crate::fleet::DIMENSIONS - 1)]
            };
            let failing = self
                .machine_of_domain(domain)
                .map(|one| self.failing_with(one));
            let largest = failing
                .into_iter()
                .flatten()
                .flat_map(|one| self.machines[one.index()].vms.iter().copied())
                .filter(|guest| self.is_guest(*guest, machine))
                .max_by_key(size);
            let Some(guest) = largest else { break };
            if !self.backup_replace(guest, machine) {
                break;
            }
        }
        match self.short_lane(machine, vm) {
            None => Ok(()),
            Some(lane) => Err(Refusal::Kept {
                dimension: lane.min(crate::fleet::DIMENSIONS - 1),
                missing: -self.rooms[machine.index()].lanes().nth(lane).unwrap_or(0),
            }),
        }
    }

    /// One of the machines that are this failure domain.
    fn machine_of_domain(&self, domain: u32) -> Option<MachineNumber> {
        match self.policy.survive.unwrap_or(Survive::MACHINE).domain {
            Domain::Machine => Some(MachineNumber(domain)),
            Domain::Rack => self.rack_machines[domain as usize].first().copied(),
            Domain::Site => self
                .machines()
                .find(|one| self.failure_domain(*one) == domain),
        }
    }

    /// The first dimension of what was put there that is now oversold.
    fn short_lane(&self, machine: MachineNumber, vm: VmNumber) -> Option<usize> {
        let of = &self.vms[vm.index()];
        let nodes = of.place.map_or(0, |place| place.nodes);
        let wanted = self.needs[of.ask.need.index()].amounts(nodes);
        let room = &self.rooms[machine.index()];
        room.lanes()
            .zip(wanted.lanes())
            .position(|(room, wanted)| wanted > 0 && room < 0)
    }

    /// Another place for the backup that it has on this machine.
    fn backup_replace(&mut self, vm: VmNumber, machine: MachineNumber) -> bool {
        let of = &self.vms[vm.index()];
        let (ask, backups, place) = (of.ask, of.backups, of.place);
        let at = |backup: &Option<Place>| backup.is_some_and(|place| place.machine == machine);
        let (Some(slot), Some(place)) = (backups.iter().position(at), place) else {
            return false;
        };
        let frame = Frame::bare(self, &ask, Some(vm));
        let Some(other) = self.backup_find(&frame, place.machine, &backups) else {
            return false;
        };
        self.backup_set(vm, slot, Some(other));
        true
    }

    /// Whether it can't matter to any backup where it is: nothing would be restarted on its machine, and
    /// its groups look no further.
    fn is_alone(&self, vm: VmNumber) -> bool {
        let of = &self.vms[vm.index()];
        let is_near = |spec: GroupSpec| {
            !spec.is_hard
                || (spec.domain == Domain::Machine
                    && matches!(spec.relation, Relation::Apart { .. }))
        };
        let mut groups = of.ask.groups.into_iter().flatten();
        self.failures() == 1
            && of
                .place
                .is_some_and(|place| self.machines[place.machine.index()].guests == 0)
            && groups.all(|group| is_near(self.groups[group.index()].spec))
    }

    /// Whether it may matter to the other's backups that this one, which has none yet, is where it is.
    fn is_met(&self, neighbour: VmNumber, vm: VmNumber) -> bool {
        let of = &self.vms[vm.index()];
        let Some(place) = of.place else { return true };
        let groups = of.ask.groups.into_iter().flatten();
        let is_near = |spec: GroupSpec| {
            let domain = self.domain_of(place.machine, spec.domain);
            let mut backups = self.backups_of(neighbour);
            spec.relation == Relation::Together
                || backups.any(|backup| self.domain_of(backup.machine, spec.domain) == domain)
        };
        // A guest on the same machine counts for the tenant's cap.
        self.failures() > 1
            || self.is_guest(neighbour, place.machine)
            || groups
                .map(|group| self.groups[group.index()].spec)
                .any(is_near)
    }

    /// Those whose backups may not be where they are any more, now that this one is there: members
    /// of its hard groups, and what its tenant would have restarted on the machine.
    fn restore_neighbours(&mut self, vm: VmNumber, machine: MachineNumber) -> Result<(), Refusal> {
        let ask = self.vms[vm.index()].ask;
        if self.is_alone(vm) {
            return Ok(());
        }
        let mut neighbours = Vec::new();
        for group in ask.groups.into_iter().flatten() {
            if self.groups[group.index()].spec.is_hard {
                neighbours.extend_from_slice(&self.groups[group.index()].members);
            }
        }
        if self.policy.tenant_cap.is_some() {
            let of_tenant = self.tenants.get(&ask.tenant).into_iter().flatten();
            neighbours.extend(of_tenant.filter(|one| self.is_guest(**one, machine)));
        }
        neighbours.retain(|neighbour| *neighbour != vm && self.is_met(*neighbour, vm));
        let mut broken = Vec::new();
        for neighbour in neighbours {
            let of = &self.vms[neighbour.index()];
            let Some(place) = of.place else { continue };
            let hosted = Hosted {
                ask: of.ask,
                own: Some(neighbour),
                host: place.machine,
            };
            let after = After::new(self, &hosted);
            for slot in 0..FAILURES {
                let backup = self.vms[neighbour.index()].backups[slot];
                if backup.is_some_and(|backup| !after.allows(self, backup.machine)) {
                    self.backup_set(neighbour, slot, None);
                    broken.push(neighbour);
                }
            }
        }
        let is_whole = broken
            .into_iter()
            .all(|neighbour| self.backups_fill(neighbour));
        if is_whole {
            Ok(())
        } else {
            Err(Refusal::NoRestart)
        }
    }
}
