//! Each field changes what is decided.

use berth_placement::{Domain, Explained, Limits, State, VmNumber, file::Loaded};

use super::{loaded, told};

/// Two machines of ten, a plan of two, and these virtual machines; more of the fleet first.
fn fleet(more: &str, plan: &str, vms: &str) -> Loaded {
    let text = format!(
        r#"{{ {more} "machines": [
        {{ "name": "m1", "site": "s1", "rack": "r1", "physical": {{ "memory": 10 }}, "images": ["debian"] }},
        {{ "name": "m2", "site": "s1", "rack": "r2", "physical": {{ "memory": 10 }}, "taints": ["gold"] }},
        {{ "name": "m3", "site": "s2", "rack": "r1", "physical": {{ "memory": 10 }} }}],
        "groups": [{{ "name": "near", "relation": "together", "domain": "machine" }},
                   {{ "name": "far", "relation": "apart", "domain": "machine" }},
                   {{ "name": "far-if-it-can-be", "relation": "apart", "domain": "machine", "hard": false }}],
        "plans": [{{ "name": "one", "sizes": {{ "memory": 2 }} {plan} }}],
        "vms": [{vms}] }}"#
    );
    loaded(&text).expect("a fleet")
}

fn vm(name: &str, machine: &str, more: &str) -> String {
    format!(r#"{{ "name": "{name}", "plan": "one", "machine": "{machine}" {more} }}"#)
}

/// The machine that a new one goes to.
fn chosen(loaded: &mut Loaded) -> Option<String> {
    let ask = loaded.plan("one").expect("a plan");
    let placed = loaded.fleet.preview(&ask).ok()?;
    Some(loaded.machines[placed.place.machine.index()].clone())
}

fn used(loaded: &Loaded) -> Vec<i64> {
    loaded
        .fleet
        .machines()
        .map(|machine| loaded.fleet.used(machine)[0])
        .collect()
}

/// Who goes where if a machine is emptied.
fn drained(loaded: &mut Loaded, machine: &str) -> Vec<(String, String)> {
    let machine = loaded.machine(machine).expect("a machine");
    let limits = Limits {
        across_sites: true,
        ..Limits::default()
    };
    let plan = loaded.fleet.drain_plan(machine, limits);
    let name = |to: usize| loaded.machines[to].clone();
    plan.steps()
        .map(|step| (loaded.vm_name(step.vm), name(step.to.machine.index())))
        .collect()
}

fn moves(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(vm, to)| ((*vm).to_owned(), (*to).to_owned()))
        .collect()
}

