//! The engine once more, plainly: it keeps nothing and works everything out from what is placed
//! where. This is what the engine has to agree with.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test uses a part of it"
)]

pub mod world;

use std::collections::{BTreeMap, BTreeSet};

use berth_placement::*;
pub use world::World;

const WHOLE: i64 = 1 << 20;
/// When all is asked.
pub const NOW: i64 = 50;

/// What may be sold, of the machine.
pub fn limit(spec: &MachineSpec, dimension: usize) -> i64 {
    (spec.physical[dimension] * spec.overcommit[dimension] / 1_000 - spec.reserve[dimension]).max(0)
}

pub fn share_of(need: &Need, dimension: usize) -> i64 {
    (need.sizes[dimension] + i64::from(need.nodes) - 1) / i64::from(need.nodes)
}

/// What is used of a dimension, by what has these places.
pub fn used(world: &World, places: &Places, machine: MachineNumber, dimension: usize) -> i64 {
    let here = places.iter().filter(|(_, place)| place.machine == machine);
    here.map(|(vm, _)| world.need(*vm).sizes[dimension]).sum()
}

pub fn node_free(
    world: &World,
    places: &Places,
    machine: MachineNumber,
    node: usize,
) -> (i64, i64) {
    let (mut memory, mut vcpus) = world.machines[machine.index()].nodes[node];
    for (vm, place) in places {
        if place.machine == machine && place.nodes & (1 << node) != 0 {
            memory -= share_of(world.need(*vm), 0);
            vcpus -= share_of(world.need(*vm), 1);
        }
    }
    (memory, vcpus)
}

pub type Places = BTreeMap<VmNumber, Place>;

pub fn domain(world: &World, machine: MachineNumber, kind: Domain) -> u32 {
    match kind {
        Domain::Machine => machine.0,
        Domain::Rack => world.machines[machine.index()].rack.0,
        Domain::Site => world.sites[world.machines[machine.index()].rack.index()].0,
    }
}

/// How many nodes are missing for it.
fn nodes_missing(world: &World, places: &Places, need: &Need, machine: MachineNumber) -> u32 {
    if need.nodes == 0 {
        return 0;
    }
    let fits = |node: &usize| {
        let (memory, vcpus) = node_free(world, places, machine, *node);
        memory >= share_of(need, 0) && vcpus >= share_of(need, 1)
    };
    let count = (0..world.machines[machine.index()].nodes.len())
        .filter(fits)
        .count();
    u32::from(need.nodes).saturating_sub(count as u32)
}

/// Whether a hard group refuses one more on the machine.
fn breaks(world: &World, places: &Places, group: GroupNumber, machine: MachineNumber) -> bool {
    let spec = world.groups[group.index()];
    let here = domain(world, machine, spec.domain);
    let of_group = |vm: &VmNumber| world.asks[vm].groups.contains(&Some(group));
    let members: Vec<(VmNumber, MachineNumber)> = places
        .iter()
        .filter(|(vm, _)| of_group(vm))
        .map(|(vm, place)| (*world.holds.get(vm).unwrap_or(vm), place.machine))
        .collect();
    match spec.relation {
        Relation::Together => members.iter().any(|(_, member)| {
            matches!(world.states[member.index()], State::Active | State::Suspect)
                && domain(world, *member, spec.domain) != here
        }),
        Relation::Apart { most } => {
            let near = members.iter().filter(|(_, member)| {
                world.states[member.index()] != State::Failed
                    && domain(world, *member, spec.domain) == here
            });
            // One that is on its way within a domain is there once.
            let near: BTreeSet<VmNumber> = near.map(|(vm, _)| *vm).collect();
            near.len() >= most as usize
        }
    }
}

fn is_over_cap(world: &World, places: &Places, ask: &Ask, machine: MachineNumber) -> bool {
    let of_tenant = |(vm, place): &(&VmNumber, &Place)| {
        place.machine == machine && world.asks[vm].tenant == ask.tenant
    };
    let cap = world.policy.tenant_cap.unwrap_or(u32::MAX) as usize;
    places.iter().filter(of_tenant).count() >= cap
}

/// The rules that a machine doesn't meet, in order; failures aside.
pub fn refusals(world: &World, places: &Places, ask: &Ask, machine: MachineNumber) -> Vec<Refusal> {
    let (spec, need) = (
        &world.machines[machine.index()],
        &world.needs[ask.need.index()],
    );
    let mut found = Vec::new();
    let state = world.states[machine.index()];
    if state != State::Active {
        found.push(Refusal::State(state));
    }
    if need
        .site
        .is_some_and(|site| site.0 != domain(world, machine, Domain::Site))
    {
        found.push(Refusal::Site);
    }
    for label in need
        .labels
        .iter()
        .filter(|label| !spec.labels.contains(label))
    {
        found.push(Refusal::Label(*label));
    }
    let mut taints = spec.taints.clone();
    taints.sort_unstable();
    for taint in taints
        .into_iter()
        .filter(|taint| !need.tolerations.contains(taint))
    {
        found.push(Refusal::Taint(taint));
    }
    if need.cpu > spec.cpu {
        found.push(Refusal::Cpu(spec.cpu));
    }
    for dimension in 0..world.dimensions {
        let free = limit(spec, dimension) - used(world, places, machine, dimension);
        let missing = need.sizes[dimension] - free;
        if need.sizes[dimension] > 0 && missing > 0 {
            found.push(Refusal::Short { dimension, missing });
        }
    }
    let missing = nodes_missing(world, places, need, machine);
    if missing > 0 {
        found.push(Refusal::Nodes { missing });
    }
    for group in ask.groups.into_iter().flatten() {
        if world.groups[group.index()].is_hard && breaks(world, places, group, machine) {
            found.push(Refusal::Group(group));
        }
    }
    if is_over_cap(world, places, ask, machine) {
        found.push(Refusal::TenantCap);
    }
    found
}

