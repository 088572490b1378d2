//! What-if questions over the platform's rows.

use berth_model::{FailureDomain, Hindrance, PlacementPolicy, PlanId};
use berth_placement::{
    Limits, OutlookAsked, OutlookLimit, OutlookMore, PlanRoom, Platform, Rebalance, Room,
};

use crate::world::{GIB, claim, facts, id, machine, request};

fn fleet(orders: usize) -> berth_model::FleetFacts {
    let policy = PlacementPolicy {
        tenant_cap: Some(100),
        ..PlacementPolicy::default()
    };
    let mut fleet = facts(policy, (0..4).map(|index| machine(index, 16, 64)).collect());
    for tenant in 0..orders {
        let asked = request(tenant, 4, 1);
        let decision = Platform::new(fleet.clone()).decide(&asked);
        claim(&mut fleet, &asked, &decision);
    }
    fleet
}

/// With addresses for all.
const ASKED: OutlookAsked = OutlookAsked {
    addresses: 5_000,
    most: 1_000,
};

fn plan(number: usize, memory_gib: i64) -> PlanRoom {
    PlanRoom {
        plan_id: PlanId(id(number)),
        room: Room {
            memory_bytes: memory_gib * GIB,
            vcpus: 1,
            disk_bytes: GIB,
        },
        weight: 1,
    }
}

#[test]
fn the_outlook_counts_what_fits_and_what_a_machine_would_bring() {
    let outlook = Platform::of_site(fleet(2)).outlook(&[plan(0, 4), plan(1, 10)], ASKED);
    let counts: Vec<usize> = outlook.plans.iter().map(|(_, more)| more.more).collect();
    assert_eq!(
        counts,
        [14, 3],
        "56 GiB in pieces of 4, and one of 10 on each empty machine"
    );
    assert_eq!(outlook.advice.len(), 1, "all machines are alike");
    assert!(outlook.advice[0].gained > 0);
    let stranded: usize = outlook.stranded.iter().map(|one| one.machines).sum();
    assert_eq!(stranded, 4);
    let short = |by: &Hindrance| matches!(by, Hindrance::Short(_));
    assert!(
        outlook.stranded.iter().all(|one| short(&one.by)),
        "{:?}",
        outlook.stranded
    );
}

#[test]
fn a_drain_moves_everything_and_a_rebalance_makes_it_even() {
    let fleet = fleet(4);
    let full = fleet.reservations.as_ref().unwrap()[0]
        .reservation
        .machine_id;
    let moves = Platform::of_site(fleet.clone())
        .drain(full, Limits::default())
        .unwrap();
    assert_eq!(moves.waves.iter().flatten().count(), 4);
    assert!(
        moves
            .waves
            .iter()
            .flatten()
            .all(|step| step.from == full && step.to != full)
    );
    assert_eq!((moves.before, moves.after, moves.left.len()), (4, 0, 0));
    let moves = Platform::of_site(fleet).rebalance(&Rebalance::default());
    assert!(
        moves.after < moves.before && moves.bound.is_none_or(|bound| moves.after >= bound),
        "{moves:?}"
    );
    // All memory of one of four machines is used, and a 16th of its vCPUs.
    assert_eq!(moves.before, 433_012 + 27_063, "{moves:?}");
    let all: Vec<_> = moves.waves.iter().flatten().collect();
    assert!(
        all.iter()
            .all(|step| step.memory_bytes == 4 * GIB && step.disk_bytes == GIB)
    );
}

#[test]
fn a_rebalance_keeps_to_its_budget_of_memory() {
    let budget = |memory| Rebalance {
        limits: Limits {
            memory,
            ..Limits::default()
        },
        ..Rebalance::default()
    };
    let counts = [0, 4 * GIB, 8 * GIB].map(|memory| {
        let moves = Platform::of_site(fleet(4)).rebalance(&budget(memory));
        moves.waves.iter().flatten().count()
    });
    assert_eq!(counts, [0, 1, 2]);
}

#[test]
fn survival_names_what_would_be_lost() {
    let mut full = fleet(16);
    let survivals = Platform::of_site(full.clone()).survival(FailureDomain::Machine);
    assert_eq!(survivals.len(), 4);
    for survival in &survivals {
        assert_eq!(
            (survival.restarts, survival.kept, survival.found),
            (4, 0, 0)
        );
        assert_eq!(survival.lost.len(), 4);
    }
    full.machines.push(machine(4, 16, 64));
    let survivals = Platform::of_site(full).survival(FailureDomain::Machine);
    assert!(
        survivals[..4]
            .iter()
            .all(|one| one.lost.is_empty() && one.found == 4)
    );
}

