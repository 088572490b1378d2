//! The two things that change, each with its inverse, so that whatever was tried can be taken back:
//! a preview, a group of which the last one doesn't fit, a plan.

use super::{
    Amounts, Domain, FAILURES, Fleet, MachineNumber, Place, Survive, VmNumber, group::Relation,
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
            remove(&mut self.machines[place.machine.index()].vms, vm);
            self.rooms_keep(place.machine);
        }
        if let Some(place) = place {
            let amounts = self.needs[ask.need.index()].amounts(place.nodes);
            self.used[place.machine.index()].add(&amounts);
            insert(&mut self.machines[place.machine.index()].vms, vm);
            self.rooms_keep(place.machine);
        }
        if before.is_some() != place.is_some() {
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
            remove(&mut self.machines[place.machine.index()].guests, vm);
            self.load_take(place.machine, domain, &amounts);
        }
        if let (Some(place), Some(domain)) = (place, domain) {
            let amounts = self.needs[need.index()].amounts(place.nodes);
            insert(&mut self.machines[place.machine.index()].guests, vm);
            self.load_give(place.machine, domain, &amounts);
        }
        self.protection_keep(vm);
    }

    /// What fails together with this machine.
    pub(crate) fn failure_domain(&self, machine: MachineNumber) -> u32 {
        let survive = self.policy.survive.unwrap_or(Survive::MACHINE);
        self.domain_of(machine, survive.domain)
    }

    pub(crate) fn domain_of(&self, machine: MachineNumber, domain: Domain) -> u32 {
        match domain {
            Domain::Machine => machine.0,
            Domain::Rack => self.machines[machine.index()].rack.0,
            Domain::Site => self.machines[machine.index()].site.0,
        }
    }

    fn load_give(&mut self, machine: MachineNumber, domain: u32, amounts: &Amounts) {
        let loads = &mut self.machines[machine.index()].loads;
        match loads.binary_search_by_key(&domain, |load| load.0) {
            Ok(at) => loads[at].1.add(amounts),
            Err(at) => loads.insert(at, (domain, *amounts)),
        }
        self.backers.insert(machine);
        self.reserve_keep(machine);
    }

    fn load_take(&mut self, machine: MachineNumber, domain: u32, amounts: &Amounts) {
        let guests = self.machines[machine.index()].guests.len();
        let loads = &mut self.machines[machine.index()].loads;
        if let Ok(at) = loads.binary_search_by_key(&domain, |load| load.0) {
            loads[at].1.subtract(amounts);
            if loads[at].1.is_zero() {
                loads.remove(at);
            }
        }
        if guests == 0 {
            self.machines[machine.index()].loads.clear();
            self.backers.remove(&machine);
        }
        self.reserve_keep(machine);
    }

    /// What is kept is what the worst failures would bring here: of each dimension the greatest, or
    /// the sum of the two greatest if two failures at once are to be survived.
    fn reserve_keep(&mut self, machine: MachineNumber) {
        let reserve = reserve(
            self.machines[machine.index()]
                .loads
                .iter()
                .map(|load| load.1),
            self.failures_kept(),
        );
        if self.reserve[machine.index()] != reserve {
            self.reserve[machine.index()] = reserve;
            self.rooms_keep(machine);
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
        let index = machine.index();
        let mut room = self.machines[index].limit;
        room.subtract(&self.used[index]);
        if !self.is_recovering {
            room.subtract(&self.reserve[index]);
        }
        self.rooms[index] = room;
        self.unsold_keep(machine);
        self.index_keep(machine);
    }

    fn protection_keep(&mut self, vm: VmNumber) {
        let of = &self.vms[vm.index()];
        let wanted = if of.place.is_some() && of.ask.restarts && of.hold_of.is_none() {
            self.failures_kept()
        } else {
            0
        };
        if of.backups[..wanted].iter().any(Option::is_none) {
            self.unprotected.insert(vm);
        } else {
            self.unprotected.remove(&vm);
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
    let at = sorted.partition_point(|other| *other < one);
    sorted.insert(at, one);
}

fn remove<T: Ord>(sorted: &mut Vec<T>, one: T) {
    if let Ok(at) = sorted.binary_search(&one) {
        sorted.remove(at);
    }
}

impl Relation {
    /// At most so many in one domain; none if they belong together.
    pub(crate) fn most(self) -> Option<u32> {
        match self {
            Self::Together => None,
            Self::Apart { most } => Some(most),
        }
    }
}
