//! Where groups and the tenant's cap would allow something after its host has failed: worked out once
//! for all machines.

use super::Hosted;
use crate::fleet::{Domain, Fleet, MachineNumber, Place, Relation, VmNumber};

/// What stands in the way then.
#[derive(Debug, Default)]
pub(crate) struct After {
    /// Not there.
    out: Vec<(Domain, u32)>,
    /// There and nowhere else; each of them.
    only: Vec<(Domain, u32)>,
    is_nowhere: bool,
}

impl After {
    pub(crate) fn new(fleet: &Fleet, hosted: &Hosted) -> Self {
        let mut after = Self::default();
        for group in hosted.ask.groups.into_iter().flatten() {
            let spec = fleet.groups[group.index()].spec;
            if !spec.is_hard {
                continue;
            }
            let all = fleet.groups[group.index()].members.iter().copied();
            let others = all.filter(|member| !fleet.is_own(hosted.own, *member));
            match spec.relation {
                Relation::Together => after.together(fleet, hosted, spec.domain, others),
                Relation::Apart { most } => after.apart(fleet, hosted, (spec.domain, most), others),
            }
        }
        after.cap(fleet, hosted);
        after
    }

    #[inline]
    pub(crate) fn allows(&self, fleet: &Fleet, machine: MachineNumber) -> bool {
        let is_there = |(kind, domain): &(Domain, u32)| fleet.domain_of(machine, *kind) == *domain;
        !self.is_nowhere && !self.out.iter().any(is_there) && self.only.iter().all(is_there)
    }

    fn together(
        &mut self,
        fleet: &Fleet,
        hosted: &Hosted,
        kind: Domain,
        others: impl Iterator<Item = VmNumber>,
    ) {
        let places = others.flat_map(|member| fleet.places_after(member, hosted.host));
        let staying = places.filter(|place| fleet.is_staying(place.machine));
        let domains = staying.map(|place| (kind, fleet.domain_of(place.machine, kind)));
        self.only.extend(domains);
        self.only.dedup();
    }

    fn apart(
        &mut self,
        fleet: &Fleet,
        hosted: &Hosted,
        (kind, most): (Domain, u32),
        others: impl Iterator<Item = VmNumber>,
    ) {
        self.is_nowhere |= most == 0;
        // At once as much as it can be: growing costs more than what is done with it.
        let mut domains = Vec::with_capacity(others.size_hint().1.unwrap_or(0));
        for member in others {
            // One that may be in one of several places counts once in each domain.
            let first = domains.len();
            for place in fleet.places_after(member, hosted.host) {
                let domain = fleet.domain_of(place.machine, kind);
                if !domains[first..].contains(&domain) {
                    domains.push(domain);
                }
            }
        }
        self.full(kind, most, domains);
    }

    fn cap(&mut self, fleet: &Fleet, hosted: &Hosted) {
        let Some(cap) = fleet.policy.tenant_cap else {
            return;
        };
        self.is_nowhere |= cap == 0;
        let Some(vms) = fleet.tenants.get(&hosted.ask.tenant) else {
            return;
        };
        let failing = fleet.failure_domain(hosted.host);
        let mut machines = Vec::with_capacity(vms.len());
        for vm in vms.iter().filter(|vm| Some(**vm) != hosted.own) {
            let Some(place) = fleet.place_of(*vm) else {
                continue;
            };
            machines.push(place.machine.0);
            // With two failures at once any of them may come.
            if fleet.failures() > 1 || fleet.failure_domain(place.machine) == failing {
                let elsewhere = |backup: &Place| backup.machine != place.machine;
                let backups = fleet.backups_of(*vm).filter(elsewhere);
                machines.extend(backups.map(|backup| backup.machine.0));
            }
        }
        self.full(Domain::Machine, cap, machines);
    }

    /// Those that are there so often.
    fn full(&mut self, kind: Domain, most: u32, mut domains: Vec<u32>) {
        domains.sort_unstable();
        let runs = domains.chunk_by(|one, other| one == other);
        if most == 1 {
            self.out.reserve(domains.len());
        }
        let full = runs.filter(|run| run.len() >= most as usize);
        self.out.extend(full.map(|run| (kind, run[0])));
    }
}
