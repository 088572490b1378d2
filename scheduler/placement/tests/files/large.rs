//! Large numbers, and many of them.

use std::time::Instant;

use berth_placement::{
    Balance, Domain, Limits, Rebalance,
    file::{Ends, FleetFile, Loaded},
    growth,
};

use proptest::prelude::*;

use super::loaded;

const MOST: i64 = 1 << 53;

fn fleet(memory: i64, size: i64) -> String {
    format!(
        r#"{{ "survive": {{ "domain": "machine" }},
        "machines": [{{ "name": "m1", "physical": {{ "memory": {memory} }} }},
                     {{ "name": "m2", "physical": {{ "memory": {memory} }} }},
                     {{ "name": "m3", "physical": {{ "memory": {memory} }} }}],
        "machineTypes": [{{ "name": "new", "physical": {{ "memory": {memory} }} }}],
        "plans": [{{ "name": "one", "sizes": {{ "memory": {size} }} }}],
        "vms": [{{ "name": "a", "plan": "one", "machine": "m1" }},
                {{ "name": "b", "plan": "one", "machine": "m2" }},
                {{ "name": "c", "plan": "one", "machine": "m2" }}],
        "history": [0, {MOST}, 0, {MOST}] }}"#
    )
}

#[test]
fn amounts_that_can_not_be_added_up_are_refused() {
    for (memory, size, at) in [
        (i64::MAX, 1, "machine \"m1\""),
        (1, i64::MAX, "plan \"one\""),
        (MOST + 1, 1, "machine \"m1\""),
    ] {
        let told = loaded(&fleet(memory, size))
            .expect_err("too much")
            .to_string();
        assert!(told.starts_with(at) && told.contains("2^53"), "{told}");
    }
}

#[test]
fn more_in_all_than_can_be_added_up_is_refused() {
    let machines: Vec<String> = (0..400)
        .map(|machine| format!(r#"{{ "name": "m{machine}", "physical": {{ "memory": {MOST} }} }}"#))
        .collect();
    let text = format!(r#"{{ "machines": [{}] }}"#, machines.join(","));
    let told = loaded(&text).expect_err("too much").to_string();
    assert!(
        told.starts_with("the fleet: there is more of memory in all"),
        "{told}"
    );
}

/// Asks everything that can be asked of a fleet.
fn use_it(mut loaded: Loaded) {
    let ask = loaded.plan("one").expect("a plan");
    let first = loaded.machine("m1").expect("a machine");
    let fleet = &mut loaded.fleet;
    let _ = (fleet.explain(&ask), fleet.relax(&ask), fleet.preview(&ask));
    let _ = (
        fleet.more(&ask, 50),
        fleet.stranded(&[ask], 50),
        fleet.survives(Domain::Machine),
    );
    let types: Vec<_> = loaded.types.iter().map(|one| one.1.clone()).collect();
    fleet
        .advice(&types, &[(ask, u32::MAX)], 50)
        .expect("no nodes");
    let drained = fleet.drain_plan(first, Limits::default());
    let consolidated = fleet.consolidate_plan(Limits::default());
    let wanted = Rebalance {
        balance: Balance::default(),
        ..Rebalance::default()
    };
    let _ = (
        fleet.rebalance_plan(&wanted),
        fleet.recover_plan(true),
        drained,
        consolidated,
    );
    assert!(growth(&loaded.history, i64::MAX).is_some());
    let ends = "-4611686018427387903,4611686018427387903,one\n4611686018427387903,,one\n";
    let trace = loaded.trace(ends, Ends::Known).expect("a trace");
    let simulation = loaded.fleet.simulate(&trace.arrivals);
    assert!(simulation.mean >= simulation.mean_bound);
}

#[test]
fn nothing_overflows_with_the_largest_amounts() {
    for size in [MOST, MOST / 2 + 1, MOST / 2, MOST / 3] {
        use_it(loaded(&fleet(MOST, size)).expect("a fleet"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_overflows_whatever_the_amounts(memory in 0..=53u32, parts in 0..5u32, less in 0..2i64) {
        let text = fleet((1 << memory) - less, 1 << memory.saturating_sub(parts));
        let text = text.replace(r#""domain": "machine""#, r#""domain": "machine", "failures": 2"#);
        use_it(loaded(&text).expect("a fleet"));
    }
}

/// Twice as many take about twice as long; with a look at all for each they would take four times.
#[test]
fn loading_takes_time_in_proportion() {
    let time = |machines: usize| {
        let text = many(machines);
        let file: FleetFile = serde_json::from_str(&text).expect("a fleet");
        let start = Instant::now();
        let loaded = Loaded::new(&file).expect("a fleet");
        assert_eq!(loaded.machines.len(), machines);
        start.elapsed()
    };
    // The least of several, since others run at the same time; at ten times as many even the least
    // would be a hundred times as long.
    let least = |machines: usize| (0..3).map(|_| time(machines)).min().expect("three");
    let (few, many) = (least(2_000), least(20_000));
    assert!(many < few * 60, "{few:?}, {many:?}");
}

fn many(machines: usize) -> String {
    let machine = |at| {
        format!(
            r#"{{ "name": "m{at}", "rack": "r{}", "physical": {{ "memory": 64, "vcpus": 16 }} }}"#,
            at / 20
        )
    };
    let vm = |at| {
        format!(r#"{{ "name": "v{at}", "plan": "one", "machine": "m{at}", "tenant": "t{at}" }}"#)
    };
    let all =
        |one: &dyn Fn(usize) -> String| (0..machines).map(one).collect::<Vec<_>>().join(",\n");
    format!(
        r#"{{ "machines": [{}], "plans": [{{ "name": "one", "sizes": {{ "memory": 1 }} }}], "vms": [{}] }}"#,
        all(&machine),
        all(&vm)
    )
}
