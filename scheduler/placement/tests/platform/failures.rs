//! Decisions that keep a place for everything after a failure, made anew from rows each time as the
//! platform does.

use std::collections::BTreeMap;

use berth_model::{
    FailureDomain, FleetFacts, FleetReservation, MachineId, PlacementPolicy, RackId, Verdict,
};
use berth_placement::Platform;
use proptest::prelude::*;

use crate::world::{GIB, claim, facts, id, machine, request};

pub fn survive(domain: FailureDomain, failures: i32) -> PlacementPolicy {
    PlacementPolicy {
        survive: Some(domain),
        failures,
        ..PlacementPolicy::default()
    }
}

fn domain_of(facts: &FleetFacts, machine: MachineId) -> RackId {
    let known = facts
        .machines
        .iter()
        .find(|one| one.machine.id == machine)
        .unwrap();
    match facts.policy.survive {
        Some(FailureDomain::Rack) => known.machine.rack_id,
        _ => RackId(machine.0),
    }
}

/// Every failure and every two, carried out with sums: who fails is restarted at the first of its
/// places that hasn't failed.
pub fn check(facts: &FleetFacts) {
    let held = facts.reservations.as_ref().unwrap();
    let mut domains: Vec<RackId> = facts
        .machines
        .iter()
        .map(|one| domain_of(facts, one.machine.id))
        .collect();
    domains.sort_unstable();
    domains.dedup();
    for one in &domains {
        for other in &domains {
            if facts.policy.failures == 2 || one == other {
                check_failed(facts, held, &[*one, *other]);
            }
        }
    }
}

