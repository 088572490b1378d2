//! Plans, carried out step by step: every state in between must keep every rule.

mod specification;

use berth_placement::*;
use proptest::prelude::*;
use specification::{
    World, check, check_places, check_survives,
    world::{Event, story},
};

/// A fleet on which something runs.
fn run(world: &mut World, events: &[Event]) -> Fleet {
    let mut fleet = world.fleet();
    for event in events {
        match event {
            Event::Place(ask) | Event::Preview(ask) => {
                if let Ok(placed) = fleet.place(ask) {
                    world.asks.insert(placed.vm, *ask);
                }
            }
            Event::Group(asks) => {
                if let Ok(placed) = fleet.place_group(asks) {
                    world
                        .asks
                        .extend(placed.iter().zip(asks).map(|(one, ask)| (one.vm, *ask)));
                }
            }
            Event::Remove(number) => {
                if let Some(vm) = world
                    .asks
                    .keys()
                    .nth(number % world.asks.len().max(1))
                    .copied()
                {
                    fleet.vm_remove(vm);
                    world.asks.remove(&vm);
                }
            }
        }
    }
    fleet
}

fn check_all(world: &World, fleet: &Fleet) {
    check(world, fleet);
    check_places(world, &world.places(fleet));
    if fleet.unprotected().next().is_none() {
        check_survives(world, fleet);
    }
}

/// Begins and ends the steps of each wave, in the plan's order or backwards.
fn carry_out(world: &mut World, fleet: &mut Fleet, plan: &Plan, is_backwards: bool) {
    for wave in &plan.waves {
        let mut steps = wave.clone();
        let mut holds = Vec::new();
        for step in &steps {
            let hold = fleet.step_begin(step).expect("a step that can be taken");
            world.asks.insert(hold, fleet.ask_of(hold));
            world.holds.insert(hold, step.vm);
            holds.push(hold);
            check_all(world, fleet);
        }
        if is_backwards {
            steps.reverse();
            holds.reverse();
        }
        for hold in holds {
            fleet.step_end(hold);
            world.asks.remove(&hold);
            world.holds.remove(&hold);
            check_all(world, fleet);
        }
    }
}

