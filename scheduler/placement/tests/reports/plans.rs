//! Plans as they are told.

use berth_placement::{
    Balance, Domain, Limits, Plan, Rebalance, State,
    file::Loaded,
    report::{PlanKind, PlanReport, Report},
};
use insta::{assert_json_snapshot, assert_snapshot};

use super::{EXAMPLE, fleet, loaded, text, vm};

fn drain(loaded: &mut Loaded, name: &str, limits: Limits) -> PlanReport {
    let machine = loaded.machine(name).expect("a machine");
    let plan = loaded.fleet.drain_plan(machine, limits);
    PlanReport::new(loaded, &PlanKind::Drain(name.to_owned()), &plan)
}

fn rebalance(loaded: &mut Loaded, balance: Balance, limits: Limits) -> (Plan, PlanReport) {
    let plan = loaded.fleet.rebalance_plan(&Rebalance {
        balance,
        limits,
        least_gain: Balance::ONE / 1_000,
    });
    let report = PlanReport::new(loaded, &PlanKind::Rebalance(balance), &plan);
    (plan, report)
}

#[test]
fn what_stays_says_why_each_machine_refuses_it() {
    let mut loaded = loaded(EXAMPLE);
    let report = drain(&mut loaded, "m4", Limits::default());
    assert_snapshot!(text(&report));
    assert_json_snapshot!(report);
    let complaint = report.complaint();
    assert_eq!(
        complaint.as_deref(),
        Some("1 virtual machine left without a place")
    );
}

#[test]
fn a_machine_is_drained_within_its_site() {
    let mut loaded = loaded(EXAMPLE);
    let report = drain(&mut loaded, "m5", Limits::default());
    assert_eq!(
        text(&report),
        "Nothing runs there.\nfrom 0 to 0 virtual machines on m5; no plan can reach fewer than 0"
    );
    let steps = |report: &PlanReport| {
        let steps = report.waves.iter().flatten();
        let far = steps.filter(|step| step.to == "m5");
        (far.count(), report.left.len())
    };
    let near = drain(&mut loaded, "m1", Limits::default());
    assert_eq!(steps(&near).0, 0, "{near:?}");
    assert_snapshot!(text(&near));
}

#[test]
fn a_restart_tells_priority_and_whether_its_place_was_kept() {
    let mut loaded = loaded(EXAMPLE);
    for machine in loaded
        .domain_machines(Domain::Rack, "fsn/r1")
        .expect("a rack")
    {
        loaded.fleet.state_set(machine, State::Failed);
    }
    let plan = loaded.fleet.recover_plan(false);
    let report = PlanReport::new(&loaded, &PlanKind::Recover, &plan);
    assert_snapshot!(text(&report));
    assert_json_snapshot!(report);
    assert_eq!(
        loaded.domain_machines(Domain::Rack, "r1"),
        Err("There are several racks \"r1\": fsn/r1, nbg/r1.".to_owned())
    );
    assert_eq!(
        loaded.domain_machines(Domain::Site, "hel"),
        Err("There is no site \"hel\".".to_owned())
    );
}

#[test]
fn what_fails_is_restarted_in_its_site_unless_it_may_leave() {
    let site = |name: &str, site: &str| {
        format!(r#"{{"name": "{name}", "site": "{site}", "physical": {{"memory": 8}}}}"#)
    };
    let file = format!(
        r#"{{"machines": [{}, {}], "plans": [{{"name": "p", "sizes": {{"memory": 4}}}}],
            "vms": [{}]}}"#,
        site("m1", "here"),
        site("m2", "there"),
        vm("a", "p", "m1")
    );
    let mut loaded = loaded(&file);
    let machine = loaded.machine("m1").expect("a machine");
    loaded.fleet.state_set(machine, State::Failed);
    let plan = loaded.fleet.recover_plan(false);
    let report = PlanReport::new(&loaded, &PlanKind::Recover, &plan);
    assert_eq!(
        text(&report),
        "left: a, priority 0 (m2: in another site)\n\
         0 restarts with 0 of memory: 0 in a place kept for it, 0 elsewhere\n\
         from 1 to 1 virtual machines that don't run; no plan can reach fewer than 0"
    );
    assert_eq!(loaded.fleet.recover_plan(true).moves(), 1);
}