fn share(part: i64, whole: i64) -> i64 {
    (i128::from(part.clamp(-whole, whole)) * i128::from(WHOLE) / i128::from(whole)) as i64
}

/// A share that is rounded down twice, as the engine does.
fn wanted(part: i64, whole: i64) -> i64 {
    ((i128::from(part) * i128::from(i64::MAX / whole)) >> 43) as i64
}

/// See `docs/placement.md`: how good a machine is that fits.
pub fn score(world: &World, places: &Places, ask: &Ask, machine: MachineNumber) -> i64 {
    let (spec, need) = (
        &world.machines[machine.index()],
        &world.needs[ask.need.index()],
    );
    let sold = |dimension: &usize| limit(spec, *dimension) > 0;
    let free = |dimension: usize| limit(spec, dimension) - used(world, places, machine, dimension);
    let unsold: i64 = (0..world.dimensions)
        .filter(sold)
        .map(|dimension| share(free(dimension), limit(spec, dimension)))
        .sum();
    let left: Vec<i64> = (0..world.dimensions)
        .filter(sold)
        .filter(|dimension| need.sizes[*dimension] > 0)
        .map(|d| share(free(d), limit(spec, d)) - wanted(need.sizes[d], limit(spec, d)))
        .collect();
    let most = left.iter().copied().max().unwrap_or(0).max(0);
    let least = left.iter().copied().min().unwrap_or(WHOLE).min(WHOLE);
    let mut broken = 0;
    for group in ask.groups.into_iter().flatten() {
        let spec = world.groups[group.index()];
        if !spec.is_hard {
            broken += soft_breaks(world, places, group, spec, machine);
        }
    }
    let is_copied = need
        .image
        .is_some_and(|image| !spec.images.contains(&image));
    let leads = |group: GroupNumber| {
        let spec = world.groups[group.index()];
        spec.is_hard && spec.relation == Relation::Together && spec.domain == Domain::Machine
    };
    let is_leading = ask.groups.into_iter().flatten().any(leads);
    let is_used = (0..world.dimensions).any(|d| used(world, places, machine, d) > 0);
    let is_spread = world.policy.spread || (is_leading && is_used);
    let fill = if is_spread {
        -unsold
    } else {
        unsold - logarithm(age(world, places, machine)) / 5
    };
    let alone = fill + (most - least).max(0) / 2 + if is_copied { WHOLE / 100 } else { 0 };
    let soft = broken * WHOLE * 16 * DIMENSIONS as i64;
    match ask.until {
        Some(until) if !is_leading && !world.policy.spread => {
            alone / 2 + soft + apart(world, places, until, machine)
        }
        _ => alone + soft,
    }
}

/// Of the number plus one, to the base of two; straight between powers.
fn logarithm(number: i64) -> i64 {
    let number = number.clamp(0, i64::MAX >> 1) + 1;
    let power = 1 << number.ilog2();
    let part = i128::from(number - power) * i128::from(WHOLE) / i128::from(power);
    i64::from(number.ilog2()) * WHOLE + part as i64
}

/// How many have come since the oldest on the machine, roughly.
fn age(world: &World, places: &Places, machine: MachineNumber) -> i64 {
    let arrivals = world.asks.keys().next_back().map_or(0, |vm| vm.index() + 1);
    let mut step = 1;
    while arrivals.max(world.machines.len()) / step >= 16 {
        step *= 2;
    }
    let era = (arrivals / step * step) as i64;
    let mut here = places.iter().filter(|(_, place)| place.machine == machine);
    here.next()
        .map_or(0, |(oldest, _)| (era - oldest.index() as i64).max(0))
}

/// How much longer or shorter than the machine it would be there, in doublings.
fn apart(world: &World, places: &Places, until: i64, machine: MachineNumber) -> i64 {
    let here = places.iter().filter(|(_, place)| place.machine == machine);
    let end = here
        .map(|(vm, _)| world.asks[vm].until.unwrap_or(i64::MAX))
        .max();
    let there = end.map_or(0, |end| logarithm((end - NOW).abs()));
    let longer = logarithm(until - NOW) - there;
    longer.max(0) + (-longer).max(0) / 8
}

