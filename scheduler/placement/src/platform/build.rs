//! From rows to the engine.

use std::collections::BTreeMap;

use berth_model::{
    FailureDomain, FleetFacts, FleetMachine, FleetReservation, MachineState, PlacementPolicy,
    TenantId,
};

use super::{DISK, Platform, Room};
use crate::{
    fleet::{
        Ask, Domain, FAILURES, Fleet, ImageNumber, LabelNumber, MachineNumber, MachineSpec, Need,
        NeedNumber, Place, Policy, Sizes, State, Survive, VmNumber,
    },
    rules::Frame,
};

impl Platform {
    /// All machines of the facts, with what is held on them.
    #[must_use]
    pub fn new(facts: FleetFacts) -> Self {
        let mut platform = Self {
            fleet: Fleet::new(policy(&facts.policy)),
            facts,
            sites: BTreeMap::new(),
            racks: BTreeMap::new(),
            networks: BTreeMap::new(),
            tenants: BTreeMap::new(),
            families: BTreeMap::new(),
            image: ImageNumber::default(),
            nowhere: LabelNumber::default(),
            remembered: Vec::new(),
        };
        if platform.facts.reservations.is_none() {
            platform.fleet.ages_ignore();
        }
        let disk = platform.fleet.dimension("disk");
        debug_assert_eq!(disk, Ok(DISK));
        platform.image = platform.fleet.image("asked about");
        platform.nowhere = platform.fleet.label("nowhere");
        for index in 0..platform.facts.machines.len() {
            platform.machine_add(index);
        }
        platform.reservations_add();
        platform.transits_add();
        platform.sums_add();
        platform.restarts_add();
        platform
    }

    /// Only the machines of the site that was asked about: questions are asked of one site.
    #[must_use]
    pub fn of_site(mut facts: FleetFacts) -> Self {
        let site = facts.site_id;
        facts.machines.retain(|machine| machine.site_id == site);
        Self::new(facts)
    }

    fn machine_add(&mut self, index: usize) {
        let known = &self.facts.machines[index];
        let site = *self
            .sites
            .entry(known.site_id)
            .or_insert_with(|| self.fleet.site_add());
        let rack = *self
            .racks
            .entry(known.machine.rack_id)
            .or_insert_with(|| self.fleet.rack_add(site));
        let mut labels = Vec::with_capacity(known.networks.len());
        for network in &known.networks {
            let label = self.fleet.label(&network.id.0.to_string());
            self.networks.insert(network.id, label);
            labels.push(label);
        }
        let next = u16::try_from(self.families.len()).unwrap_or(u16::MAX);
        let family = known.machine.cpu_family().map(str::to_owned);
        let spec = MachineSpec {
            cpu_family: *self.families.entry(family).or_insert(next),
            labels,
            images: known.has_image.then_some(self.image).into_iter().collect(),
            state: state(known),
            ..MachineSpec::plain(rack, limit(known))
        };
        let added = self.fleet.machine_add(&spec);
        debug_assert_eq!(
            added,
            Ok(MachineNumber::at(index)),
            "no NUMA nodes are told"
        );
    }

    fn reservations_add(&mut self) {
        let held = self.facts.reservations.take();
        for one in held.iter().flatten() {
            let ask = self.ask_of(one);
            let going = one.transit.filter(|transit| !transit.has_left);
            let at = going.map_or(one.reservation.machine_id, |transit| transit.machine_id);
            // A machine of the site, since the two were read together.
            match self.number(at) {
                Some(machine) => self.fleet.vm_found(ask, Place { machine, nodes: 0 }),
                None => self.fleet.vm_add(ask),
            };
        }
        self.facts.reservations = held;
    }

    fn ask_of(&mut self, held: &FleetReservation) -> Ask {
        let labels = held.networks.iter();
        let labels = labels.filter_map(|network| self.networks.get(network));
        let need = Need {
            sizes: Room::from(&held.reservation).sizes(),
            labels: labels.copied().collect(),
            site: self.sites.get(&self.facts.site_id).copied(),
            ..Need::default()
        };
        let need = self.need(need);
        let tenant = self.tenant(held.reservation.tenant_id);
        Ask {
            restarts: held.reservation.memory_bytes > 0,
            ..Ask::plain(need, tenant)
        }
    }