#[test]
fn machines_are_made_even_by_their_shares() {
    // A small and a large machine: as many on each would fill the small one.
    let vms: Vec<String> = (0..6)
        .map(|number| vm(&format!("v{number}"), "p", "large"))
        .collect();
    let mut loaded = fleet(
        &[("small", 8), ("large", 32)],
        &format!(
            r#""plans": [{{"name": "p", "sizes": {{"memory": 2, "vcpus": 1}}}}], "vms": [{}]"#,
            vms.join(", ")
        ),
    );
    let balance = loaded.balance_of("memory=1").expect("weights");
    let (_, report) = rebalance(&mut loaded, balance, Limits::default());
    assert_snapshot!(text(&report));
    assert_json_snapshot!(report);
}

#[test]
fn weights_are_read_by_name() {
    let loaded = loaded(EXAMPLE);
    let all = loaded.balance();
    assert_eq!(loaded.balance_text(&all), "memory, vcpus, disk:ssd");
    let some = loaded.balance_of("memory=1,disk:ssd=0.5,count=4");
    let some = some.expect("weights");
    assert_eq!(
        loaded.balance_text(&some),
        "memory, disk:ssd × 0.5, number of virtual machines × 4"
    );
    assert_eq!(
        loaded.balance_of("ram=1"),
        Err(
            "There is no dimension \"ram\": there are memory, vcpus, disk:ssd, and count."
                .to_owned()
        )
    );
    assert_eq!(
        loaded.balance_of("memory"),
        Err("\"memory\" isn't a name and a weight, such as memory=1.".to_owned())
    );
}

/// Two that bring the same, of which one is large; and a machine that is empty.
fn alike() -> Loaded {
    let vms = [vm("huge", "huge", "m1"), vm("tiny", "tiny", "m1")];
    fleet(
        &[("m1", 1_000), ("m2", 1_000)],
        &format!(
            r#""plans": [{{"name": "huge", "sizes": {{"memory": 500, "vcpus": 4}}}},
                {{"name": "tiny", "sizes": {{"memory": 4, "vcpus": 4}}}}], "vms": [{}]"#,
            vms.join(", ")
        ),
    )
}

#[test]
fn of_moves_that_bring_the_same_the_smaller_is_made() {
    let mut loaded = alike();
    let balance = loaded.balance_of("vcpus=1").expect("weights");
    let (_, report) = rebalance(&mut loaded, balance, Limits::default());
    assert_eq!((report.moves, report.memory), (1, 4), "{report:?}");
}

#[test]
fn no_more_memory_is_moved_than_may_be() {
    let mut loaded = alike();
    let balance = loaded.balance_of("memory=1").expect("weights");
    let moved = |loaded: &mut Loaded, memory| {
        let limits = Limits {
            memory,
            ..Limits::default()
        };
        rebalance(loaded, balance, limits).1.memory
    };
    assert!(moved(&mut loaded, i64::MAX) >= 4);
    assert_eq!(moved(&mut loaded, 4), 4);
    assert_eq!(moved(&mut loaded, 3), 0);
}

#[test]
fn a_freed_machine_is_told_with_the_move_that_frees_it() {
    let vms = [
        vm("a", "p", "m1"),
        vm("b", "p", "m2"),
        vm("c", "p", "m2"),
        vm("d", "p", "m2"),
    ];
    let rest = format!(
        r#""plans": [{{"name": "p", "sizes": {{"memory": 2, "vcpus": 1}}}}], "vms": [{}]"#,
        vms.join(", ")
    );
    let mut loaded = fleet(&[("m1", 8), ("m2", 8)], &rest);
    let plan = loaded.fleet.consolidate_plan(Limits::default());
    assert_eq!(
        plan.steps().map(|step| step.gain).sum::<i64>(),
        plan.before - plan.after
    );
    let report = PlanReport::new(&loaded, &PlanKind::Consolidate, &plan);
    assert_eq!(
        text(&report),
        "wave 1\n  a: m1 -> m2 (2 of memory, m1 is empty then)\n\
         1 move in 1 wave, 2 of memory\n\
         empty then: 1 machine: m1\n\
         from 2 to 1 machines in use; no plan can reach fewer than 1"
    );
}
