//! One question, asked of many machines: what can be known before is known before.

use super::{Refusal, room::nodes_pick};
use crate::fleet::{
    Ask, CLOSED, Class, DIMENSIONS, Domain, Fleet, GroupNumber, MachineNumber, Need, Place,
    Relation, Sizes, State, VmNumber,
};

/// A domain that a group has something to say about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) group: GroupNumber,
    pub(crate) kind: Domain,
    pub(crate) domain: u32,
    /// The only domain that is allowed, or one that isn't.
    pub(crate) is_only: bool,
    pub(crate) is_hard: bool,
}

/// One question.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) ask: Ask,
    /// The one that asks, if it has a place already: it isn't in its own way.
    pub(crate) own: Option<VmNumber>,
    pub(crate) need: &'a Need,
    /// By class: whether it can be at all.
    pub(crate) classes: &'a [bool],
    pub(crate) bounds: Vec<Bound>,
    /// Whether others will have to follow to the same machine.
    pub(crate) is_leading: bool,
    /// When it is expected to be gone, and the moment, where both are known and matter.
    pub(crate) until: Option<(i64, i64)>,
    /// The dimensions that are asked for, with how much.
    lanes: ([(usize, i64); DIMENSIONS], usize),
}

impl<'a> Frame<'a> {
    pub(crate) fn new(fleet: &'a Fleet, ask: &Ask, own: Option<VmNumber>) -> Self {
        let mut frame = Self::bare(fleet, ask, own);
        for group in ask.groups.into_iter().flatten() {
            bounds_of(fleet, group, own, &mut frame.bounds);
        }
        frame
    }

    /// Without what its groups say now.
    pub(crate) fn bare(fleet: &'a Fleet, ask: &Ask, own: Option<VmNumber>) -> Self {
        let need = &fleet.needs[ask.need.index()];
        let is_leading = is_leading(fleet, ask);
        let is_timed = !is_leading && !fleet.policy.spread;
        Self {
            ask: *ask,
            own,
            need,
            classes: &fleet.need_classes[ask.need.index()],
            bounds: Vec::new(),
            is_leading,
            until: ask.until.filter(|_| is_timed).zip(fleet.now),
            lanes: lanes(need),
        }
    }

