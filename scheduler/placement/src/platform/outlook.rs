//! How long capacity lasts, and what to buy.

use berth_model::{FleetMachine, Hindrance, MachineId, PlanId};

use super::{NetworkNeed, Platform, Request, Room, build::limit};
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

/// What is counted, and up to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutlookAsked {
    /// For how many more virtual machines there are addresses: each takes one of each family.
    pub addresses: usize,
    /// Nothing is counted beyond this.
    pub most: usize,
}

/// What ends a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutlookLimit {
    /// Room on machines.
    Room,
    /// Addresses.
    Addresses,
    /// Nothing: it wasn't counted any further.
    Most,
}

/// How many more fit, and why not one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutlookMore {
    /// How many.
    pub more: usize,
    /// What ends it.
    pub limit: OutlookLimit,
}

/// What still fits into a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// How many more of each plan, if nothing else is ordered; in the order of the question.
    pub plans: Vec<(PlanId, OutlookMore)>,
    /// How many more in the proportions of the mix, until one of them fits nowhere.
    pub mix: OutlookMore,
    /// What is free when no machine takes any of them, and can't be sold.
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
    /// What ends the count with it.
    pub limit: OutlookLimit,
}

/// How far two machines' sizes may be apart and still be of one kind: a 50th. No two report the
/// very same memory.
const ALIKE: u64 = 50;

impl Platform {
    /// What still fits. What is asked comes from tenants that are not there yet.
    pub fn outlook(&mut self, plans: &[PlanRoom], asked: OutlookAsked) -> Outlook {
        self.fleet.protect();
        let asks: Vec<Ask> = plans.iter().map(|plan| self.plan_ask(plan.room)).collect();
        let counted = asks.iter().zip(plans);
        let more: Vec<(PlanId, OutlookMore)> = counted
            .map(|(ask, plan)| (plan.plan_id, asked.of(self.fleet.more(ask, asked.most))))
            .collect();
        let mix: Vec<(Ask, u32)> = asks
            .iter()
            .zip(plans)
            .map(|(ask, plan)| (*ask, plan.weight))
            .collect();
        let room = self.fleet.more_of_mix(&mix, asked.most).count;
        Outlook {
            plans: more,
            mix: asked.of(room),
            stranded: self.stranded(&asks, asked.most),
            advice: self.advice(&mix, room, asked),
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

    fn stranded(&mut self, asks: &[Ask], most: usize) -> Vec<StrandedRoom> {
        let found = self.fleet.stranded(asks, most);
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

    /// Of each kind of machines that is there, one more in a rack of its own. It brings no addresses.
    fn advice(&mut self, mix: &[(Ask, u32)], room: usize, asked: OutlookAsked) -> Vec<MoreWith> {
        let Some(site) = self.sites.get(&self.facts.site_id).copied() else {
            return Vec::new();
        };
        let kinds = self.kinds();
        let rack = self.fleet.rack_add(site);
        let types: Vec<MachineSpec> = kinds
            .iter()
            .map(|machine| MachineSpec {
                labels: self.labels(*machine),
                ..MachineSpec::plain(rack, bare(self.known(*machine)))
            })
            .collect();
        let found = self
            .fleet
            .advice(&types, mix, asked.most)
            .unwrap_or_default();
        let before = asked.of(room).more;
        found
            .into_iter()
            .map(|advice| {
                let with = asked.of(advice.more);
                MoreWith {
                    like: self.known(kinds[advice.which]).machine.id,
                    gained: with.more.saturating_sub(before),
                    limit: with.limit,
                }
            })
            .collect()
    }

    /// The first machine of each kind, by what is built in: of two equal ones one may hold something
    /// that isn't Berth's.
    fn kinds(&self) -> Vec<MachineNumber> {
        let mut kinds: Vec<(Sizes, MachineNumber)> = Vec::new();
        for machine in self.fleet.machines() {
            let sizes = bare(self.known(machine));
            let is_known = kinds.iter().any(|(kind, _)| is_alike(kind, &sizes));
            if sizes[0] > 0 && !is_known {
                kinds.push((sizes, machine));
            }
        }
        kinds.into_iter().map(|(_, machine)| machine).collect()
    }

    fn labels(&self, machine: MachineNumber) -> Vec<crate::fleet::LabelNumber> {
        let networks = self.known(machine).networks.iter();
        networks
            .filter_map(|network| self.networks.get(&network.id).copied())
            .collect()
    }
}

impl OutlookAsked {
    /// Of so many that machines have room for. Where both end at once it is addresses: they have to
    /// be added as well.
    fn of(self, room: usize) -> OutlookMore {
        let more = room.min(self.addresses).min(self.most);
        let limit = if more == self.addresses {
            OutlookLimit::Addresses
        } else if more == self.most {
            OutlookLimit::Most
        } else {
            OutlookLimit::Room
        };
        OutlookMore { more, limit }
    }
}

/// What a machine like it has to sell when nothing else is on it.
fn bare(known: &FleetMachine) -> Sizes {
    let mut known = known.clone();
    known.machine.memory_foreign_bytes = 0;
    known.machine.vcpus_foreign = 0;
    if let Some(pool) = &mut known.pool {
        pool.foreign_bytes = 0;
    }
    limit(&known)
}

fn is_alike(one: &Sizes, other: &Sizes) -> bool {
    let mut pairs = one.iter().zip(other);
    pairs.all(|(one, other)| one.abs_diff(*other) <= one.max(other).unsigned_abs() / ALIKE)
}