fn used(fleet: &Fleet) -> usize {
    fleet.machines_used()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("BERTH_PLANS").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
    ))]

    #[test]
    fn a_machine_is_drained((world, events) in story(40), number in any::<usize>(), at_once in 1..4usize) {
        let mut world = world;
        let mut fleet = run(&mut world, &events);
        let machine = MachineNumber::at(number % world.machines.len());
        let limits = Limits { at_once, ..Limits::default() };
        let before = fleet.vms_of(machine).to_vec();
        let plan = fleet.drain_plan(machine, limits);
        prop_assert_eq!(fleet.vms_of(machine), &before, "a plan changes nothing");
        check_all(&world, &fleet);
        fleet.state_set(machine, State::Draining);
        world.states[machine.index()] = State::Draining;
        fleet.protect();
        carry_out(&mut world, &mut fleet, &plan, number % 2 == 0);
        let left: Vec<VmNumber> = plan.left.iter().map(|left| left.vm).collect();
        let mut here = fleet.vms_of(machine).to_vec();
        here.retain(|vm| !left.contains(vm));
        prop_assert_eq!(here, Vec::new(), "all is gone but what is left");
        prop_assert_eq!(plan.unprotected, fleet.unprotected().count());
    }

    #[test]
    fn a_fleet_is_balanced(
        (world, events) in story(40), count in 0..5_000i64, is_backwards in any::<bool>(),
        moves in prop_oneof![Just(usize::MAX), 0..4usize],
    ) {
        let mut world = world;
        world.policy.spread = false;
        let mut fleet = run(&mut world, &events);
        let balance = Balance { count, ..Balance::default() };
        let limits = Limits { moves, ..Limits::default() };
        let plan = fleet.rebalance_plan(&Rebalance { balance, limits, least_gain: 1_000 });
        prop_assert!(plan.moves() <= moves);
        let before = fleet.imbalance(&balance);
        carry_out(&mut world, &mut fleet, &plan, is_backwards);
        prop_assert_eq!(plan.before, before);
        prop_assert_eq!(plan.after, fleet.imbalance(&balance));
        prop_assert!(plan.after <= plan.before && plan.bound <= plan.after);
    }

    #[test]
    fn machines_are_freed((world, events) in story(40), is_backwards in any::<bool>()) {
        let mut world = world;
        let mut fleet = run(&mut world, &events);
        let plan = fleet.consolidate_plan(Limits::default());
        let before = used(&fleet);
        carry_out(&mut world, &mut fleet, &plan, is_backwards);
        prop_assert_eq!(used(&fleet), before - plan.freed.len());
        prop_assert_eq!(plan.after, used(&fleet) as i64);
        prop_assert!(plan.bound <= plan.after);
        prop_assert!(plan.steps().count() == 0 || !plan.freed.is_empty());
    }

    #[test]
    fn what_failed_is_restarted((world, events) in story(40), number in any::<usize>(), count in 1..3usize) {
        let mut world = world;
        let mut fleet = run(&mut world, &events);
        let machines = world.machines.len();
        for offset in 0..count {
            let machine = MachineNumber::at((number % machines + offset) % machines);
            fleet.state_set(machine, State::Failed);
            world.states[machine.index()] = State::Failed;
        }
        let plan = fleet.recover_plan(true);
        let survive = world.policy.survive;
        // If one machine of a rack fails and not the rack, what belongs with others there can't leave them.
        let is_bound = |spec: &GroupSpec| spec.is_hard && spec.relation == Relation::Together;
        let is_bound = world.groups.iter().any(is_bound);
        let is_survived = |survive: Survive| {
            usize::from(survive.failures) >= count.min(machines)
                && (survive.domain == Domain::Machine || !is_bound)
        };
        if survive.is_some_and(is_survived) {
            prop_assert_eq!(&plan.left, &Vec::new(), "everything had a place");
        }
        for step in plan.steps() {
            prop_assert_eq!(fleet.recover_step(step), Ok(()));
            let restarted = |vm: &VmNumber| {
                let place = fleet.place_of(*vm);
                place.is_some_and(|place| fleet.state(place.machine) == State::Active)
            };
            let mut places = world.places(&fleet);
            places.retain(|vm, _| restarted(vm));
            check_places(&world, &places);
        }
        for Left { vm, .. } in &plan.left {
            prop_assert!(world.asks[vm].restarts);
            let place = fleet.place_of(*vm).expect("where it was");
            prop_assert_eq!(fleet.state(place.machine), State::Failed);
        }
    }
}

#[test]
fn what_is_on_several_is_packed_into_fewer() {
    // None of them can be emptied into the others, also if one thing is moved aside.
    let mut fleet = Fleet::new(Policy::default());
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    let sizes = |size: i64| {
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[size, size]);
        sizes
    };
    for _ in 0..5 {
        fleet
            .machine_add(&MachineSpec::plain(rack, sizes(12)))
            .expect("no nodes");
    }
    for (machine, things) in [
        (0, [4, 6]),
        (1, [4, 6]),
        (2, [4, 6]),
        (3, [4, 6]),
        (4, [4, 4]),
    ] {
        for thing in things {
            let need = fleet.need(Need {
                sizes: sizes(thing),
                ..Need::default()
            });
            let ask = Ask::plain(need.expect("no nodes"), TenantNumber(0));
            let place = Place {
                machine: MachineNumber(machine),
                nodes: 0,
            };
            fleet.vm_found(ask, place);
        }
    }
    let plan = fleet.consolidate_plan(Limits::default());
    assert_eq!((plan.before, plan.after), (5, 4), "{plan:?}");
    for wave in &plan.waves {
        let begun: Vec<VmNumber> = wave
            .iter()
            .map(|step| fleet.step_begin(step).expect("a step"))
            .collect();
        for hold in begun {
            fleet.step_end(hold);
        }
    }
    assert_eq!(fleet.machines_used(), 4);
}
