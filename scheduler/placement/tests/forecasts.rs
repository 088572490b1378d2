//! Forecasts are what happens when one places until nothing fits.

mod specification;

use berth_placement::*;
use proptest::prelude::*;
use specification::world::{Event, World, story};

fn run(world: &mut World, events: &[Event]) -> Fleet {
    let mut fleet = world.fleet();
    for event in events {
        if let Event::Place(ask) = event {
            let _ = fleet.place(ask);
        }
    }
    fleet
}

fn plain(world: &World, need: usize) -> Ask {
    assert!(need < world.needs.len());
    Ask::plain(NeedNumber::at(need), TenantNumber(9))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn as_many_fit_as_are_foretold((world, events) in story(15)) {
        let mut world = world;
        world.policy.tenant_cap = None;
        let mut fleet = run(&mut world, &events);
        for need in 0..world.needs.len() {
            let ask = plain(&world, need);
            let more = fleet.more(&ask, 1_000);
            let mut filled = fleet.clone();
            for _ in 0..more {
                prop_assert!(filled.place(&ask).is_ok());
            }
            prop_assert!(filled.place(&ask).is_err());
        }
    }

    #[test]
    fn what_is_stranded_fits_nothing((world, events) in story(15)) {
        let mut world = world;
        world.policy.tenant_cap = None;
        let mut fleet = run(&mut world, &events);
        let asks: Vec<Ask> = (0..world.needs.len()).map(|need| plain(&world, need)).collect();
        let stranded = fleet.stranded(&asks);
        for ask in &asks {
            while fleet.place(ask).is_ok() {}
        }
        for dimension in 0..world.dimensions {
            let left = |machine| fleet.limit(machine)[dimension] - fleet.used(machine)[dimension];
            let free: i64 = fleet.machines().map(left).sum();
            let told: i64 = stranded.iter().map(|one| one.free[dimension]).sum();
            prop_assert_eq!(told, free, "all that is free is told");
        }
    }

    #[test]
    fn one_more_machine_is_worth_what_it_holds((world, events) in story(15)) {
        let mut world = world;
        world.policy = Policy::default();
        let mut fleet = run(&mut world, &events);
        let ask = plain(&world, 0);
        let before = fleet.more(&ask, 1_000);
        let types = world.machines.clone();
        let advice = fleet.advice(&types, &[(ask, 1)], 2_000).expect("few nodes");
        for one in advice {
            let mut larger = fleet.clone();
            larger.machine_add(&types[one.which]).expect("few nodes");
            prop_assert_eq!(larger.more(&ask, 2_000), before + one.gained);
        }
    }
}

#[test]
fn a_mix_keeps_its_proportions() {
    let mut fleet = Fleet::new(Policy::default());
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    let sizes = |memory, vcpus| {
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[memory, vcpus]);
        sizes
    };
    fleet
        .machine_add(&MachineSpec::plain(rack, sizes(70, 70)))
        .expect("no nodes");
    let mut ask = |memory| {
        let need = Need {
            sizes: sizes(memory, 1),
            ..Need::default()
        };
        Ask::plain(fleet.need(need).expect("no nodes"), TenantNumber(0))
    };
    // Seven of three small and one large weigh 3 × 1 + 4.
    let mix = [(ask(1), 3), (ask(4), 1)];
    assert_eq!(fleet.more_of_mix(&mix, 1_000), 40);
}

#[test]
fn customers_to_come_are_not_one_whom_a_cap_would_stop() {
    let mut fleet = Fleet::new(Policy {
        tenant_cap: Some(2),
        ..Policy::default()
    });
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    let mut sizes = [0; DIMENSIONS];
    sizes[..2].copy_from_slice(&[10, 10]);
    fleet
        .machine_add(&MachineSpec::plain(rack, sizes))
        .expect("no nodes");
    sizes[..2].copy_from_slice(&[1, 1]);
    let need = fleet.need(Need {
        sizes,
        ..Need::default()
    });
    let ask = Ask::plain(need.expect("no nodes"), TenantNumber(7));
    assert_eq!(fleet.more(&ask, 1_000), 10);
    assert_eq!(fleet.more_of_mix(&[(ask, 1)], 1_000), 10);
}
