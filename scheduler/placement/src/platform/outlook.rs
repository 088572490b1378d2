//! How long capacity lasts, and what to buy.

use std::collections::BTreeMap;

use berth_model::{Hindrance, MachineId, PlanId};

use super::{NetworkNeed, Platform, Request, Room};
use crate::fleet::{Ask, MachineNumber, MachineSpec, Sizes};

/// A plan that may be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanRoom {
    /// Which.
    pub plan_id: PlanId,
    /// What one order of it takes.
    pub room: Room,
    /// How many of it there are in a mix; 0 leaves it out.
    pub weight: u32,
}

/// What still fits into a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// How many more of each plan, if nothing else is ordered; in the order of the question.
    pub plans: Vec<(PlanId, usize)>,
    /// How many more in the proportions of the mix, until one of them fits nowhere.
    pub mix: usize,
    /// What is free then and can't be sold.
    pub stranded: Vec<StrandedRoom>,
    /// What one more machine like one that is there already would bring, the best first.
    pub advice: Vec<MoreWith>,
}

/// Free room that can't be sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrandedRoom {
    /// What is in the way.
    pub by: Hindrance,
    /// On how many machines.
    pub machines: usize,
    /// What is free on them, in all.
    pub room: Room,
}

/// What one more machine would bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoreWith {
    /// One that is like it.
    pub like: MachineId,
    /// How many more of the mix would fit.
    pub gained: usize,
}

impl Platform {
    /// What still fits, not counted beyond `most`. What is asked comes from tenants that are not
    /// there yet.
    pub fn outlook(&mut self, plans: &[PlanRoom], most: usize) -> Outlook {
        self.fleet.protect();
        let asks: Vec<Ask> = plans.iter().map(|plan| self.plan_ask(plan.room)).collect();
        let counted = asks.iter().zip(plans);
        let more: Vec<(PlanId, usize)> = counted
            .map(|(ask, plan)| (plan.plan_id, self.fleet.more(ask, most)))
            .collect();
        let mix: Vec<(Ask, u32)> = asks
            .iter()
            .zip(plans)
            .map(|(ask, plan)| (*ask, plan.weight))
            .collect();
        Outlook {
            plans: more,
            mix: self.fleet.more_of_mix(&mix, most),
            stranded: self.stranded(&asks),
            advice: self.advice(&mix, most),
        }
    }

    fn plan_ask(&mut self, room: Room) -> Ask {
        let request = Request {
            tenant_id: berth_model::TenantId::PLATFORM,
            site_id: self.facts.site_id,
            room,
            network: NetworkNeed::Any,
            held: None,
        };
        // Where a site has several networks, the first that has addresses.
        self.asked(&request)[0].ask
    }

    fn stranded(&mut self, asks: &[Ask]) -> Vec<StrandedRoom> {
        let found = self.fleet.stranded(asks);
        let room = |free: Sizes| Room {
            memory_bytes: free[0],
            vcpus: free[1],
            disk_bytes: free[2],
        };
        found
            .into_iter()
            .map(|stranded| StrandedRoom {
                by: Hindrance::from(&stranded.by),
                machines: stranded.machines,
                room: room(stranded.free),
            })
            .collect()
    }

    /// Of each kind of machines that is there, one more in a rack of its own.
    fn advice(&mut self, mix: &[(Ask, u32)], most: usize) -> Vec<MoreWith> {
        let mut kinds: BTreeMap<Sizes, MachineNumber> = BTreeMap::new();
        for machine in self.fleet.machines() {
            let limit = self.fleet.limit(machine);
            if limit[0] > 0 {
                kinds.entry(limit).or_insert(machine);
            }
        }
        let Some(site) = self.sites.get(&self.facts.site_id).copied() else {
            return Vec::new();
        };
        let rack = self.fleet.rack_add(site);
        let like: Vec<MachineNumber> = kinds.values().copied().collect();
        let types: Vec<MachineSpec> = kinds
            .into_iter()
            .map(|(limit, machine)| MachineSpec {
                labels: self.labels(machine),
                ..MachineSpec::plain(rack, limit)
            })
            .collect();
        let found = self.fleet.advice(&types, mix, most).unwrap_or_default();
        found
            .into_iter()
            .map(|advice| MoreWith {
                like: self.known(like[advice.which]).machine.id,
                gained: advice.gained,
            })
            .collect()
    }

    fn labels(&self, machine: MachineNumber) -> Vec<crate::fleet::LabelNumber> {
        let networks = self.known(machine).networks.iter();
        networks
            .filter_map(|network| self.networks.get(&network.id).copied())
            .collect()
    }
}