fn check_failed(facts: &FleetFacts, held: &[FleetReservation], failed: &[RackId]) {
    let is_dead = |machine: MachineId| failed.contains(&domain_of(facts, machine));
    let mut memory: BTreeMap<MachineId, i64> = BTreeMap::new();
    for one in held {
        let of = &one.reservation;
        // What is being moved counts on both machines; it is lost only with both.
        let other = one.transit.map(|transit| transit.machine_id);
        let goes = one.transit.is_some_and(|transit| !transit.has_left);
        let mut places = vec![of.machine_id];
        places.extend(other);
        let is_lost = match goes {
            true => places.iter().all(|place| is_dead(*place)),
            false => is_dead(of.machine_id),
        };
        places.retain(|place| !is_dead(*place));
        if is_lost {
            let mut alive = one
                .restarts
                .into_iter()
                .flatten()
                .filter(|to| !is_dead(*to));
            places.push(alive.next().expect("it has a place after the failure"));
        }
        for place in places {
            *memory.entry(place).or_default() += of.memory_bytes;
        }
    }
    for (machine, memory) in memory {
        let known = facts
            .machines
            .iter()
            .find(|one| one.machine.id == machine)
            .unwrap();
        assert!(
            memory <= known.machine.memory_limit_bytes(),
            "it is oversold after the failure"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn after_any_failure_everything_has_its_place(
        memory in prop::collection::vec(4..48i64, 2..9),
        racks in prop::collection::vec(0..4usize, 9),
        by_rack in any::<bool>(),
        failures in 1..3i32,
        cap in prop::option::weighted(0.3, 1..4i32),
        orders in prop::collection::vec((0..6usize, 1..16i64), 1..40),
    ) {
        let domain = if by_rack { FailureDomain::Rack } else { FailureDomain::Machine };
        let policy = PlacementPolicy { tenant_cap: cap, ..survive(domain, failures) };
        let machines = memory.iter().enumerate().map(|(index, memory)| {
            let mut made = machine(index, *memory, 1_000);
            made.machine.rack_id = RackId(id(racks[index]));
            made
        });
        let mut fleet = facts(policy, machines.collect());
        let mut placed = 0;
        for (tenant, memory) in orders {
            let asked = request(tenant, memory, 1);
            let decision = Platform::new(fleet.clone()).decide(&asked);
            placed += usize::from(decision.chosen.is_some());
            claim(&mut fleet, &asked, &decision);
            check(&fleet);
        }
        let held = fleet.reservations.as_ref().unwrap();
        prop_assert_eq!(held.len(), placed);
    }
}

#[test]
fn one_machine_alone_takes_nothing_that_is_to_be_restarted() {
    let fleet = facts(survive(FailureDomain::Machine, 1), vec![machine(0, 16, 16)]);
    let decision = Platform::new(fleet).decide(&request(0, 1, 1));
    assert_eq!(decision.chosen, None);
    assert_eq!(
        decision.explanation.candidates[0].verdict,
        Verdict::NoRestart
    );
}

#[test]
fn the_last_room_is_kept_and_a_refusal_says_so() {
    let policy = survive(FailureDomain::Machine, 1);
    let mut fleet = facts(policy, vec![machine(0, 8, 100), machine(1, 8, 100)]);
    for tenant in 0..2 {
        let asked = request(tenant, 4, 1);
        let decision = Platform::new(fleet.clone()).decide(&asked);
        claim(&mut fleet, &asked, &decision);
    }
    let held = fleet.reservations.as_ref().unwrap();
    assert_eq!(held.len(), 2);
    assert!(held.iter().all(|one| one.restarts[0].is_some()));
    let text = Platform::new(fleet).preview(&request(2, 1, 1)).text();
    assert!(
        text.contains("kept for restarts: 1 GiB of memory short"),
        "{text}"
    );
}

#[test]
fn what_ran_before_the_policy_gets_its_place_with_the_next_order() {
    let machines = (0..3).map(|index| machine(index, 16, 100)).collect();
    let mut fleet = facts(
        PlacementPolicy {
            tenant_cap: Some(100),
            ..Default::default()
        },
        machines,
    );
    let asked = request(0, 4, 1);
    let decision = Platform::new(fleet.clone()).decide(&asked);
    claim(&mut fleet, &asked, &decision);
    assert_eq!(
        fleet.reservations.as_ref().unwrap()[0].restarts,
        [None, None]
    );
    fleet.policy = survive(FailureDomain::Machine, 1);
    let asked = request(1, 4, 1);
    let decision = Platform::new(fleet.clone()).decide(&asked);
    claim(&mut fleet, &asked, &decision);
    check(&fleet);
}

#[test]
fn a_place_on_a_machine_that_lost_memory_or_is_drained_is_no_place() {
    for is_drained in [false, true] {
        let machines = (0..3).map(|index| machine(index, 16, 100)).collect();
        let mut fleet = facts(survive(FailureDomain::Machine, 1), machines);
        let asked = request(0, 8, 1);
        let decision = Platform::new(fleet.clone()).decide(&asked);
        claim(&mut fleet, &asked, &decision);
        let backup = fleet.reservations.as_ref().unwrap()[0].restarts[0].unwrap();
        let of = fleet
            .machines
            .iter_mut()
            .find(|one| one.machine.id == backup)
            .unwrap();
        if is_drained {
            of.machine.state = berth_model::MachineState::Draining;
        } else {
            of.machine.memory_bytes = 4 * GIB;
        }
        let asked = request(1, 1, 1);
        let decision = Platform::new(fleet.clone()).decide(&asked);
        claim(&mut fleet, &asked, &decision);
        let restarts = fleet.reservations.as_ref().unwrap()[0].restarts;
        assert!(
            restarts[0].is_some() && restarts[0] != Some(backup),
            "{restarts:?}"
        );
        check(&fleet);
    }
}

#[test]
fn a_tenant_has_no_more_on_a_machine_than_its_cap() {
    let policy = PlacementPolicy {
        tenant_cap: Some(1),
        ..PlacementPolicy::default()
    };
    let mut fleet = facts(policy, vec![machine(0, 64, 100), machine(1, 64, 100)]);
    for _ in 0..2 {
        let asked = request(0, 1, 1);
        let decision = Platform::new(fleet.clone()).decide(&asked);
        assert!(decision.chosen.is_some());
        claim(&mut fleet, &asked, &decision);
    }
    let refused = Platform::new(fleet.clone()).decide(&request(0, 1, 1));
    assert_eq!(refused.chosen, None);
    let verdicts = refused
        .explanation
        .candidates
        .iter()
        .map(|one| &one.verdict);
    assert!(
        verdicts
            .clone()
            .all(|verdict| *verdict == Verdict::TenantCap)
    );
    assert!(
        Platform::new(fleet)
            .decide(&request(1, 1, 1))
            .chosen
            .is_some()
    );
}
