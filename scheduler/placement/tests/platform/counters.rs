//! Decisions on counters alone.

use berth_model::{
    Candidate, Explanation, FleetFacts, FleetMachine, FleetNetwork, MachineId, MachineState,
    NetworkId, PlacementPolicy, RackId, Shortage, SiteId, StoragePoolId, Verdict, VerdictCount,
    VerdictKind,
};
use berth_placement::{Decision, NetworkNeed, Platform, Request};
use proptest::prelude::*;

use crate::world::{GIB, facts, id, machine, request};

fn state() -> impl Strategy<Value = MachineState> {
    prop_oneof![
        6 => Just(MachineState::Active),
        1 => Just(MachineState::Draining),
        1 => Just(MachineState::Maintenance),
        1 => Just(MachineState::Enrolling),
        1 => Just(MachineState::Failed),
    ]
}

prop_compose! {
    fn any_machine()(
        site in 0..2usize,
        state in state(),
        is_reachable in prop::bool::weighted(0.9),
        memory in (0..64i64, 0..64i64, 0..8i64),
        vcpus in (0..64i32, 0..64i32),
        pool in prop::option::weighted(0.9, (0..500i64, 0..500i64, 0..50i64)),
        networks in prop::collection::vec(prop::bool::weighted(0.8), 0..3),
        has_image in any::<bool>(),
    ) -> FleetMachine {
        let mut made = machine(0, memory.0, vcpus.0);
        made.site_id = SiteId(id(site));
        made.machine.rack_id = RackId(id(site));
        made.machine.state = state;
        made.machine.unreachable_since = (!is_reachable).then_some(chrono::DateTime::UNIX_EPOCH);
        made.machine.memory_foreign_bytes = memory.2 * GIB;
        made.machine.memory_used_bytes = memory.1.min(memory.0) * GIB;
        made.machine.vcpus_used = vcpus.1.min(vcpus.0);
        made.has_image = has_image;
        let network = |(index, has_free)| FleetNetwork { id: NetworkId(id(site * 10 + index)), has_free };
        made.networks = networks.into_iter().enumerate().map(network).collect();
        match (pool, &mut made.pool) {
            (Some((capacity, used, foreign)), Some(of)) => {
                of.capacity_bytes = capacity * GIB;
                of.used_bytes = used.min(capacity) * GIB;
                of.foreign_bytes = foreign.min(capacity) * GIB;
            }
            _ => made.pool = None,
        }
        made
    }
}

fn any_fleet() -> impl Strategy<Value = FleetFacts> {
    (prop::collection::vec(any_machine(), 0..40), any::<bool>()).prop_map(
        |(mut machines, spread)| {
            for (index, of) in machines.iter_mut().enumerate() {
                of.machine.id = MachineId(id(index));
                of.machine.name = format!("m{index}");
                if let Some(pool) = &mut of.pool {
                    pool.id = StoragePoolId(id(index));
                }
            }
            // A network has free addresses or none, whichever machine is asked.
            let first: Vec<FleetNetwork> =
                machines.iter().flat_map(|of| of.networks.clone()).collect();
            for network in machines.iter_mut().flat_map(|of| &mut of.networks) {
                let same = first.iter().find(|other| other.id == network.id);
                network.has_free = same.is_some_and(|other| other.has_free);
            }
            let policy = PlacementPolicy {
                is_spread: spread,
                ..PlacementPolicy::default()
            };
            facts(policy, machines)
        },
    )
}

prop_compose! {
    fn any_request()(
        memory in 1..40i64,
        vcpus in 1..40i64,
        disk in 0..300i64,
        held in prop::option::of(prop::collection::vec(0..2usize, 1..2)),
    ) -> Request {
        let mut asked = request(0, memory, vcpus);
        asked.room.disk_bytes = disk * GIB;
        if let Some(networks) = held {
            let networks = networks.into_iter().map(|index| NetworkId(id(index)));
            asked.network = NetworkNeed::Held(networks.collect());
        }
        asked
    }
}

/// Written down once more, in other words than the engine's.
fn fits_plainly(asked: &Request, of: &FleetMachine) -> bool {
    let machine = &of.machine;
    let memory = machine.memory_bytes - machine.memory_foreign_bytes - machine.memory_used_bytes;
    let vcpus = i64::from(machine.cpus - machine.vcpus_used);
    let disk = of.pool.as_ref().map_or(-1, |pool| {
        pool.capacity_bytes - pool.foreign_bytes - pool.used_bytes
    });
    let on = |network: &NetworkId| of.networks.iter().any(|other| other.id == *network);
    let network = match &asked.network {
        NetworkNeed::Held(networks) => networks.iter().all(on),
        NetworkNeed::Any => of.networks.iter().any(|network| network.has_free),
    };
    of.site_id == asked.site_id
        && machine.state == MachineState::Active
        && machine.unreachable_since.is_none()
        && network
        && asked.room.memory_bytes <= memory
        && asked.room.vcpus <= vcpus
        && (asked.room.disk_bytes == 0 || asked.room.disk_bytes <= disk)
        && of.pool.is_some()
}

