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
            // What is only tried ages nothing, so neither may what is compared with it.
            let mark = filled.mark();
            for _ in 0..more {
                prop_assert!(filled.place(&ask).is_ok());
            }
            prop_assert!(filled.place(&ask).is_err());
            filled.keep(mark);
        }
    }

    #[test]
    fn what_is_stranded_fits_nothing((world, events) in story(15)) {
        let mut world = world;
        world.policy.tenant_cap = None;
        let mut fleet = run(&mut world, &events);
        let asks: Vec<Ask> = (0..world.needs.len()).map(|need| plain(&world, need)).collect();
        let stranded = fleet.stranded(&asks, 1_000);
        let mark = fleet.mark();
        for ask in &asks {
            while fleet.place(ask).is_ok() {}
        }
        fleet.keep(mark);
        for dimension in 0..world.dimensions {
            let left = |machine| fleet.limit(machine)[dimension] - fleet.used(machine)[dimension];
            let is_asked = world.needs.iter().any(|need| need.sizes[dimension] > 0);
            let free: i64 = fleet.machines().map(left).filter(|_| is_asked).sum();
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
    assert_eq!(fleet.more_of_mix(&mix, 1_000).count, 40);
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
    assert_eq!(fleet.more_of_mix(&[(ask, 1)], 1_000).count, 10);
}

/// One machine of ten, and what no machine has.
#[test]
fn what_no_machine_could_hold_ends_no_mix() {
    let mut fleet = Fleet::new(Policy::default());
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    let gpu = fleet.label("gpu");
    let mut sizes = [0; DIMENSIONS];
    sizes[..2].copy_from_slice(&[10, 10]);
    let plain = MachineSpec::plain(rack, sizes);
    fleet.machine_add(&plain).expect("no nodes");
    sizes[..2].copy_from_slice(&[1, 1]);
    let mut ask = |labels: Vec<LabelNumber>| {
        let need = Need {
            sizes,
            labels,
            ..Need::default()
        };
        Ask::plain(fleet.need(need).expect("no nodes"), TenantNumber(0))
    };
    let mix = [(ask(vec![gpu]), 1), (ask(Vec::new()), 9)];
    let more = fleet.more_of_mix(&mix, 1_000);
    let expected = More {
        count: 10,
        full: Some(1),
        misfits: vec![0],
    };
    assert_eq!(more, expected);
    let with_gpu = MachineSpec {
        labels: vec![gpu],
        ..plain.clone()
    };
    let advice = fleet.advice(&[plain, with_gpu], &mix, 1_000);
    let advice = advice.expect("no nodes");
    let told = |which: usize| {
        let one = advice.iter().find(|one| one.which == which);
        one.map(|one| (one.gained, one.opens.clone()))
    };
    assert_eq!(told(0), Some((10, vec![])));
    assert_eq!(told(1), Some((10, vec![0])));
}

#[test]
fn a_full_fleet_is_told_what_to_buy() {
    let mut fleet = Fleet::new(Policy::default());
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    let mut sizes = [0; DIMENSIONS];
    sizes[..2].copy_from_slice(&[2, 2]);
    let machine = MachineSpec::plain(rack, sizes);
    fleet.machine_add(&machine).expect("no nodes");
    let need = Need {
        sizes,
        ..Need::default()
    };
    let ask = Ask::plain(fleet.need(need).expect("no nodes"), TenantNumber(0));
    assert!(fleet.place(&ask).is_ok());
    let more = fleet.more_of_mix(&[(ask, 1)], 1_000);
    assert_eq!((more.count, more.full, more.misfits), (0, Some(0), vec![]));
    let advice = fleet.advice(&[machine], &[(ask, 1)], 1_000);
    assert_eq!(advice.expect("no nodes")[0].gained, 1);
}

/// What needs nothing fits for ever.
#[test]
fn a_forecast_ends() {
    let mut fleet = Fleet::new(Policy::default());
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    fleet
        .machine_add(&MachineSpec::plain(rack, [1; DIMENSIONS]))
        .expect("no nodes");
    let need = fleet.need(Need::default()).expect("no nodes");
    let ask = Ask::plain(need, TenantNumber(0));
    assert_eq!(fleet.more(&ask, 100), 100);
    assert_eq!(fleet.stranded(&[ask], 100), []);
}