    /// The dimensions that it asks for, with how much.
    #[inline]
    pub(crate) fn asked(&self) -> impl Iterator<Item = (usize, i64)> + '_ {
        self.lanes.0[..self.lanes.1].iter().copied()
    }

    /// Whether this much is there, NUMA nodes aside.
    #[inline]
    pub(crate) fn fits(&self, room: &Sizes) -> bool {
        let (lanes, count) = &self.lanes;
        lanes[..*count]
            .iter()
            .all(|(lane, wanted)| room[*lane] >= *wanted)
    }

    /// Whether the machine takes such things at all; room aside.
    pub(crate) fn is_open(&self, fleet: &Fleet, machine: MachineNumber) -> bool {
        let gate = fleet.gates[machine.index()];
        gate != CLOSED && self.classes[gate as usize]
    }

    /// Whether there would be room for it if the machine were empty.
    pub(crate) fn could_fit(&self, fleet: &Fleet, machine: MachineNumber) -> bool {
        let of = &fleet.machines[machine.index()];
        self.is_open(fleet, machine)
            && self.fits(&of.limit.whole)
            && nodes_pick(self.need, &of.limit, of.node_count).is_ok()
    }

    /// Whether hard groups and the tenant's cap allow it.
    pub(crate) fn is_allowed(&self, fleet: &Fleet, machine: MachineNumber) -> bool {
        self.broken(fleet, machine, true).next().is_none() && self.is_under_cap(fleet, machine)
    }

    /// The bounds that a place there would break.
    pub(crate) fn broken(
        &self,
        fleet: &Fleet,
        machine: MachineNumber,
        is_hard: bool,
    ) -> impl Iterator<Item = &Bound> {
        self.bounds.iter().filter(move |bound| {
            let is_there = fleet.domain_of(machine, bound.kind) == bound.domain;
            bound.is_hard == is_hard && is_there != bound.is_only
        })
    }

    fn is_under_cap(&self, fleet: &Fleet, machine: MachineNumber) -> bool {
        let Some(cap) = fleet.policy.tenant_cap else {
            return true;
        };
        let of = &fleet.machines[machine.index()];
        of.count_of(self.ask.tenant, self.own) < cap as usize
    }

    /// The only machines that a hard group allows, if it says so.
    pub(crate) fn only_machines(&self, fleet: &'a Fleet) -> Option<&'a [MachineNumber]> {
        let mut only = self.bounds.iter().filter(|bound| {
            bound.is_hard && bound.is_only && matches!(bound.kind, Domain::Machine | Domain::Rack)
        });
        let bound = only.next()?;
        let domain = bound.domain as usize;
        Some(match bound.kind {
            Domain::Machine => &fleet.all[domain..=domain],
            _ => &fleet.rack_machines[domain],
        })
    }

    /// Where on the machine, if there is room beside what is kept.
    pub(crate) fn room(&self, fleet: &Fleet, machine: MachineNumber) -> Option<Place> {
        let room = &fleet.rooms[machine.index()];
        if !self.fits(&room.whole) {
            return None;
        }
        let count = fleet.machines[machine.index()].node_count;
        let nodes = nodes_pick(self.need, room, count).ok()?;
        Some(Place { machine, nodes })
    }

    /// Where on the machine, if there were room with nothing kept.
    pub(crate) fn room_unkept(&self, fleet: &Fleet, machine: MachineNumber) -> Option<Place> {
        let free = fleet.free(machine);
        if !self.fits(&free.whole) {
            return None;
        }
        let count = fleet.machines[machine.index()].node_count;
        let nodes = nodes_pick(self.need, &free, count).ok()?;
        Some(Place { machine, nodes })
    }

    /// Every rule that the machine doesn't meet, in their order; what a failure would mean aside.
    pub(crate) fn refusals(
        &self,
        fleet: &'a Fleet,
        machine: MachineNumber,
    ) -> impl Iterator<Item = Refusal> {
        let of = &fleet.machines[machine.index()];
        let state = Some(fleet.state(machine))
            .filter(|state| *state != State::Active)
            .map(Refusal::State);
        let class = &fleet.classes[of.class.index()];
        let (limit, used) = (&of.limit.whole, &fleet.used[machine.index()].whole);
        let short = (0..fleet.dimensions.len()).filter_map(move |dimension| {
            let missing = self.need.sizes[dimension] - (limit[dimension] - used[dimension]);
            (self.need.sizes[dimension] > 0 && missing > 0)
                .then_some(Refusal::Short { dimension, missing })
        });
        // Asked only if nothing before refused it.
        let nodes = lazily(move || {
            let missing = nodes_pick(self.need, &fleet.free(machine), of.node_count).err()?;
            Some(Refusal::Nodes { missing })
        });
        let groups = self.broken(fleet, machine, true);
        let cap = lazily(move || {
            let is_over = !self.is_under_cap(fleet, machine);
            is_over.then_some(Refusal::TenantCap)
        });
        state
            .into_iter()
            .chain(class_refusals(self.need, class))
            .chain(short)
            .chain(nodes)
            .chain(groups.map(|bound| Refusal::Group(bound.group)))
            .chain(cap)
            .chain(lazily(move || self.kept(fleet, machine)))
    }

    /// If there is room, but not beside what is kept.
    fn kept(&self, fleet: &Fleet, machine: MachineNumber) -> Option<Refusal> {
        if self.room(fleet, machine).is_some() || self.room_unkept(fleet, machine).is_none() {
            return None;
        }
        let room = &fleet.rooms[machine.index()].whole;
        let missing = |dimension: usize| self.need.sizes[dimension] - room[dimension];
        let short = (0..fleet.dimensions.len())
            .find(|dimension| self.need.sizes[*dimension] > 0 && missing(*dimension) > 0);
        let dimension = short.unwrap_or(0);
        Some(Refusal::Kept {
            dimension,
            missing: missing(dimension).max(0),
        })
    }
}

