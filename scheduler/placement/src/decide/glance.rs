//! One question about every machine. What is alike for all machines of a class or of a kind is asked
//! once, so that of most machines nothing is read but what is free on them.

use super::Company;
use crate::{
    fleet::{CLOSED, Fleet, MachineNumber, Place},
    rules::{Frame, Refusal, class_refusals},
    survive::{After, Hosted},
};

/// What is known before.
pub(crate) struct Glance<'f, 'a> {
    fleet: &'a Fleet,
    frame: &'f Frame<'a>,
    /// By class: the first rule that refuses all of it.
    classes: Vec<Option<Refusal>>,
    /// Machines on which the tenant has as many as it may have, in order.
    full: Vec<MachineNumber>,
    /// Failure domains that hold its tenant's or its groups' others, in order: what happens when one
    /// of them fails is not what happens when any other does.
    special: Vec<u32>,
    /// Two places in different failure domains that would do for a host in no special one; for each site,
    /// where restarts stay in it.
    spares: Vec<[Option<u32>; 2]>,
    /// What was found last for a special host is tried first for the next.
    near: Option<MachineNumber>,
}

impl<'f, 'a> Glance<'f, 'a> {
    pub(crate) fn new(fleet: &'a Fleet, frame: &'f Frame<'a>) -> Self {
        let first = |class| class_refusals(frame.need, class).next();
        let mut glance = Self {
            fleet,
            frame,
            classes: fleet.classes.iter().map(first).collect(),
            full: full(fleet, frame),
            special: special(fleet, frame),
            spares: Vec::new(),
            near: None,
        };
        if frame.ask.restarts && fleet.failures() == 1 {
            let sites = match fleet.is_data_everywhere() {
                true => 1,
                false => fleet.sites,
            };
            glance.spares = (0..sites).map(|site| glance.spares_of(site)).collect();
        }
        glance
    }

    /// The score, and the place if it has to be tried there, since it would matter to backups of
    /// others.
    pub(crate) fn look(
        &mut self,
        machine: MachineNumber,
        company: &Company,
    ) -> Result<(i64, Option<Place>), Refusal> {
        if let Some(refusal) = self.refusal(machine) {
            return Err(refusal);
        }
        let score = self.frame.score(self.fleet, machine);
        if company.is_touched(self.fleet, machine) {
            let place = self.frame.room(self.fleet, machine);
            return Ok((score, Some(place.ok_or(Refusal::NoRestart)?)));
        }
        if self.is_restartable(machine) {
            Ok((score, None))
        } else {
            Err(Refusal::NoRestart)
        }
    }

    /// The first of `Frame::refusals`.
    pub(crate) fn refusal(&self, machine: MachineNumber) -> Option<Refusal> {
        let gate = self.fleet.gates[machine.index()];
        if gate == CLOSED {
            return Some(Refusal::State(self.fleet.state(machine)));
        }
        if let Some(refusal) = self.classes[gate as usize] {
            return Some(refusal);
        }
        let is_roomy = self.frame.fits(&self.fleet.rooms[machine.index()].whole);
        if !is_roomy && let Some(short) = self.short(machine) {
            return Some(short);
        }
        if !is_roomy || self.frame.need.nodes > 0 {
            // What is kept is in the way on few machines, and few ask for nodes.
            return self.frame.refusals(self.fleet, machine).next();
        }
        if let Some(bound) = self.frame.broken(self.fleet, machine, true).next() {
            return Some(Refusal::Group(bound.group));
        }
        let is_full = self.full.binary_search(&machine).is_ok();
        is_full.then_some(Refusal::TenantCap)
    }

    fn short(&self, machine: MachineNumber) -> Option<Refusal> {
        let limit = &self.fleet.kind_of(machine).limit.whole;
        let used = &self.fleet.used[machine.index()].whole;
        let sizes = &self.frame.need.sizes;
        (0..self.fleet.dimensions.len()).find_map(|dimension| {
            let missing = sizes[dimension] - (limit[dimension] - used[dimension]);
            (sizes[dimension] > 0 && missing > 0).then_some(Refusal::Short { dimension, missing })
        })
    }

    pub(crate) fn is_restartable(&mut self, host: MachineNumber) -> bool {
        if !self.frame.ask.restarts || self.fleet.failures() == 0 {
            return true;
        }
        let domain = self.fleet.failure_domain(host);
        let is_plain = self.special.binary_search(&domain).is_err();
        let site = self.fleet.machines[host.index()].site.index();
        let spares = self.spares.get(site).or(self.spares.first());
        let mut spares = spares.into_iter().flatten().flatten();
        if is_plain && spares.any(|spare| *spare != domain) {
            return true;
        }
        self.fleet.is_restartable(self.frame, host, &mut self.near)
    }

    /// Where there is room beside all that is kept; in this site, or in any.
    fn spares_of(&self, site: u32) -> [Option<u32>; 2] {
        let fleet = self.fleet;
        let is_everywhere = fleet.is_data_everywhere();
        let domain = |machine: &MachineNumber| fleet.failure_domain(*machine);
        let is_plain =
            |machine: &MachineNumber| self.special.binary_search(&domain(machine)).is_err();
        let Some(host) = fleet.machines().find(is_plain) else {
            return [None; 2];
        };
        let after = After::new(fleet, &Hosted::new(self.frame, host));
        let is_spare = |machine: &MachineNumber| {
            (is_everywhere || fleet.machines[machine.index()].site.0 == site)
                && self.frame.is_open(fleet, *machine)
                && self.frame.room(fleet, *machine).is_some()
                && after.allows(fleet, *machine)
        };
        let blocks = fleet.blocks.iter().enumerate();
        let roomy = blocks.filter(|(_, block)| self.frame.fits(&block.room));
        let machines = roomy.flat_map(|(number, _)| fleet.block_machines(number));
        let mut found = machines.filter(is_spare).map(|machine| domain(&machine));
        let first = found.next();
        [first, found.find(|other| Some(*other) != first)]
    }
}

fn full(fleet: &Fleet, frame: &Frame<'_>) -> Vec<MachineNumber> {
    let Some(cap) = fleet.policy.tenant_cap else {
        return Vec::new();
    };
    let vms = fleet.tenants.get(&frame.ask.tenant).into_iter().flatten();
    let others = vms.filter(|vm| Some(**vm) != frame.own);
    let places = others.filter_map(|vm| fleet.vms[vm.index()].place);
    let mut machines: Vec<MachineNumber> = places.map(|place| place.machine).collect();
    if cap == 0 {
        return fleet.machines().collect();
    }
    machines.sort_unstable();
    let runs = machines.chunk_by(|one, other| one == other);
    let full = runs.filter(|run| run.len() >= cap as usize);
    full.map(|run| run[0]).collect()
}

fn special(fleet: &Fleet, frame: &Frame<'_>) -> Vec<u32> {
    let groups = frame.ask.groups.into_iter().flatten();
    let members = groups.flat_map(|group| &fleet.groups[group.index()].members);
    let vms = fleet.tenants.get(&frame.ask.tenant).into_iter().flatten();
    let places = members
        .chain(vms)
        .filter_map(|vm| fleet.vms[vm.index()].place);
    let mut domains: Vec<u32> = places
        .map(|place| fleet.failure_domain(place.machine))
        .collect();
    domains.sort_unstable();
    domains.dedup();
    domains
}