fn decide(asked: &Request, fleet: &FleetFacts) -> Decision {
    Platform::new(fleet.clone()).decide(asked)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_fits_is_chosen_and_nothing_else(asked in any_request(), fleet in any_fleet()) {
        let decision = decide(&asked, &fleet);
        let others = decision.explanation.others.iter();
        let others: usize = others.map(|others| others.machines as usize).sum();
        prop_assert_eq!(decision.explanation.candidates.len() + others, fleet.machines.len());
        for candidate in &decision.explanation.candidates {
            let of = fleet.machines.iter().find(|of| of.machine.id == candidate.machine_id).unwrap();
            let fits = matches!(candidate.verdict, Verdict::Fits { .. });
            prop_assert_eq!(fits, fits_plainly(&asked, of), "{:?}", candidate);
        }
        let any = fleet.machines.iter().any(|of| fits_plainly(&asked, of));
        prop_assert_eq!(decision.chosen.is_some(), any);
        let best = decision.explanation.candidates.iter().filter_map(|one| match one.verdict {
            Verdict::Fits { score } => Some((score, one.machine_id)),
            _ => None,
        }).min();
        let chosen = decision.chosen.as_ref().map(|chosen| chosen.machine_id);
        prop_assert_eq!(chosen, best.map(|(_, machine)| machine));
        prop_assert_eq!(decision.explanation.chosen, chosen);
        if let Some(chosen) = decision.chosen {
            prop_assert_eq!(chosen.network_id.is_some(), asked.network == NetworkNeed::Any);
            prop_assert_eq!(chosen.relied, None, "its counters are enough");
            for (machine, pool) in chosen.alternatives {
                let of = fleet.machines.iter().find(|of| of.machine.id == machine).unwrap();
                prop_assert!(fits_plainly(&asked, of) && machine != chosen.machine_id);
                prop_assert_eq!(of.pool.as_ref().map(|pool| pool.id), Some(pool));
                let mut networks = of.networks.iter();
                prop_assert!(chosen.network_id.is_none_or(|id| networks.any(|network| network.id == id)));
            }
        }
    }

    #[test]
    fn a_shortage_is_exactly_what_is_missing(asked in any_request(), fleet in any_fleet()) {
        for candidate in decide(&asked, &fleet).explanation.candidates {
            let Verdict::Short { shortages } = candidate.verdict else { continue };
            prop_assert!(!shortages.is_empty());
            let of = fleet.machines.iter().find(|of| of.machine.id == candidate.machine_id).unwrap();
            if of.pool.is_none() || of.machine.memory_limit_bytes() == 0 {
                continue;
            }
            prop_assert!(fits_plainly(&asked, &with(of, &shortages)));
            for short in 0..shortages.len() {
                let mut less = shortages.clone();
                take_one(&mut less[short]);
                prop_assert!(!fits_plainly(&asked, &with(of, &less)), "one less is too little");
            }
        }
    }

    #[test]
    fn a_preview_is_the_decision_and_changes_nothing(asked in any_request(), fleet in any_fleet()) {
        let mut platform = Platform::new(fleet.clone());
        let previewed = platform.preview(&asked);
        prop_assert_eq!(&previewed, &platform.preview(&asked));
        let others: u32 = previewed.others.iter().map(|others| others.machines).sum();
        prop_assert_eq!(previewed.candidates.len() + others as usize, fleet.machines.len());
        let kinds = previewed.others.iter().map(|others| others.verdict);
        prop_assert!(kinds.eq(previewed.others.iter().map(|_| VerdictKind::OtherSite)));
        let decided = platform.decide(&asked).explanation;
        is_short_for(&decided, &previewed)?;
    }

    #[test]
    fn what_is_remembered_is_what_would_be_found(
        asked in prop::collection::vec(any_request(), 1..4),
        order in prop::collection::vec(0..4usize, 1..20),
        fleet in any_fleet(),
    ) {
        let mut platform = Platform::new(fleet);
        for index in order {
            let asked = &asked[index % asked.len()];
            let previewed = platform.preview(asked);
            is_short_for(&platform.decide(asked).explanation, &previewed)?;
        }
    }
}

