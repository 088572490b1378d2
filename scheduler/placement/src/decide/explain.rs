//! Why a machine fits, or doesn't.

use super::glance::Glance;
use crate::{
    fleet::{Ask, Domain, FAILURES, Fleet, MachineNumber, Place, Relation, VmNumber},
    rules::{Frame, Refusal},
};

/// What was found of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explained {
    /// It fits: the lower the score, the better.
    Fits {
        /// See `docs/placement.md`.
        score: i64,
    },
    /// The first rule that refused it.
    Refused(Refusal),
}

impl Fleet {
    /// Every machine, in order.
    pub fn explain(&mut self, ask: &Ask) -> Vec<Explained> {
        self.explain_some(ask, 0..self.machines.len())
    }

    /// These machines, in this order.
    pub(crate) fn explain_some(
        &mut self,
        ask: &Ask,
        machines: impl ExactSizeIterator<Item = usize> + Clone,
    ) -> Vec<Explained> {
        let mut explained = Vec::with_capacity(machines.len());
        let mut tried = Vec::new();
        {
            let frame = Frame::new(self, ask, None);
            let company = self.company(ask);
            let mut glance = Glance::new(self, &frame);
            for machine in machines.clone().map(MachineNumber::at) {
                let one = match glance.look(machine, &company) {
                    Ok((score, place)) => {
                        tried.extend(place.map(|place| (explained.len(), place)));
                        Explained::Fits { score }
                    }
                    Err(refusal) => Explained::Refused(refusal),
                };
                explained.push(one);
            }
        }
        for (position, place) in tried {
            if let Some(refusal) = self.settle_refusal(ask, place) {
                explained[position] = Explained::Refused(refusal);
            }
        }
        explained
    }

    /// Where it would matter to backups of others.
    pub(crate) fn company(&self, ask: &Ask) -> Company {
        let mut company = Company::default();
        if self.failures() == 0 {
            return company;
        }
        let backups = |vm: &VmNumber| self.vms[vm.index()].backups.into_iter().flatten();
        for group in ask.groups.into_iter().flatten() {
            let of = &self.groups[group.index()];
            if !of.spec.is_hard {
                continue;
            }
            company.is_everywhere |= of.spec.relation == Relation::Together || self.failures() > 1;
            let domain = of.spec.domain;
            let domains = of.members.iter().flat_map(backups);
            let domains = domains.map(|backup| (domain, self.domain_of(backup.machine, domain)));
            company.domains.extend(domains);
        }
        if self.policy.tenant_cap.is_some() {
            company.is_everywhere |= self.failures() > 1;
            let vms = self.tenants.get(&ask.tenant).into_iter().flatten();
            let machines = vms
                .flat_map(backups)
                .map(|backup| (Domain::Machine, backup.machine.0));
            company.domains.extend(machines);
        }
        company
    }

    /// Whether it would have a place if this machine failed. What was found for the last one is
    /// tried first.
    pub(crate) fn is_restartable(
        &self,
        frame: &Frame<'_>,
        machine: MachineNumber,
        near: &mut Option<MachineNumber>,
    ) -> bool {
        if !frame.ask.restarts || self.failures() == 0 {
            return true;
        }
        let is_near = |near: MachineNumber| self.is_backup(frame, machine, near);
        if self.failures() == 1 && near.is_some_and(is_near) {
            return true;
        }
        let mut backups = [None; FAILURES];
        for slot in 0..self.failures() {
            let found = self.backup_find(frame, machine, &backups);
            let Some(place) = found else { return false };
            *near = Some(place.machine);
            backups[slot] = found;
        }
        true
    }

    /// Tries it, and takes it back.
    pub(crate) fn settle_refusal(&mut self, ask: &Ask, place: Place) -> Option<Refusal> {
        let mark = self.mark();
        let vm = self.vm_add(*ask);
        let settled = self.settle(vm, place);
        self.back(mark);
        self.vms.pop();
        settled.err()
    }
}

/// Where something new would matter to backups of others, so that it has to be tried.
#[derive(Debug, Default)]
pub(crate) struct Company {
    is_everywhere: bool,
    domains: Vec<(Domain, u32)>,
}

impl Company {
    pub(crate) fn is_touched(&self, fleet: &Fleet, machine: MachineNumber) -> bool {
        let is_there = |(kind, domain): &(Domain, u32)| fleet.domain_of(machine, *kind) == *domain;
        self.is_everywhere || self.domains.iter().any(is_there)
    }
}