/// A soft group counts once where there are too many, and once for each other domain that members
/// are in if they belong together.
fn soft_breaks(
    world: &World,
    places: &Places,
    group: GroupNumber,
    spec: GroupSpec,
    machine: MachineNumber,
) -> i64 {
    if !matches!(spec.relation, Relation::Together) {
        return i64::from(breaks(world, places, group, machine));
    }
    let here = domain(world, machine, spec.domain);
    let mut others: Vec<u32> = places
        .iter()
        .filter(|(vm, place)| {
            world.asks[vm].groups.contains(&Some(group))
                && matches!(
                    world.states[place.machine.index()],
                    State::Active | State::Suspect
                )
        })
        .map(|(_, place)| domain(world, place.machine, spec.domain))
        .filter(|other| *other != here)
        .collect();
    others.sort_unstable();
    others.dedup();
    others.len() as i64
}

/// Everything that must hold of the state as a whole.
pub fn check(world: &World, fleet: &Fleet) {
    let places = world.places(fleet);
    for machine in fleet.machines() {
        for dimension in 0..world.dimensions {
            let used = used(world, &places, machine, dimension);
            assert_eq!(fleet.used(machine)[dimension], used, "used of {machine:?}");
            let kept = kept(world, fleet, &places, machine, dimension);
            assert_eq!(
                fleet.reserve(machine)[dimension],
                kept,
                "kept on {machine:?}"
            );
        }
    }
}

/// What the worst failures would bring to the machine.
fn kept(
    world: &World,
    fleet: &Fleet,
    places: &Places,
    machine: MachineNumber,
    dimension: usize,
) -> i64 {
    let Some(survive) = world.policy.survive else {
        return 0;
    };
    let mut loads: BTreeMap<u32, i64> = BTreeMap::new();
    for (vm, place) in places {
        for _ in fleet
            .backups_of(*vm)
            .filter(|backup| backup.machine == machine)
        {
            *loads
                .entry(domain(world, place.machine, survive.domain))
                .or_default() += world.need(*vm).sizes[dimension];
        }
    }
    let mut loads: Vec<i64> = loads.into_values().collect();
    loads.sort_unstable();
    loads.iter().rev().take(usize::from(survive.failures)).sum()
}

/// Whether everything that runs obeys every rule where it is. What is on a machine that is being
/// emptied may stay there for now, and what only holds room is not in the way of that for which it
/// holds it.
pub fn check_places(world: &World, places: &Places) {
    for (vm, place) in places
        .iter()
        .filter(|(vm, _)| !world.holds.contains_key(vm))
    {
        let mut others = places.clone();
        others.retain(|other, _| other != vm && world.holds.get(other) != Some(vm));
        let holds = places.len() - 1 - others.len();
        let mut refusals = refusals(world, &others, &world.asks[vm], place.machine);
        if world.states[place.machine.index()] == State::Draining {
            refusals.retain(|refusal| !is_leaving(world, refusal));
        }
        assert_eq!(
            refusals,
            Vec::new(),
            "{vm:?} on {:?}, {holds} holds",
            place.machine
        );
    }
    for machine in 0..world.machines.len() {
        let machine = MachineNumber::at(machine);
        for dimension in 0..world.dimensions {
            let limit = limit(&world.machines[machine.index()], dimension);
            assert!(
                used(world, places, machine, dimension) <= limit,
                "with holds"
            );
        }
    }
}

/// What doesn't matter for what is about to leave: that nothing new goes there, and whom it is with.
fn is_leaving(world: &World, refusal: &Refusal) -> bool {
    match refusal {
        Refusal::State(state) => *state == State::Draining,
        Refusal::Group(group) => world.groups[group.index()].relation == Relation::Together,
        _ => false,
    }
}

/// Whether all is restarted somewhere, whatever the policy says can fail: every failure is carried
/// out, and the rules are asked of what comes of it.
pub fn check_survives(world: &World, fleet: &Fleet) {
    let Some(survive) = world.policy.survive else {
        return;
    };
    let mut domains: Vec<u32> = fleet
        .machines()
        .map(|machine| domain(world, machine, survive.domain))
        .collect();
    domains.sort_unstable();
    domains.dedup();
    let mut failing: Vec<Vec<u32>> = domains.iter().map(|domain| vec![*domain]).collect();
    if survive.failures == 2 {
        for (index, one) in domains.iter().enumerate() {
            failing.extend(domains[index + 1..].iter().map(|other| vec![*one, *other]));
        }
    }
    for failed in failing {
        let fails =
            |machine: MachineNumber| failed.contains(&domain(world, machine, survive.domain));
        let mut after = world.clone();
        let mut places = Places::new();
        for machine in fleet.machines().filter(|machine| fails(*machine)) {
            after.states[machine.index()] = State::Failed;
        }
        for (vm, place) in world.places(fleet) {
            if !fails(place.machine) {
                places.insert(vm, place);
            } else if world.asks[&vm].restarts {
                let is_alive = |place: &Place| !fails(place.machine);
                let backup = fleet.backups_of(vm).find(is_alive);
                places.insert(
                    vm,
                    backup.unwrap_or_else(|| panic!("{vm:?} has no place to be restarted")),
                );
            }
        }
        check_places(&after, &places);
    }
}