/// What is told one by one is told alike, came closest, and the others are counted. A refusal isn't short.
fn is_short_for(short: &Explanation, whole: &Explanation) -> Result<(), TestCaseError> {
    prop_assert_eq!(short.chosen, whole.chosen);
    if short.chosen.is_none() {
        prop_assert_eq!(short, whole);
        return Ok(());
    }
    let score = |candidate: &Candidate| match candidate.verdict {
        Verdict::Fits { score } => score,
        _ => i64::MAX,
    };
    let (listed, others): (Vec<Candidate>, Vec<Candidate>) = whole
        .candidates
        .iter()
        .cloned()
        .partition(|candidate| short.candidates.contains(candidate));
    prop_assert_eq!(&listed, &short.candidates);
    prop_assert_eq!(listed.len(), whole.candidates.len().min(6));
    prop_assert!(
        listed
            .iter()
            .any(|one| Some(one.machine_id) == short.chosen)
    );
    if let Some(best) = others.iter().map(score).min() {
        prop_assert!(listed.iter().all(|one| score(one) <= best));
    }
    // Those of other sites are counted in both.
    let of_site = |counted: &&VerdictCount| counted.verdict != VerdictKind::OtherSite;
    for counted in short.others.iter().filter(of_site) {
        let of = others
            .iter()
            .filter(|one| one.verdict.kind() == counted.verdict);
        prop_assert_eq!(of.count(), counted.machines as usize);
    }
    let counted = short.others.iter().filter(of_site);
    let counted: u32 = counted.map(|others| others.machines).sum();
    prop_assert_eq!(counted as usize, others.len());
    let elsewhere = |of: &Explanation| {
        let mut others = of.others.iter();
        others.find(|counted| !of_site(counted)).cloned()
    };
    prop_assert_eq!(elsewhere(short), elsewhere(whole));
    Ok(())
}

/// The machine with as much more as is missing.
fn with(of: &FleetMachine, shortages: &[Shortage]) -> FleetMachine {
    let mut larger = of.clone();
    for shortage in shortages {
        match shortage {
            Shortage::Memory { missing } => larger.machine.memory_bytes += missing,
            Shortage::Vcpus { missing } => larger.machine.cpus += i32::try_from(*missing).unwrap(),
            Shortage::Disk { missing } => {
                if let Some(pool) = &mut larger.pool {
                    pool.capacity_bytes += missing;
                }
            }
        }
    }
    larger
}

fn take_one(shortage: &mut Shortage) {
    match shortage {
        Shortage::Memory { missing } | Shortage::Vcpus { missing } | Shortage::Disk { missing } => {
            *missing -= 1;
        }
    }
}

fn plain(index: usize, memory_used: i64, vcpus_used: i32) -> FleetMachine {
    let mut made = machine(index, 16, 16);
    made.machine.memory_used_bytes = memory_used * GIB;
    made.machine.vcpus_used = vcpus_used;
    made.has_image = true;
    made
}

fn chosen(machines: Vec<FleetMachine>) -> Option<MachineId> {
    let fleet = facts(PlacementPolicy::default(), machines);
    let decision = decide(&request(0, 1, 1), &fleet);
    decision.chosen.map(|chosen| chosen.machine_id)
}

#[test]
fn the_fuller_machine_is_filled_first() {
    let found = chosen(vec![plain(0, 2, 2), plain(1, 8, 8)]);
    assert_eq!(found, Some(MachineId(id(1))));
}

#[test]
fn a_balanced_machine_is_better_than_a_lopsided_one() {
    // The same sum is free on both; on the second almost no memory with many CPUs.
    let found = chosen(vec![plain(0, 8, 8), plain(1, 14, 2)]);
    assert_eq!(found, Some(MachineId(id(0))));
}

#[test]
fn the_image_decides_between_equals_and_the_id_after_it() {
    let mut without = plain(0, 4, 4);
    without.has_image = false;
    let found = chosen(vec![without, plain(1, 4, 4)]);
    assert_eq!(found, Some(MachineId(id(1))));
    let found = chosen(vec![plain(0, 4, 4), plain(1, 4, 4)]);
    assert_eq!(found, Some(MachineId(id(0))));
}

#[test]
fn a_refusal_reads_well() {
    let mut draining = plain(2, 0, 0);
    draining.machine.state = MachineState::Draining;
    let fleet = facts(PlacementPolicy::default(), vec![plain(1, 16, 16), draining]);
    let text = decide(&request(0, 1, 1), &fleet).explanation.text();
    assert_eq!(
        text,
        "m1: 1 GiB of memory short, 1 vCPUs short; m2: draining"
    );
}