#[test]
fn a_site_without_machines_or_without_active_ones_has_answers_too() {
    let mut closed = fleet(4);
    for known in &mut closed.machines {
        known.machine.state = berth_model::MachineState::Maintenance;
    }
    let mut empty = closed.clone();
    empty.machines.clear();
    empty.reservations = Some(Vec::new());
    for (facts, machines) in [(closed, 4), (empty, 0)] {
        let mut platform = Platform::of_site(facts);
        let outlook = platform.outlook(&[plan(0, 4)], ASKED);
        assert_eq!((outlook.plans[0].1.more, outlook.mix.more), (0, 0));
        assert_eq!(platform.survival(FailureDomain::Rack).len(), machines);
        assert_eq!(platform.rebalance(&Rebalance::default()).waves.len(), 0);
        let preview = platform.preview(&request(0, 1, 1));
        assert_eq!((preview.chosen, preview.candidates.len()), (None, machines));
        let found = platform.relaxations(&request(0, 1, 1));
        assert!(
            found
                .iter()
                .all(|(without, _)| *without == Hindrance::Closed)
        );
    }
}

#[test]
fn nothing_is_promised_of_a_machine_that_is_out_of_reach() {
    let fleet = fleet(4);
    let held = fleet.reservations.as_ref().unwrap();
    let (full, vm) = (
        held[0].reservation.machine_id,
        held[0].reservation.virtual_machine_id,
    );
    let of = |fleet: &mut berth_model::FleetFacts, change: fn(&mut berth_model::Machine)| {
        let known = fleet.machines.iter_mut();
        known
            .filter(|known| known.machine.id == full)
            .for_each(|known| change(&mut known.machine));
    };
    let changes: [fn(&mut berth_model::Machine); 2] = [
        |machine| machine.unreachable_since = Some(chrono::DateTime::UNIX_EPOCH),
        |machine| machine.state = berth_model::MachineState::Failed,
    ];
    for change in changes {
        let mut fleet = fleet.clone();
        of(&mut fleet, change);
        let mut platform = Platform::of_site(fleet);
        let moves = platform.drain(full, Limits::default()).unwrap();
        assert_eq!((moves.waves.len(), moves.left.len()), (0, 4));
        assert_eq!((moves.before, moves.after), (4, 4));
        let by = |(_, by): &(_, Option<Hindrance>)| *by == Some(Hindrance::Unreachable);
        assert!(moves.left.iter().all(by), "{:?}", moves.left);
        let refused = platform.move_begin(vm, berth_model::MachineId(id(3)));
        let unreachable = berth_placement::MoveRefused::By(Hindrance::Unreachable);
        assert_eq!(refused.unwrap_err(), unreachable);
    }
}

#[test]
fn addresses_end_what_machines_have_room_for_and_a_machine_brings_none() {
    let count = |addresses, most| {
        let asked = OutlookAsked { addresses, most };
        Platform::of_site(fleet(2)).outlook(&[plan(0, 4)], asked)
    };
    let outlook = count(3, 1_000);
    let ended = OutlookMore {
        more: 3,
        limit: OutlookLimit::Addresses,
    };
    assert_eq!((outlook.plans[0].1, outlook.mix), (ended, ended));
    let advice = outlook.advice[0];
    assert_eq!((advice.gained, advice.limit), (0, OutlookLimit::Addresses));
    let outlook = count(15, 1_000);
    assert_eq!(outlook.mix.limit, OutlookLimit::Room);
    let advice = outlook.advice[0];
    assert_eq!((advice.gained, advice.limit), (1, OutlookLimit::Addresses));
    let outlook = count(100, 10);
    assert_eq!(outlook.mix.limit, OutlookLimit::Most);
}

#[test]
fn equal_machines_are_one_kind_whatever_else_runs_on_them() {
    let mut fleet = fleet(2);
    let known = &mut fleet.machines[1];
    known.machine.memory_foreign_bytes = 5 * GIB;
    known.machine.memory_bytes -= 1 << 20;
    known.pool.as_mut().unwrap().foreign_bytes = 100 * GIB;
    fleet.machines.push(machine(4, 64, 64));
    let outlook = Platform::of_site(fleet).outlook(&[plan(0, 4)], ASKED);
    let gained: Vec<usize> = outlook.advice.iter().map(|one| one.gained).collect();
    assert_eq!(gained, [16, 4], "once for each kind, the best first");
}
