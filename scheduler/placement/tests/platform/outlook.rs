//! What-if questions over the platform's rows.

use berth_model::{FailureDomain, Hindrance, PlacementPolicy, PlanId};
use berth_placement::{Limits, PlanRoom, Platform, Rebalance, Room};

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
    let outlook = Platform::of_site(fleet(2)).outlook(&[plan(0, 4), plan(1, 10)], 1_000);
    let counts: Vec<usize> = outlook.plans.iter().map(|(_, more)| *more).collect();
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
        moves.after < moves.before && moves.after >= moves.bound,
        "{moves:?}"
    );
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
        let outlook = platform.outlook(&[plan(0, 4)], 1_000);
        assert_eq!((outlook.plans[0].1, outlook.mix), (0, 0));
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
