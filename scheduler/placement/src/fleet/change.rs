//! The two things that change, each with its inverse, so that whatever was tried can be taken back:
//! a preview, a group of which the last one doesn't fit, a plan.

use std::collections::BTreeMap;

use super::{
    Amounts, Domain, FAILURES, Fleet, MachineNumber, Place, Survive, TenantNumber, VmNumber,
};

/// One change, as what was before it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Place(VmNumber, Option<Place>),
    Backup(VmNumber, usize, Option<Place>),
}

/// A moment to which the fleet can be taken back.
#[derive(Debug)]
#[must_use]
pub struct Mark(usize);

impl Fleet {
    /// From now on changes can be taken back. Marks nest.
    pub fn mark(&mut self) -> Mark {
        self.marks += 1;
        Mark(self.journal.len())
    }

    /// All is as it was at the mark.
    pub fn back(&mut self, mark: Mark) {
        while self.journal.len() > mark.0 {
            match self.journal.pop() {
                Some(Change::Place(vm, place)) => self.place_write(vm, place),
                Some(Change::Backup(vm, slot, place)) => self.backup_write(vm, slot, place),
                None => break,
            }
        }
        self.keep(mark);
    }

    /// What was done since the mark stays, unless an outer one takes it back.
    pub fn keep(&mut self, mark: Mark) {
        // By value, so that a mark is used once.
        let Mark(_) = mark;
        self.marks -= 1;
        if self.marks == 0 {
            self.journal.clear();
        }
    }

    /// What has had a backup set since the mark, with the backups that it had then.
    pub(crate) fn backups_before(
        &self,
        mark: &Mark,
    ) -> BTreeMap<VmNumber, [Option<Place>; FAILURES]> {
        let mut before = BTreeMap::new();
        for change in self.journal[mark.0..].iter().rev() {
            if let Change::Backup(vm, slot, place) = change {
                let now = self.vms[vm.index()].backups;
                before.entry(*vm).or_insert(now)[*slot] = *place;
            }
        }
        before
    }

    /// Without its backups, which are where they are because of where it is.
    pub(crate) fn place_set(&mut self, vm: VmNumber, place: Option<Place>) {
        for slot in 0..FAILURES {
            self.backup_set(vm, slot, None);
        }
        if self.marks > 0 {
            let before = self.vms[vm.index()].place;
            self.journal.push(Change::Place(vm, before));
        }
        self.place_write(vm, place);
    }

    pub(crate) fn backup_set(&mut self, vm: VmNumber, slot: usize, place: Option<Place>) {
        let before = self.vms[vm.index()].backups[slot];
        if before == place {
            return;
        }
        if self.marks > 0 {
            self.journal.push(Change::Backup(vm, slot, before));
        }
        self.backup_write(vm, slot, place);
    }

    fn place_write(&mut self, vm: VmNumber, place: Option<Place>) {
        let (ask, before) = (self.vms[vm.index()].ask, self.vms[vm.index()].place);
        if let Some(place) = before {
            let amounts = self.needs[ask.need.index()].amounts(place.nodes);
            self.used[place.machine.index()].subtract(&amounts);
            self.machines[place.machine.index()].vm_take(vm);
            self.end_keep(place.machine);
            self.rooms_keep(place.machine);
        }
        if let Some(place) = place {
            let amounts = self.needs[ask.need.index()].amounts(place.nodes);
            self.used[place.machine.index()].add(&amounts);
            self.machines[place.machine.index()].vm_give(vm, ask.tenant);
            let end = &mut self.ends[place.machine.index()];
            *end = (*end).max(ask.until.unwrap_or(i64::MAX));
            self.rooms_keep(place.machine);
        }
        if before.is_some() != place.is_some() {
            if self.policy.tenant_cap.is_some() {
                let vms = self.tenants.entry(ask.tenant).or_default();
                match place {
                    Some(_) => insert(vms, vm),
                    None => remove(vms, vm),
                }
            }
            for group in ask.groups.into_iter().flatten() {
                let members = &mut self.groups[group.index()].members;
                match place {
                    Some(_) => insert(members, vm),
                    None => remove(members, vm),
                }
            }
        }
        self.vms[vm.index()].place = place;
        self.protection_keep(vm);
    }

    fn backup_write(&mut self, vm: VmNumber, slot: usize, place: Option<Place>) {
        let of = &self.vms[vm.index()];
        let (need, before) = (of.ask.need, of.backups[slot]);
        let domain = of.place.map(|place| self.failure_domain(place.machine));
        self.vms[vm.index()].backups[slot] = place;
        if let (Some(place), Some(domain)) = (before, domain) {
            let amounts = self.needs[need.index()].amounts(place.nodes);
            self.machines[place.machine.index()].guests -= 1;
            self.load_take(place.machine, domain, &amounts);
        }
        if let (Some(place), Some(domain)) = (place, domain) {
            let amounts = self.needs[need.index()].amounts(place.nodes);
            self.machines[place.machine.index()].guests += 1;
            self.load_give(place.machine, domain, &amounts);
        }
        self.protection_keep(vm);
    }

    /// What fails together with this machine.
    #[inline]
    pub(crate) fn failure_domain(&self, machine: MachineNumber) -> u32 {
        let survive = self.policy.survive.unwrap_or(Survive::MACHINE);
        self.domain_of(machine, survive.domain)
    }