impl Fleet {
    /// The limit less what is used; what is kept for restarts counts as free.
    pub(crate) fn free(&self, machine: MachineNumber) -> crate::fleet::Amounts {
        let mut free = self.machines[machine.index()].limit;
        free.subtract(&self.used[machine.index()]);
        free
    }

    /// Whether it still counts: what was on a dead machine is neither company nor in the way.
    pub(crate) fn is_alive(&self, machine: MachineNumber) -> bool {
        self.states[machine.index()] != State::Failed
    }

    /// Whether what is there stays there: who is leaving can be followed.
    pub(crate) fn is_staying(&self, machine: MachineNumber) -> bool {
        let state = self.states[machine.index()];
        matches!(state, State::Active | State::Suspect)
    }
}

fn is_leading(fleet: &Fleet, ask: &Ask) -> bool {
    let mut specs = ask
        .groups
        .into_iter()
        .flatten()
        .map(|group| fleet.groups[group.index()].spec);
    specs.any(|spec| {
        spec.is_hard && spec.relation == Relation::Together && spec.domain == Domain::Machine
    })
}

fn lazily(one: impl FnOnce() -> Option<Refusal>) -> impl Iterator<Item = Refusal> {
    std::iter::once_with(one).flatten()
}

fn lanes(need: &Need) -> ([(usize, i64); DIMENSIONS], usize) {
    let mut lanes = ([(0, 0); DIMENSIONS], 0);
    for (lane, wanted) in need
        .sizes
        .iter()
        .enumerate()
        .filter(|(_, wanted)| **wanted > 0)
    {
        lanes.0[lanes.1] = (lane, *wanted);
        lanes.1 += 1;
    }
    lanes
}

/// What no amount of room would cure.
pub(crate) fn class_refusals(need: &Need, class: &Class) -> impl Iterator<Item = Refusal> {
    let site = need.site.is_some_and(|site| site != class.site);
    let label = need
        .labels
        .iter()
        .filter(|label| class.labels.binary_search(label).is_err());
    let taint = class
        .taints
        .iter()
        .filter(|taint| !need.tolerations.contains(taint));
    let cpu = need.cpu > class.cpu;
    site.then_some(Refusal::Site)
        .into_iter()
        .chain(label.map(|label| Refusal::Label(*label)))
        .chain(taint.map(|taint| Refusal::Taint(*taint)))
        .chain(cpu.then_some(Refusal::Cpu(class.cpu)))
}

/// What the members that are somewhere mean for one more.
fn bounds_of(fleet: &Fleet, group: GroupNumber, own: Option<VmNumber>, bounds: &mut Vec<Bound>) {
    let of = &fleet.groups[group.index()];
    // Nor is what holds room for it in its way.
    let is_own = |member: VmNumber| {
        own.is_some() && (Some(member) == own || fleet.vms[member.index()].hold_of == own)
    };
    let others = of.members.iter().filter(|member| !is_own(**member));
    let places = others.filter_map(|member| fleet.vms[member.index()].place);
    let bound = |domain, is_only| Bound {
        group,
        kind: of.spec.domain,
        domain,
        is_only,
        is_hard: of.spec.is_hard,
    };
    let domain = |place: Place| fleet.domain_of(place.machine, of.spec.domain);
    match of.spec.relation {
        Relation::Together => {
            let staying = places.filter(|place| fleet.is_staying(place.machine));
            let mut domains: Vec<u32> = staying.map(domain).collect();
            domains.sort_unstable();
            domains.dedup();
            bounds.extend(domains.into_iter().map(|domain| bound(domain, true)));
        }
        Relation::Apart { most } => {
            let alive = places.filter(|place| fleet.is_alive(place.machine));
            // At once as much as it can be: growing costs more than what is done with it.
            let mut domains = Vec::with_capacity(of.members.len());
            domains.extend(alive.map(domain));
            domains.sort_unstable();
            bounds.reserve(domains.len());
            for run in domains.chunk_by(|one, other| one == other) {
                if run.len() >= most as usize {
                    bounds.push(bound(run[0], false));
                }
            }
        }
    }
}
