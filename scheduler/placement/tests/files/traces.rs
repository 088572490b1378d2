//! Traces, and what a fleet goes through with them.

use berth_placement::{
    Simulation,
    file::{Ends, Loaded, Trace},
};
use proptest::prelude::*;

use super::loaded;

const FLEET: &str = r#"{ "tenantCap": 1,
  "machines": [{ "name": "m1", "physical": { "memory": 10 } }, { "name": "m2", "physical": { "memory": 10 } }],
  "plans": [{ "name": "small", "sizes": { "memory": 2 } }, { "name": "large", "sizes": { "memory": 9 } }],
  "groups": [{ "name": "pair", "relation": "apart", "domain": "machine" }] }"#;

fn fleet() -> Loaded {
    loaded(FLEET).expect("a fleet")
}

fn read(text: &str) -> Trace {
    fleet().trace(text, Ends::Unknown).expect("a trace")
}

fn told(text: &str) -> String {
    fleet()
        .trace(text, Ends::Unknown)
        .expect_err("a mistake")
        .to_string()
}

fn run(text: &str) -> (Loaded, Simulation) {
    let mut loaded = fleet();
    let trace = loaded.trace(text, Ends::Unknown).expect("a trace");
    let simulation = loaded.fleet.simulate(&trace.arrivals);
    (loaded, simulation)
}

#[test]
fn a_trace_is_three_columns_with_spaces_or_without() {
    let trace = read("0,10,small\n\n 3 , , small \n3,,large\n");
    let ends: Vec<_> = trace.arrivals.iter().map(|one| one.until).collect();
    assert_eq!(ends, [Some(10), None, None]);
    assert_eq!((trace.lines, trace.plans), (vec![1, 3, 4], vec![0, 0, 1]));
    assert!(read("").arrivals.is_empty());
}

#[test]
fn a_first_line_names_columns_in_any_order() {
    let mut loaded = fleet();
    let text =
        "plan,start,tenant,group,priority\nsmall,0,t1,pair,7\nsmall,1,t1,,\nsmall,1,t2,pair,\n";
    let trace = loaded.trace(text, Ends::Unknown).expect("a trace");
    let asks: Vec<_> = trace.arrivals.iter().map(|one| one.ask).collect();
    assert_eq!(asks[0].tenant, asks[1].tenant);
    assert_ne!(asks[0].tenant, asks[2].tenant);
    assert_eq!((asks[0].priority, asks[1].priority), (7, 0));
    assert_eq!(
        (asks[0].groups[0], asks[1].groups[0]),
        (asks[2].groups[0], None)
    );
    assert!(asks[0].groups[0].is_some());
}

#[test]
fn mistakes_are_told_with_their_lines_all_at_once() {
    let text = "0,1\n5,,small\n4,,small\n6,5,small\n7,,huge\nx,,small\n8,,small,t1\n";
    let expected = [
        "line 1 of the trace: it has 2 columns instead of 3.",
        "line 3 of the trace: it starts earlier than the one before.",
        "line 4 of the trace: it ends before it starts.",
        "line 5 of the trace: there is no plan \"huge\".",
        "line 6 of the trace: its start \"x\" isn't a whole number.",
        "line 7 of the trace: it has 4 columns instead of 3.",
    ];
    assert_eq!(told(text).lines().collect::<Vec<_>>(), expected);
    let header = |header: &str| told(&format!("{header}\n0,small\n"));
    assert!(header("start,plans").contains("line 1 of the trace: there is no column \"plans\""));
    assert_eq!(
        header("start,start,plan"),
        "line 1 of the trace: the column start is there twice."
    );
    assert_eq!(
        header("plan,end"),
        "line 1 of the trace: the columns start and plan have to be there."
    );
    assert!(told("start,plan,group\n0,small,x\n").contains("there is no group \"x\""));
    assert!(
        told("start,plan,priority\n0,small,256\n").contains("the priority \"256\" isn't 0 to 255")
    );
    assert!(told("-9223372036854775808,,small\n").contains("too far away"));
}

#[test]
fn what_names_no_tenant_is_a_tenant_of_its_own() {
    let (_, simulation) = run("0,,small\n0,,small\n0,,small\n0,,small\n");
    assert_eq!(simulation.refused, []);
    // One tenant may have one on each of the two machines.
    let (_, simulation) = run("start,plan,tenant\n0,small,t\n0,small,t\n0,small,t\n");
    let refused: Vec<_> = simulation
        .refused
        .iter()
        .map(|one| (one.which, one.by))
        .collect();
    assert_eq!(refused, [(2, Some(berth_placement::Refusal::TenantCap))]);
}

