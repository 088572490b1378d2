//! Ends that are expected, ages, and what is measured.

use berth_placement::*;

/// Machines of ten, and the need for two.
fn fleet(machines: usize) -> (Fleet, NeedNumber) {
    let mut fleet = Fleet::new(Policy::default());
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    for _ in 0..machines {
        let spec = MachineSpec::plain(rack, sizes(10));
        fleet.machine_add(&spec).expect("no nodes");
    }
    let need = fleet.need(of(2)).expect("no nodes");
    (fleet, need)
}

fn sizes(size: i64) -> Sizes {
    let mut sizes = [0; DIMENSIONS];
    sizes[..2].copy_from_slice(&[size, size]);
    sizes
}

fn of(size: i64) -> Need {
    Need {
        sizes: sizes(size),
        ..Need::default()
    }
}

fn found(fleet: &mut Fleet, ask: Ask, machine: u32) -> VmNumber {
    let place = Place {
        machine: MachineNumber(machine),
        nodes: 0,
    };
    fleet.vm_found(ask, place)
}

fn chosen(fleet: &mut Fleet, ask: &Ask) -> u32 {
    fleet.preview(ask).expect("room").place.machine.0
}

#[test]
fn what_ends_together_goes_together() {
    let (mut fleet, need) = fleet(3);
    let ask = Ask::plain(need, TenantNumber(0));
    fleet.time_set(1_000);
    found(&mut fleet, ask.until(2_000), 0);
    found(&mut fleet, ask.until(90_000), 1);
    assert_eq!(chosen(&mut fleet, &ask.until(1_900)), 0);
    assert_eq!(chosen(&mut fleet, &ask.until(80_000)), 1);
    // Nor is an empty one taken for one that will be there longest.
    assert_ne!(chosen(&mut fleet, &ask.until(9_000_000)), 2);
}

#[test]
fn an_end_that_has_passed_is_not_believed() {
    let (mut fleet, need) = fleet(2);
    let ask = Ask::plain(need, TenantNumber(0));
    let late = found(&mut fleet, ask.until(2_000), 0);
    found(&mut fleet, ask.until(60_000), 1);
    fleet.time_set(50_000);
    // Overdue by 48,000, it is expected to go on for as long.
    assert_eq!(chosen(&mut fleet, &ask.until(95_000)), 0);
    fleet.until_set(late, Some(50_100));
    assert_eq!(chosen(&mut fleet, &ask.until(95_000)), 1);
}

#[test]
fn without_a_moment_ends_count_for_nothing() {
    let (mut fleet, need) = fleet(3);
    let ask = Ask::plain(need, TenantNumber(0));
    found(&mut fleet, ask.until(2_000), 0);
    found(&mut fleet, ask.until(90_000), 1);
    found(&mut fleet, ask, 1);
    assert_eq!(fleet.preview(&ask), fleet.preview(&ask.until(1_900)));
}

#[test]
fn of_two_that_are_as_full_the_older_is_filled() {
    let (mut fleet, need) = fleet(3);
    let ask = Ask::plain(need, TenantNumber(0));
    found(&mut fleet, ask, 1);
    let passing: Vec<VmNumber> = (0..200).map(|_| found(&mut fleet, ask, 2)).collect();
    for vm in passing {
        fleet.vm_remove(vm);
    }
    found(&mut fleet, ask, 0);
    assert_eq!(chosen(&mut fleet, &ask), 1);
}

#[test]
fn what_is_measured_is_never_more_than_what_was_asked() {
    let mut used = sizes(3);
    used[1] = 0;
    let measured = of(8).measured(&used, 200);
    assert_eq!(
        measured.sizes[..2],
        [4, 8],
        "rounded up; not measured: as asked"
    );
    assert_eq!(of(8).measured(&sizes(7), 500).sizes, sizes(8));
}