#[test]
fn spread_takes_the_emptier_machine() {
    let vms = vm("a", "m1", "");
    assert_eq!(chosen(&mut fleet("", "", &vms)).as_deref(), Some("m1"));
    assert_eq!(
        chosen(&mut fleet(r#""spread": true,"#, "", &vms)).as_deref(),
        Some("m3")
    );
}

#[test]
fn an_image_that_is_there_is_better() {
    let plain = fleet("", r#", "site": "s2""#, "");
    assert_eq!(chosen(&mut plain.clone()).as_deref(), Some("m3"));
    // Equal but for the image and the order.
    let text = r#"{ "machines": [{ "name": "m1", "physical": { "memory": 9 } },
        { "name": "m2", "physical": { "memory": 9 }, "images": ["debian"] }],
        "plans": [{ "name": "one", "sizes": { "memory": 2 }, "image": "debian" }] }"#;
    assert_eq!(
        chosen(&mut loaded(text).expect("a fleet")).as_deref(),
        Some("m2")
    );
    let without = text.replace(r#", "image": "debian""#, "");
    assert_eq!(
        chosen(&mut loaded(&without).expect("a fleet")).as_deref(),
        Some("m1")
    );
}

#[test]
fn a_taint_is_tolerated_by_a_plan_or_by_one_virtual_machine() {
    let ask = |loaded: &Loaded| loaded.plan("one").expect("a plan");
    let mut plain = fleet("", "", "");
    let plan = ask(&plain);
    assert_eq!(told(&mut plain, &plan)[1], "has the taint gold");
    let mut tolerant = fleet("", r#", "tolerations": ["gold"]"#, "");
    let plan = ask(&tolerant);
    assert_eq!(told(&mut tolerant, &plan)[1], "fits");
    // In its site it has to stay, and only there is the taint.
    let stays = vm("a", "m1", r#", "site": "s1""#);
    assert_eq!(drained(&mut fleet("", "", &stays), "m1"), []);
    let tolerates = vm("a", "m1", r#", "site": "s1", "tolerations": ["gold"]"#);
    assert_eq!(
        drained(&mut fleet("", "", &tolerates), "m1"),
        moves(&[("a", "m2")])
    );
    let goes = vm("a", "m1", "");
    assert_eq!(
        drained(&mut fleet("", "", &goes), "m1"),
        moves(&[("a", "m3")])
    );
}

#[test]
fn groups_keep_together_and_apart() {
    let two = |group: &str, machine: &str| {
        let group = format!(r#", "groups": ["{group}"]"#);
        format!("{}, {}", vm("a", "m1", &group), vm("b", machine, &group))
    };
    // What is together leaves together, for the machine that both fit on.
    let both = drained(&mut fleet("", "", &two("near", "m1")), "m1");
    assert_eq!(both, moves(&[("a", "m3"), ("b", "m3")]));
    assert_eq!(drained(&mut fleet("", "", &two("far", "m3")), "m1"), []);
    let soft = drained(&mut fleet("", "", &two("far-if-it-can-be", "m3")), "m1");
    assert_eq!(soft, moves(&[("a", "m3")]));
}

#[test]
fn states_close_machines() {
    for (state, expected) in [
        ("active", "fits"),
        ("draining", "draining"),
        ("maintenance", "in maintenance"),
        ("suspect", "suspect"),
        ("failed", "failed"),
    ] {
        let text = format!(
            r#"{{ "machines": [{{ "name": "m1", "physical": {{ "memory": 9 }}, "state": "{state}" }}],
            "plans": [{{ "name": "one", "sizes": {{ "memory": 2 }} }}] }}"#
        );
        let mut loaded = loaded(&text).expect("a fleet");
        let ask = loaded.plan("one").expect("a plan");
        assert_eq!(told(&mut loaded, &ask), [expected]);
    }
}

/// Five on the first machine; on the third is room for two.
fn crowded(more: [&str; 5]) -> Loaded {
    let names = ["a", "b", "c", "d", "e"];
    let mut vms: Vec<String> = names
        .iter()
        .zip(more)
        .map(|(name, more)| vm(name, "m1", more))
        .collect();
    vms.extend(["x", "y", "z"].map(|name| vm(name, "m3", "")));
    let mut loaded = fleet("", "", &vms.join(","));
    let first = loaded.machine("m1").expect("a machine");
    loaded.fleet.state_set(first, State::Failed);
    loaded
}

fn recovered(loaded: &mut Loaded) -> Vec<String> {
    let plan = loaded.fleet.recover_plan(true);
    plan.steps().map(|step| loaded.vm_name(step.vm)).collect()
}

#[test]
fn what_matters_most_is_restarted_first_and_what_needs_none_is_not() {
    assert_eq!(recovered(&mut crowded([""; 5])), ["a", "b"]);
    let first = r#", "priority": 9"#;
    assert_eq!(
        recovered(&mut crowded(["", "", "", first, first])),
        ["d", "e"]
    );
    let none = r#", "restarts": false"#;
    assert_eq!(
        recovered(&mut crowded([none, none, "", "", ""])),
        ["c", "d"]
    );
}

#[test]
fn a_tenant_has_as_many_on_a_machine_as_it_may() {
    let of = |tenants: [&str; 2]| {
        let [one, other] = tenants.map(|tenant| format!(r#", "tenant": "{tenant}""#));
        format!("{}, {}", vm("a", "m1", &one), vm("b", "m3", &other))
    };
    let cap = r#""tenantCap": 1,"#;
    assert_eq!(drained(&mut fleet(cap, "", &of(["t", "t"])), "m1"), []);
    assert_eq!(
        drained(&mut fleet(cap, "", &of(["t", "u"])), "m1"),
        moves(&[("a", "m3")])
    );
    // Who names no tenant is not the same as who names none either.
    let none = format!("{}, {}", vm("a", "m1", ""), vm("b", "m3", ""));
    assert_eq!(
        drained(&mut fleet(cap, "", &none), "m1"),
        moves(&[("a", "m3")])
    );
}

#[test]
fn a_measured_use_counts_with_its_margin_where_it_is_less() {
    let usage = |amount| {
        vm(
            "a",
            "m1",
            &format!(r#", "usage": {{ "memory": {amount} }}"#),
        )
    };
    assert_eq!(used(&fleet("", "", &usage(1))), [1, 0, 0]);
    assert_eq!(
        used(&fleet(r#""usageMargin": 250,"#, "", &usage(1))),
        [2, 0, 0]
    );
    assert_eq!(used(&fleet("", "", &usage(9))), [2, 0, 0]);
    let ask = |loaded: &Loaded| loaded.plan("one").expect("a plan");
    let mut measured = fleet("", r#", "site": "s1""#, &usage(1));
    let plan = ask(&measured);
    let more = measured.fleet.more(&plan, 100);
    assert_eq!(more, 4, "what is sold next is sold by its plan");
}

#[test]
fn an_end_that_is_expected_changes_where_it_is_moved() {
    let until = |until: i64| format!(r#", "until": {until}"#);
    let vms = |of_a: i64| {
        [
            vm("a", "m3", &until(of_a)),
            vm("b", "m1", &until(20)),
            vm("c", "m2", &until(100_000)),
        ]
        .join(",")
    };
    let tolerant = r#", "tolerations": ["gold"]"#;
    let now = r#""now": 0,"#;
    assert_eq!(
        drained(&mut fleet(now, tolerant, &vms(19)), "m3"),
        moves(&[("a", "m1")])
    );
    assert_eq!(
        drained(&mut fleet(now, tolerant, &vms(90_000)), "m3"),
        moves(&[("a", "m2")])
    );
    // Without the moment they say nothing.
    assert_eq!(
        drained(&mut fleet("", tolerant, &vms(90_000)), "m3"),
        moves(&[("a", "m1")])
    );
}

#[test]
fn what_is_being_moved_takes_room_on_both_machines() {
    let vms = [vm("a", "m1", r#", "movingTo": "m3""#), vm("b", "m1", "")].join(",");
    let mut loaded = fleet("", "", &vms);
    assert_eq!(used(&loaded), [4, 0, 2]);
    // It is on its way already.
    assert_eq!(drained(&mut loaded, "m1"), moves(&[("b", "m3")]));
    // Nor is it moved on before it has arrived; that machine's other moves don't wait.
    assert_eq!(drained(&mut loaded, "m3"), []);
    let limits = Limits {
        across_sites: true,
        ..Limits::default()
    };
    let plan = loaded.fleet.consolidate_plan(limits);
    assert!(plan.steps().all(|step| step.vm != VmNumber::at(0)));
    let hold = VmNumber::at(2);
    assert_eq!(loaded.vm_name(hold), "a (on its way out)");
    loaded.fleet.step_end(hold);
    assert_eq!(used(&loaded), [2, 0, 2]);
}

#[test]
fn what_is_being_deleted_takes_room_and_is_neither_moved_nor_restarted() {
    let vms = [vm("a", "m1", r#", "deleting": true"#), vm("b", "m1", "")].join(",");
    let mut loaded = fleet(
        r#""survive": { "domain": "site" },"#,
        r#", "tolerations": ["gold"]"#,
        &vms,
    );
    assert_eq!(used(&loaded), [4, 0, 0]);
    assert_eq!(drained(&mut loaded, "m1"), moves(&[("b", "m2")]));
    let restarts: usize = loaded
        .fleet
        .survives(Domain::Machine)
        .iter()
        .map(|one| one.restarts)
        .sum();
    assert_eq!(restarts, 1);
}

#[test]
fn what_has_no_place_waits() {
    let vms = format!(
        r#"{}, {{ "name": "b", "plan": "one", "machine": null, "tenant": "t", "priority": 3 }}, {{ "name": "c", "plan": "one" }}"#,
        vm("a", "m1", "")
    );
    let mut loaded = fleet("", "", &vms);
    assert_eq!(used(&loaded), [2, 0, 0]);
    let waiting: Vec<_> = loaded
        .pending
        .iter()
        .map(|(name, ask)| (name.as_str(), ask.priority))
        .collect();
    assert_eq!(waiting, [("b", 3), ("c", 0)]);
    let ask = loaded.pending[0].1;
    assert!(matches!(
        loaded.fleet.explain(&ask)[0],
        Explained::Fits { .. }
    ));
    assert_eq!(loaded.vms, ["a"]);
}

#[test]
fn a_virtual_machine_is_on_the_nodes_that_it_says() {
    let text = r#"{ "machines": [{ "name": "m1", "physical": { "memory": 8, "vcpus": 8 },
          "nodes": [{ "memory": 4, "vcpus": 4 }, { "memory": 4, "vcpus": 4 }] }],
        "plans": [{ "name": "half", "sizes": { "memory": 4, "vcpus": 1 }, "nodes": 1 }],
        "vms": [{ "name": "a", "plan": "half", "machine": "m1", "nodes": [1] }] }"#;
    let mut loaded = loaded(text).expect("a fleet");
    let ask = loaded.plan("half").expect("a plan");
    assert_eq!(loaded.fleet.preview(&ask).expect("room").place.nodes, 0b01);
}