    #[inline]
    pub(crate) fn domain_of(&self, machine: MachineNumber, domain: Domain) -> u32 {
        match domain {
            Domain::Machine => machine.0,
            Domain::Rack => self.machines[machine.index()].rack.0,
            Domain::Site => self.machines[machine.index()].site.0,
        }
    }

    fn load_give(&mut self, machine: MachineNumber, domain: u32, amounts: &Amounts) {
        self.machines[machine.index()].loads.give(domain, amounts);
        self.backers.insert(machine);
        self.reserve_keep(machine);
    }

    fn load_take(&mut self, machine: MachineNumber, domain: u32, amounts: &Amounts) {
        let of = &mut self.machines[machine.index()];
        of.loads.take(domain, amounts);
        if of.guests == 0 {
            of.loads.clear();
            self.backers.remove(&machine);
        }
        self.reserve_keep(machine);
    }

    /// What is kept is what the worst failures would bring here: of each dimension the greatest, or
    /// the sum of the two greatest if two failures at once are to be survived.
    fn reserve_keep(&mut self, machine: MachineNumber) {
        let loads = &self.machines[machine.index()].loads;
        let reserve = match self.failures_kept() {
            0 | 1 => loads.most(),
            failures => reserve(loads.iter().map(|load| load.1), failures),
        };
        if self.reserve[machine.index()] != reserve {
            self.reserve[machine.index()] = reserve;
            self.room_keep(machine, self.fills[machine.index()]);
        }
    }

    /// How many failures at once a decision has to think of: none while they have come.
    pub(crate) fn failures(&self) -> usize {
        if self.is_recovering {
            0
        } else {
            self.failures_kept()
        }
    }

    /// For how many failures at once places are kept.
    pub(crate) fn failures_kept(&self) -> usize {
        let failures = self.policy.survive.map_or(0, |survive| survive.failures);
        usize::from(failures).min(FAILURES)
    }

    /// While failures are recovered from, what is kept for them is room.
    pub(crate) fn recovering_set(&mut self, is_recovering: bool) {
        self.is_recovering = is_recovering;
        for machine in self.machines() {
            if !self.reserve[machine.index()].is_zero() {
                self.rooms_keep(machine);
            }
        }
    }

    fn rooms_keep(&mut self, machine: MachineNumber) {
        let fill = self.fills[machine.index()];
        self.unsold_keep(machine);
        self.room_keep(machine, fill);
    }

    /// After what is used or kept changed; with what its fill was before.
    fn room_keep(&mut self, machine: MachineNumber, fill: i64) {
        let index = machine.index();
        let mut room = self.machines[index].limit;
        room.subtract(&self.used[index]);
        if !self.is_recovering {
            room.subtract(&self.reserve[index]);
        }
        let had = self.rooms[index].whole;
        self.rooms[index] = room;
        self.index_change(machine, &had, fill);
    }

    fn protection_keep(&mut self, vm: VmNumber) {
        let of = &self.vms[vm.index()];
        let wanted = if of.place.is_some() && of.ask.restarts && of.hold_of.is_none() {
            self.failures_kept()
        } else {
            0
        };
        if of.backups[..wanted].iter().any(Option::is_none) {
            insert(&mut self.unprotected, vm);
        } else {
            remove(&mut self.unprotected, vm);
        }
    }
}

/// Of each dimension the greatest, or the sum of the two greatest.
pub(crate) fn reserve(loads: impl Iterator<Item = Amounts>, failures: usize) -> Amounts {
    let (mut first, mut second) = (Amounts::default(), Amounts::default());
    for load in loads {
        if failures > 1 {
            second.raise(&least(&first, &load));
        }
        first.raise(&load);
    }
    first.add(&second);
    first
}

fn least(one: &Amounts, other: &Amounts) -> Amounts {
    let mut least = *one;
    for (lane, other) in least.whole.iter_mut().zip(other.whole) {
        *lane = (*lane).min(other);
    }
    for (lane, other) in least.nodes.iter_mut().zip(other.nodes) {
        *lane = (*lane).min(other);
    }
    least
}

fn insert<T: Ord>(sorted: &mut Vec<T>, one: T) {
    // Most are newer than all others.
    if sorted.last().is_none_or(|last| *last < one) {
        sorted.push(one);
    } else if let Err(at) = sorted.binary_search(&one) {
        sorted.insert(at, one);
    }
}

fn remove<T: Ord>(sorted: &mut Vec<T>, one: T) {
    if let Ok(at) = sorted.binary_search(&one) {
        sorted.remove(at);
    }
}

impl super::Machine {
    fn vm_give(&mut self, vm: VmNumber, tenant: TenantNumber) {
        let is_last = self.vms.last().is_none_or(|last| *last < vm);
        let at = if is_last {
            self.vms.len()
        } else {
            self.vms.partition_point(|other| *other < vm)
        };
        self.vms.insert(at, vm);
        self.tenants.insert(at, tenant);
    }

    fn vm_take(&mut self, vm: VmNumber) {
        if let Ok(at) = self.vms.binary_search(&vm) {
            self.vms.remove(at);
            self.tenants.remove(at);
        }
    }

    /// How many of a tenant are here, one of them aside.
    pub(crate) fn count_of(&self, tenant: TenantNumber, own: Option<VmNumber>) -> usize {
        let of_tenant = self.tenants.iter().zip(&self.vms);
        of_tenant
            .filter(|(other, vm)| **other == tenant && Some(**vm) != own)
            .count()
    }
}
