//! Fleets to try things on, made from a few numbers.

use std::collections::BTreeMap;

use berth_placement::*;
use proptest::prelude::*;

use super::Places;

/// What a fleet was made of.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub policy: Policy,
    pub dimensions: usize,
    pub sites: Vec<SiteNumber>,
    pub machines: Vec<MachineSpec>,
    pub states: Vec<State>,
    pub needs: Vec<Need>,
    pub groups: Vec<GroupSpec>,
    pub asks: BTreeMap<VmNumber, Ask>,
    /// What only holds room, and for which.
    pub holds: BTreeMap<VmNumber, VmNumber>,
}

impl World {
    pub fn need(&self, vm: VmNumber) -> &Need {
        &self.needs[self.asks[&vm].need.index()]
    }

    pub fn places(&self, fleet: &Fleet) -> Places {
        let place = |vm: &VmNumber| fleet.place_of(*vm).map(|place| (*vm, place));
        self.asks.keys().filter_map(place).collect()
    }

    pub fn fleet(&mut self) -> Fleet {
        let mut fleet = Fleet::new(self.policy);
        fleet.time_set(super::NOW);
        fleet.dimension("disk:ssd").expect("room for a dimension");
        self.dimensions = 3;
        for _ in 0..2 {
            fleet.site_add();
        }
        for site in &self.sites {
            fleet.rack_add(*site);
        }
        for machine in &self.machines {
            fleet.machine_add(machine).expect("few nodes");
        }
        for (index, need) in self.needs.iter().enumerate() {
            let number = fleet.need(need.clone()).expect("few nodes");
            assert_eq!(number.index(), index, "needs differ");
        }
        for group in &self.groups {
            fleet.group_add(*group);
        }
        fleet
    }
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Event {
    Place(Ask),
    Group(Vec<Ask>),
    Preview(Ask),
    Remove(usize),
}

pub fn policy() -> impl Strategy<Value = Policy> {
    let survive = prop_oneof![
        3 => Just(None),
        3 => Just(Some(Survive::MACHINE)),
        2 => Just(Some(Survive::RACK)),
        1 => Just(Some(Survive { domain: Domain::Machine, failures: 2 })),
    ];
    let cap = prop::option::weighted(0.2, 1..4u32);
    (survive, cap, prop::bool::weighted(0.2)).prop_map(|(survive, tenant_cap, spread)| Policy {
        survive,
        tenant_cap,
        spread,
    })
}

fn cpu() -> impl Strategy<Value = CpuLevel> {
    prop_oneof![8 => Just(CpuLevel::V3), 1 => Just(CpuLevel::V2), 1 => Just(CpuLevel::V4)]
}

prop_compose! {
    fn machine(racks: u32)(
        rack in 0..racks,
        memory in 8..40i64,
        vcpus in 4..20i64,
        disk in prop_oneof![Just(0i64), 50..200i64],
        overcommit in prop_oneof![Just(1_000i64), Just(2_500)],
        kept in 0..3i64,
        has_nodes in prop::bool::weighted(0.5),
        label in prop::bool::weighted(0.7),
        taint in prop::bool::weighted(0.1),
        cpu in cpu(),
        cpu_family in 0..2u16,
        image in any::<bool>(),
    ) -> MachineSpec {
        let mut physical = [0; DIMENSIONS];
        physical[..3].copy_from_slice(&[memory, vcpus, disk]);
        let mut spec = MachineSpec::plain(RackNumber(rack), physical);
        spec.overcommit[1] = overcommit;
        spec.reserve[0] = kept;
        if has_nodes {
            spec.nodes = vec![(memory / 2, vcpus / 2); 2];
        }
        spec.labels = label.then_some(LabelNumber(0)).into_iter().collect();
        spec.taints = taint.then_some(LabelNumber(1)).into_iter().collect();
        spec.images = image.then_some(ImageNumber(0)).into_iter().collect();
        spec.cpu = cpu;
        spec.cpu_family = cpu_family;
        spec
    }
}

prop_compose! {
    fn need()(
        memory in 1..16i64,
        vcpus in 0..8i64,
        disk in prop_oneof![2 => Just(0i64), 1 => 1..60i64],
        nodes in prop_oneof![4 => Just(0u8), 2 => Just(1), 1 => Just(2)],
        site in prop::option::weighted(0.2, (0..2u32).prop_map(SiteNumber)),
        label in prop::bool::weighted(0.3),
        tolerates in prop::bool::weighted(0.3),
        cpu in cpu(),
        image in prop::option::weighted(0.5, Just(ImageNumber(0))),
    ) -> Need {
        let mut sizes = [0; DIMENSIONS];
        sizes[..3].copy_from_slice(&[memory, vcpus, disk]);
        Need {
            sizes, nodes, site, cpu, image,
            labels: label.then_some(LabelNumber(0)).into_iter().collect(),
            tolerations: tolerates.then_some(LabelNumber(1)).into_iter().collect(),
        }
    }
}

fn group() -> impl Strategy<Value = GroupSpec> {
    let relation = prop_oneof![
        1 => Just(Relation::Together),
        3 => (1..3u32).prop_map(|most| Relation::Apart { most }),
    ];
    let domain = prop_oneof![
        Just(Domain::Machine),
        Just(Domain::Rack),
        Just(Domain::Site)
    ];
    (relation, domain, prop::bool::weighted(0.7)).prop_map(|(relation, domain, is_hard)| {
        GroupSpec {
            relation,
            domain,
            is_hard,
        }
    })
}

fn ask(needs: usize, groups: usize) -> impl Strategy<Value = Ask> {
    let group = prop::option::weighted(0.4, 0..groups);
    (
        0..needs,
        0..4u32,
        prop::collection::vec(group, 2),
        prop::bool::weighted(0.9),
        0..3u8,
        prop::option::weighted(0.3, 0..200i64),
    )
        .prop_map(|(need, tenant, mut groups, restarts, priority, until)| {
            groups.dedup();
            let mut ask = Ask::plain(NeedNumber::at(need), TenantNumber(tenant));
            for group in groups.into_iter().flatten() {
                ask = ask.of(GroupNumber::at(group));
            }
            ask.restarts = restarts;
            ask.priority = priority;
            ask.until = until;
            ask
        })
}

pub fn event(needs: usize, groups: usize) -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => ask(needs, groups).prop_map(Event::Place),
        1 => prop::collection::vec(ask(needs, groups), 1..5).prop_map(Event::Group),
        1 => ask(needs, groups).prop_map(Event::Preview),
        2 => any::<usize>().prop_map(Event::Remove),
    ]
}

/// A fleet and what happens to it.
pub fn story(length: usize) -> impl Strategy<Value = (World, Vec<Event>)> {
    let racks = prop::collection::vec((0..2u32).prop_map(SiteNumber), 1..5);
    let world = racks.prop_flat_map(|sites| {
        let machines = prop::collection::vec(machine(sites.len() as u32), 1..9);
        let needs = prop::collection::btree_set(need().prop_map(|need| need), 1..6);
        let groups = prop::collection::vec(group(), 1..4);
        (policy(), Just(sites), machines, needs, groups)
    });
    world.prop_flat_map(move |(policy, sites, machines, needs, groups)| {
        let events = event(needs.len(), groups.len());
        let world = World {
            policy,
            dimensions: 3,
            sites,
            states: vec![State::Active; machines.len()],
            machines,
            needs: needs.into_iter().collect(),
            groups,
            asks: BTreeMap::new(),
            holds: BTreeMap::new(),
        };
        (Just(world), prop::collection::vec(events, 1..length))
    })
}
