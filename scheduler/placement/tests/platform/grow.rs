//! More room for what is there.

use berth_model::{FailureDomain, MachineState, NetworkId, PlacementPolicy, Shortage, Verdict};
use berth_placement::{NetworkNeed, Platform, Request};

use crate::world::{GIB, claim, facts, id, machine, request};

fn policy() -> PlacementPolicy {
    PlacementPolicy {
        survive: Some(FailureDomain::Machine),
        ..PlacementPolicy::default()
    }
}

/// The first one placed, asking for more memory.
fn growing(fleet: &mut berth_model::FleetFacts, from: i64, to: i64) -> Request {
    let asked = request(0, from, 1);
    let decision = Platform::new(fleet.clone()).decide(&asked);
    let held = claim(fleet, &asked, &decision).unwrap();
    let mut more = request(0, to, 1);
    more.network = NetworkNeed::Held(vec![NetworkId(id(0))]);
    more.held = Some(held);
    more
}

#[test]
fn it_grows_where_it_is_with_a_place_to_restart_that_is_as_large() {
    let machines = vec![machine(0, 16, 16), machine(1, 6, 16), machine(2, 16, 16)];
    let mut fleet = facts(policy(), machines);
    let more = growing(&mut fleet, 4, 12);
    let before = fleet.reservations.as_ref().unwrap()[0].clone();
    let decision = Platform::new(fleet.clone()).decide(&more);
    let chosen = decision.chosen.clone().unwrap();
    assert_eq!(chosen.machine_id, before.reservation.machine_id);
    claim(&mut fleet, &more, &decision);
    let after = &fleet.reservations.as_ref().unwrap()[0];
    let restart = after.restarts[0].unwrap();
    let of = fleet
        .machines
        .iter()
        .find(|one| one.machine.id == restart)
        .unwrap();
    assert!(of.machine.memory_limit_bytes() >= 12 * GIB);
}

#[test]
fn it_does_not_grow_beyond_what_could_be_restarted_and_stays_as_it_was() {
    let mut fleet = facts(policy(), vec![machine(0, 16, 16), machine(1, 6, 16)]);
    let more = growing(&mut fleet, 4, 8);
    let mut platform = Platform::new(fleet.clone());
    let decision = platform.decide(&more);
    assert_eq!(decision.chosen, None);
    let there = decision
        .explanation
        .candidates
        .iter()
        .find(|one| one.machine_id == more.held.as_ref().unwrap().machine_id);
    let verdict = &there.unwrap().verdict;
    assert!(
        matches!(verdict, Verdict::NoRestart | Verdict::Short { .. }),
        "{verdict:?}"
    );
    // What was tried is taken back: asked again, the answer is the same.
    assert_eq!(platform.decide(&more), decision);
}

#[test]
fn growth_counts_what_is_missing_beyond_what_it_has() {
    let mut fleet = facts(
        PlacementPolicy {
            tenant_cap: Some(9),
            ..PlacementPolicy::default()
        },
        vec![machine(0, 16, 16), machine(1, 16, 16)],
    );
    let more = growing(&mut fleet, 10, 20);
    let decision = Platform::new(fleet).decide(&more);
    let there = &decision.explanation.candidates[0].verdict;
    let shortages = vec![Shortage::Memory { missing: 4 * GIB }];
    assert_eq!(*there, Verdict::Short { shortages });
    assert_eq!(
        decision.explanation.candidates[1].verdict,
        Verdict::DataElsewhere
    );
}

#[test]
fn a_machine_that_is_drained_lets_grow_what_it_has_and_one_out_of_reach_does_not() {
    let mut fleet = facts(
        PlacementPolicy {
            tenant_cap: Some(9),
            ..PlacementPolicy::default()
        },
        vec![machine(0, 16, 16)],
    );
    let more = growing(&mut fleet, 4, 8);
    fleet.machines[0].machine.state = MachineState::Draining;
    assert!(Platform::new(fleet.clone()).decide(&more).chosen.is_some());
    fleet.machines[0].machine.unreachable_since = Some(chrono::DateTime::UNIX_EPOCH);
    let refused = Platform::new(fleet).decide(&more);
    assert_eq!(
        refused.explanation.candidates[0].verdict,
        Verdict::Unreachable
    );
}