    /// What asks for no NUMA nodes is never refused.
    pub(super) fn need(&mut self, need: Need) -> NeedNumber {
        self.fleet.need(need).unwrap_or_default()
    }

    /// What is sold on machines whose reservations were not looked at, as one on each.
    fn sums_add(&mut self) {
        let is_looked_at = |known: &FleetMachine| {
            self.facts.reservations.is_some() && known.site_id == self.facts.site_id
        };
        let sums: Vec<(MachineNumber, Sizes)> = self
            .facts
            .machines
            .iter()
            .enumerate()
            .filter(|(_, known)| !is_looked_at(known))
            .map(|(index, known)| (MachineNumber::at(index), used(known)))
            .collect();
        let nobody = self.tenant(TenantId::PLATFORM);
        for (machine, sizes) in sums {
            let need = self.need(Need {
                sizes,
                ..Need::default()
            });
            let ask = Ask {
                restarts: false,
                ..Ask::plain(need, nobody)
            };
            self.fleet.vm_found(ask, Place { machine, nodes: 0 });
        }
    }

    /// Where each would be restarted, as far as that still holds: a machine may have lost memory, be
    /// drained, or the policy may be another one.
    fn restarts_add(&mut self) {
        let held = self.facts.reservations.iter().flatten();
        let restarts: Vec<_> = held.map(|held| held.restarts).collect();
        for (index, restarts) in restarts.into_iter().enumerate() {
            let vm = VmNumber::at(index);
            let Some(host) = self.fleet.place_of(vm).map(|place| place.machine) else {
                continue;
            };
            let mut backups = [None; FAILURES];
            for slot in 0..self.fleet.failures() {
                let machine = restarts[slot].and_then(|id| self.number(id));
                let Some(machine) = machine else { continue };
                let domain = self.fleet.failure_domain(machine);
                let mut others = backups.iter().flatten();
                let is_new =
                    others.all(|other: &Place| self.fleet.failure_domain(other.machine) != domain);
                let ask = self.fleet.ask_of(vm);
                let frame = Frame::new(&self.fleet, &ask, Some(vm));
                if is_new && self.fleet.is_backup(&frame, host, machine) {
                    backups[slot] = Some(Place { machine, nodes: 0 });
                    self.fleet.backup_set(vm, slot, backups[slot]);
                }
            }
        }
    }
}

fn policy(wanted: &PlacementPolicy) -> Policy {
    let domain = |domain| match domain {
        FailureDomain::Machine => Domain::Machine,
        FailureDomain::Rack => Domain::Rack,
    };
    Policy {
        survive: wanted.survive.map(|survive| Survive {
            domain: domain(survive),
            failures: u8::try_from(wanted.failures).unwrap_or(1),
        }),
        tenant_cap: wanted.tenant_cap.and_then(|cap| u32::try_from(cap).ok()),
        spread: wanted.is_spread,
    }
}

fn state(known: &FleetMachine) -> State {
    match known.machine.state {
        MachineState::Active if known.machine.unreachable_since.is_some() => State::Suspect,
        // Not even what needs no disk: a place is one in a pool.
        MachineState::Active if known.pool.is_none() => State::Suspect,
        MachineState::Active => State::Active,
        MachineState::Draining => State::Draining,
        MachineState::Enrolling | MachineState::Maintenance => State::Maintenance,
        MachineState::Failed => State::Failed,
    }
}

pub(super) fn limit(known: &FleetMachine) -> Sizes {
    let pool = known.pool.as_ref();
    let disk = pool.map_or(0, |pool| (pool.capacity_bytes - pool.foreign_bytes).max(0));
    Room {
        memory_bytes: known.machine.memory_limit_bytes(),
        vcpus: i64::from(known.machine.vcpu_limit()),
        disk_bytes: disk,
    }
    .sizes()
}

fn used(known: &FleetMachine) -> Sizes {
    Room {
        memory_bytes: known.machine.memory_used_bytes,
        vcpus: i64::from(known.machine.vcpus_used),
        disk_bytes: known.pool.as_ref().map_or(0, |pool| pool.used_bytes),
    }
    .sizes()
}
