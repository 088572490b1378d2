//! Moves that begin and end in any order, between orders, made anew from rows each time.

use berth_model::{FailureDomain, FleetFacts, GuestType, Hindrance, Transit};
use berth_placement::{Chosen, MoveRefused, Platform};
use proptest::prelude::*;

use crate::{
    failures::{check, survive},
    world::{claim, facts, id, known, machine, request},
};

/// What somebody does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Order(usize, i64),
    Begin(usize, usize),
    Arrive(usize),
    End(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..6usize, 1..12i64).prop_map(|(tenant, memory)| Act::Order(tenant, memory)),
        (any::<usize>(), any::<usize>()).prop_map(|(vm, to)| Act::Begin(vm, to)),
        any::<usize>().prop_map(Act::Arrive),
        any::<usize>().prop_map(Act::End),
    ]
}

/// As the store begins a move.
fn begin(fleet: &mut FleetFacts, index: usize, chosen: &Chosen) {
    for (machine, version) in chosen.relied.iter().flatten() {
        let known = known(fleet, *machine);
        assert_eq!(known.version, *version);
        known.version += 1;
    }
    let held = fleet.reservations.as_ref().unwrap()[index].clone();
    let to = known(fleet, chosen.machine_id);
    to.machine.memory_used_bytes += held.reservation.memory_bytes;
    assert!(to.machine.memory_used_bytes <= to.machine.memory_limit_bytes());
    let reservations = fleet.reservations.as_mut().unwrap();
    for change in &chosen.changes {
        let mut all = reservations.iter_mut();
        let other = all.find(|one| one.reservation.id == change.reservation_id);
        let other = other.unwrap();
        assert_eq!(other.restarts, change.before);
        other.restarts = change.after;
    }
    reservations[index].restarts = chosen.restarts;
    reservations[index].transit = Some(Transit {
        machine_id: chosen.machine_id,
        has_left: false,
    });
}

fn arrive(fleet: &mut FleetFacts, index: usize) {
    let held = &mut fleet.reservations.as_mut().unwrap()[index];
    if let Some(transit) = held.transit.filter(|transit| !transit.has_left) {
        held.transit = Some(Transit {
            machine_id: held.reservation.machine_id,
            has_left: true,
        });
        held.reservation.machine_id = transit.machine_id;
    }
}

fn end(fleet: &mut FleetFacts, index: usize) {
    let held = &mut fleet.reservations.as_mut().unwrap()[index];
    let memory = held.reservation.memory_bytes;
    if let Some(transit) = held.transit.filter(|transit| transit.has_left) {
        held.transit = None;
        known(fleet, transit.machine_id).machine.memory_used_bytes -= memory;
    }
}

fn go(fleet: &mut FleetFacts, act: Act) {
    let held = fleet.reservations.as_ref().unwrap();
    let count = held.len();
    if let Act::Order(tenant, memory) = act {
        let asked = request(tenant, memory, 1);
        let decision = Platform::new(fleet.clone()).decide(&asked);
        claim(fleet, &asked, &decision);
        return;
    }
    if count == 0 {
        return;
    }
    match act {
        Act::Begin(vm, to) => {
            let one = &held[vm % count];
            let to = fleet.machines[to % fleet.machines.len()].machine.id;
            if one.transit.is_some() || one.reservation.machine_id == to {
                return;
            }
            let vm_id = one.reservation.virtual_machine_id;
            if let Ok(chosen) = Platform::new(fleet.clone()).move_begin(vm_id, to) {
                begin(fleet, vm % count, &chosen);
            }
        }
        Act::Arrive(vm) => arrive(fleet, vm % count),
        Act::End(vm) => end(fleet, vm % count),
        Act::Order(..) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_on_its_way_every_failure_leaves_a_place_for_everything(
        memory in prop::collection::vec(8..48i64, 3..7),
        failures in 1..3i32,
        acts in prop::collection::vec(act(), 1..50),
    ) {
        let policy = survive(FailureDomain::Machine, failures);
        let machines = memory.iter().enumerate();
        let machines = machines.map(|(index, memory)| machine(index, *memory, 1_000)).collect();
        let mut fleet = facts(policy, machines);
        for act in acts {
            go(&mut fleet, act);
            check(&fleet);
        }
    }
}

#[test]
fn what_is_not_there_any_more_or_goes_nowhere_is_stale() {
    let policy = survive(FailureDomain::Machine, 1);
    let fleet = facts(
        policy,
        (0..3).map(|index| machine(index, 16, 100)).collect(),
    );
    let (vm, to) = (id(5).into(), fleet.machines[0].machine.id);
    let refused = Platform::new(fleet).move_begin(vm, to).unwrap_err();
    assert_eq!(refused, MoveRefused::Stale);
}

#[test]
fn a_move_that_would_take_the_room_for_restarts_is_refused() {
    let policy = survive(FailureDomain::Machine, 1);
    let mut fleet = facts(policy, (0..3).map(|index| machine(index, 8, 100)).collect());
    for tenant in 0..4 {
        let asked = request(tenant, 4, 1);
        let decision = Platform::new(fleet.clone()).decide(&asked);
        assert!(decision.chosen.is_some());
        claim(&mut fleet, &asked, &decision);
    }
    // Two machines' worth is sold on three: no machine can take one more and the fleet stay safe.
    let held = fleet.reservations.clone().unwrap();
    let one = &held[0].reservation;
    for known in &fleet.machines {
        if known.machine.id == one.machine_id {
            continue;
        }
        let mut platform = Platform::new(fleet.clone());
        let refused = platform.move_begin(one.virtual_machine_id, known.machine.id);
        assert!(matches!(refused, Err(MoveRefused::By(_))), "{refused:?}");
    }
}

#[test]
fn a_guest_moves_alive_only_between_equal_processors_unless_they_are_emulated() {
    for (guest_type, is_moved) in [(GuestType::Kvm, false), (GuestType::Qemu, true)] {
        let policy = survive(FailureDomain::Machine, 1);
        let machines = (0..2).map(|index| {
            let mut made = machine(index, 16, 100);
            made.machine.guest_type = guest_type;
            made.machine.cpu_model = Some(format!("model-{index}"));
            made
        });
        let mut fleet = facts(policy, machines.collect());
        let asked = request(0, 4, 1);
        let decision = Platform::new(fleet.clone()).decide(&asked);
        let placed = claim(&mut fleet, &asked, &decision).unwrap();
        let mut others = fleet.machines.iter().map(|known| known.machine.id);
        let to = others.find(|id| *id != placed.machine_id).unwrap();
        let moved = Platform::new(fleet.clone()).move_begin(placed.virtual_machine_id, to);
        assert_eq!(moved.is_ok(), is_moved, "{moved:?}");
        if !is_moved {
            let by = Err(MoveRefused::By(Hindrance::Processors));
            assert_eq!(moved, by);
        }
    }
}
