//! Decisions of the engine against the plain specification.

mod specification;

use berth_placement::*;
use proptest::prelude::*;
use specification::{
    Places, World, check, check_places, check_survives, refusals, score,
    world::{Event, story},
};

/// What can be seen of a fleet.
type Seen = Vec<(Option<Place>, Vec<Place>)>;

fn seen(fleet: &Fleet) -> Seen {
    fleet
        .vms()
        .map(|vm| (fleet.place_of(vm), fleet.backups_of(vm).collect()))
        .collect()
}

/// The place that the rules and the score name, if failures don't matter.
fn best(world: &World, places: &Places, ask: &Ask) -> Option<(i64, MachineNumber)> {
    (0..world.machines.len())
        .map(MachineNumber::at)
        .filter(|machine| refusals(world, places, ask, *machine).is_empty())
        .map(|machine| (score(world, places, ask, machine), machine))
        .min()
}

fn placed_agrees(world: &World, fleet: &mut Fleet, ask: &Ask) {
    let places = world.places(fleet);
    let best = best(world, &places, ask);
    let explained = fleet.explain(ask);
    let preview = fleet.preview(ask);
    for (machine, explained) in fleet.machines().zip(&explained) {
        let plain = refusals(world, &places, ask, machine);
        match (plain.first(), explained) {
            (Some(first), Explained::Refused(refusal)) => assert_eq!(first, refusal),
            (Some(_), Explained::Fits { .. }) => panic!("{machine:?} doesn't fit: {plain:?}"),
            (None, Explained::Refused(refusal)) => {
                let of_failures = matches!(
                    refusal,
                    Refusal::Kept { .. } | Refusal::NoRestart | Refusal::Nodes { .. }
                );
                assert!(of_failures && world.policy.survive.is_some(), "{refusal:?}");
            }
            (None, Explained::Fits { score: found }) => {
                assert_eq!(*found, score(world, &places, ask, machine));
            }
        }
    }
    let fitting = explained
        .iter()
        .zip(fleet.machines())
        .filter_map(|(one, machine)| match one {
            Explained::Fits { score } => Some((*score, machine)),
            Explained::Refused(_) => None,
        });
    let fitting = fitting.min();
    let chosen = preview
        .map(|placed| (placed.score, placed.place.machine))
        .ok();
    if world.policy.survive.is_none() {
        assert_eq!(chosen, best);
    } else if fitting.is_some() {
        assert_eq!(chosen, fitting);
    }
}

fn happen(world: &mut World, fleet: &mut Fleet, event: &Event) {
    match event {
        Event::Place(ask) => {
            placed_agrees(world, fleet, ask);
            let before = seen(fleet);
            let preview = fleet.preview(ask);
            match fleet.place(ask) {
                Ok(placed) => {
                    assert_eq!(preview, Ok(placed));
                    world.asks.insert(placed.vm, *ask);
                }
                Err(refused) => {
                    assert_eq!(preview, Err(refused));
                    assert_eq!(seen(fleet), before);
                }
            }
        }
        Event::Group(asks) => {
            let before = seen(fleet);
            match fleet.place_group(asks) {
                Ok(placed) => {
                    world
                        .asks
                        .extend(placed.iter().zip(asks).map(|(one, ask)| (one.vm, *ask)));
                }
                Err(_) => assert_eq!(seen(fleet), before),
            }
        }
        Event::Preview(ask) => {
            let before = seen(fleet);
            let _ = fleet.preview(ask);
            assert_eq!(seen(fleet), before, "a preview changes nothing");
        }
        Event::Remove(number) => {
            let vms: Vec<VmNumber> = world.asks.keys().copied().collect();
            if !vms.is_empty() {
                let vm = vms[number % vms.len()];
                fleet.vm_remove(vm);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn decisions_are_those_of_the_specification((world, events) in story(40)) {
        let mut world = world;
        let mut fleet = world.fleet();
        for event in &events {
            happen(&mut world, &mut fleet, event);
            check(&world, &fleet);
            check_places(&world, &world.places(&fleet));
            check_survives(&world, &fleet);
            prop_assert_eq!(fleet.unprotected().count(), 0);
        }
        for domain in [Domain::Machine, Domain::Rack] {
            let before = seen(&fleet);
            let survivals = fleet.survives(domain);
            prop_assert_eq!(seen(&fleet), before, "a question changes nothing");
            if world.policy.survive.is_some_and(|survive| survive.domain == domain) {
                prop_assert!(survivals.iter().all(Survival::is_whole));
            }
        }
        check(&world, &fleet);
    }

    #[test]
    fn the_same_happens_again_the_same_way((world, events) in story(40)) {
        let run = || {
            let mut world = world.clone();
            let mut fleet = world.fleet();
            for event in &events {
                happen(&mut world, &mut fleet, event);
            }
            seen(&fleet)
        };
        prop_assert_eq!(run(), run());
    }

    #[test]
    fn a_relaxation_makes_as_many_fit_as_it_says((world, events) in story(30)) {
        let mut world = world;
        let mut fleet = world.fleet();
        for event in &events {
            happen(&mut world, &mut fleet, event);
            let Event::Place(ask) = event else { continue };
            let fits = |one: &&Explained| matches!(one, Explained::Fits { .. });
            let before = fleet.explain(ask).iter().filter(fits).count();
            for relaxation in fleet.relax(ask) {
                let Refusal::Short { dimension, missing } = relaxation.without else { continue };
                let mut need = world.needs[ask.need.index()].clone();
                need.sizes[dimension] -= missing;
                let mut other = *ask;
                let mut tried = fleet.clone();
                other.need = tried.need(need).expect("few nodes");
                let after = tried.explain(&other).iter().filter(fits).count();
                prop_assert_eq!(after, before + relaxation.machines);
            }
        }
    }
}