#[test]
fn decisions_know_ends_only_if_that_is_asked() {
    let asked = |ends| {
        let trace = fleet().trace("0,9,small\n", ends).expect("a trace");
        (trace.arrivals[0].ask.until, trace.arrivals[0].until)
    };
    assert_eq!(asked(Ends::Unknown), (None, Some(9)));
    assert_eq!(asked(Ends::Known), (Some(9), Some(9)));
}

#[test]
fn ends_that_are_known_change_where_things_go() {
    // Two go early and one late; what goes late joins what goes late if that is known.
    let text = "0,100,large\n0,10,large\n1,11,one\n2,102,one\n3,,one\n";
    let machines = |ends| {
        let fleet = FLEET
            .replace("\"tenantCap\": 1,", "")
            .replace("small", "one")
            .replace("\"memory\": 2", "\"memory\": 1");
        let fleet = fleet.replace("\"memory\": 9", "\"memory\": 6");
        let mut loaded = loaded(&fleet).expect("a fleet");
        let trace = loaded.trace(text, ends).expect("a trace");
        let before = &trace.arrivals[..4];
        loaded.fleet.simulate(before);
        let vms = loaded
            .fleet
            .vms()
            .map(|vm| loaded.fleet.place_of(vm).expect("a place").machine.0);
        vms.collect::<Vec<_>>()
    };
    assert_eq!(machines(Ends::Known), [0, 1, 1, 0]);
    assert_ne!(machines(Ends::Unknown), [0, 1, 1, 0]);
}

#[test]
fn where_all_happens_at_one_moment_that_moment_counts() {
    let (_, simulation) = run("5,,large\n5,,large\n");
    assert_eq!(
        (simulation.peak, simulation.mean, simulation.mean_bound),
        (2, 2_000, 2_000)
    );
    let (_, simulation) = run("");
    assert_eq!((simulation.peak, simulation.mean), (0, 0));
}

/// A fleet with something in it, that may be more than there is room for, and a trace.
fn worlds() -> impl Strategy<Value = (String, String)> {
    let machines = prop::collection::vec((1..40i64, 1..40i64), 1..5);
    let vms = prop::collection::vec((0..3usize, 0..5usize), 0..8);
    let arrivals = prop::collection::vec((0..5i64, prop::option::of(0..20i64), 0..3usize), 0..30);
    (machines, vms, arrivals).prop_map(|(machines, vms, arrivals)| {
        let count = machines.len();
        let machine = |(at, (memory, vcpus)): (usize, (i64, i64))| {
            format!(
                r#"{{ "name": "m{at}", "physical": {{ "memory": {memory}, "vcpus": {vcpus} }} }}"#
            )
        };
        let vm = |(at, (plan, machine)): (usize, (usize, usize))| {
            let machine = machine % count;
            format!(r#"{{ "name": "v{at}", "plan": "p{plan}", "machine": "m{machine}" }}"#)
        };
        let machines: Vec<_> = machines.into_iter().enumerate().map(machine).collect();
        let vms: Vec<_> = vms.into_iter().enumerate().map(vm).collect();
        let fleet = format!(
            r#"{{ "machines": [{}], "vms": [{}], "plans": [
            {{ "name": "p0", "sizes": {{ "memory": 3, "vcpus": 1 }} }},
            {{ "name": "p1", "sizes": {{ "memory": 1, "vcpus": 4 }} }},
            {{ "name": "p2", "sizes": {{ "memory": 11, "vcpus": 11 }} }}] }}"#,
            machines.join(","),
            vms.join(",")
        );
        let mut now = 0;
        let mut trace = String::new();
        for (step, lasts, plan) in arrivals {
            now += step;
            let end = lasts.map_or(String::new(), |lasts| (now + lasts).to_string());
            trace.push_str(&format!("{now},{end},p{plan}\n"));
        }
        (fleet, trace)
    })
}

proptest! {
    #[test]
    fn no_fewer_machines_are_used_than_the_bound_says((fleet, trace) in worlds()) {
        let mut loaded = loaded(&fleet).expect("a fleet");
        let trace = loaded.trace(&trace, Ends::Unknown).expect("a trace");
        let simulation = loaded.fleet.simulate(&trace.arrivals);
        prop_assert!(simulation.peak >= simulation.peak_bound);
        prop_assert!(simulation.mean >= simulation.mean_bound);
        for sample in &simulation.samples {
            prop_assert!(sample.machines >= sample.bound, "{sample:?}");
        }
    }
}
