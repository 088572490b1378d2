//! What is wrong with a file is told, with where it is.

use super::loaded;

/// What is told of a fleet with these parts in place of its own.
fn told(parts: &[(&str, &str)]) -> String {
    let mut text = FLEET.to_owned();
    for (part, instead) in parts {
        assert!(text.contains(part), "{part} isn't there");
        text = text.replacen(part, instead, 1);
    }
    loaded(&text).expect_err("a mistake").to_string()
}

const FLEET: &str = r#"{
  "machines": [
    { "name": "m1", "site": "s1", "physical": { "memory": 64, "vcpus": 16 },
      "overcommit": { "vcpus": 3000 }, "reserve": { "memory": 4 },
      "nodes": [{ "memory": 30, "vcpus": 24 }, { "memory": 30, "vcpus": 24 }] },
    { "name": "m2", "site": "s1", "physical": { "memory": 64, "vcpus": 16 } }
  ],
  "machineTypes": [{ "name": "new", "physical": { "memory": 64, "gpu": 2 } }],
  "plans": [
    { "name": "small", "sizes": { "memory": 4, "vcpus": 2 } },
    { "name": "split", "sizes": { "memory": 4, "vcpus": 2 }, "nodes": 2, "site": "s1" }
  ],
  "groups": [{ "name": "pair", "relation": "apart", "most": 1, "domain": "machine" }],
  "vms": [
    { "name": "a", "plan": "small", "machine": "m1", "groups": ["pair"] },
    { "name": "b", "plan": "split", "machine": "m1", "nodes": [0, 1] }
  ],
  "history": [1, 2, 3]
}"#;

/// Each is told as the only mistake.
fn check(cases: &[(&str, &str, &str)]) {
    for (part, instead, expected) in cases {
        assert_eq!(told(&[(part, instead)]), *expected);
    }
}

#[test]
fn the_fleet_without_mistakes_loads() {
    assert!(loaded(FLEET).is_ok());
}

#[test]
fn two_of_one_name_are_refused() {
    check(&[
        (
            r#""name": "b""#,
            r#""name": "a""#,
            "virtual machine \"a\": there are two of this name.",
        ),
        (
            r#""name": "split""#,
            r#""name": "small""#,
            "plan \"small\": there are two of this name.\nvirtual machine \"b\": there is no plan \"split\".",
        ),
        (
            r#""name": "new""#,
            r#""name": "m2""#,
            "machine type \"m2\": a machine has this name.",
        ),
        (
            r#"[{ "name": "new","#,
            r#"[{ "name": "new", "physical": {} }, { "name": "new","#,
            "machine type \"new\": there are two of this name.",
        ),
        (
            r#"[{ "name": "pair","#,
            r#"[{ "name": "pair", "relation": "together", "domain": "rack" }, { "name": "pair","#,
            "group \"pair\": there are two of this name.",
        ),
    ]);
}

#[test]
fn names_that_would_be_obeyed_by_a_terminal_are_refused() {
    check(&[
        (
            r#""name": "a""#,
            r#""name": "a\u001b[2K""#,
            "virtual machine 1: a name has characters that can't be shown.",
        ),
        (
            r#""name": "a""#,
            r#""name": """#,
            "virtual machine 1: it has no name.",
        ),
        (
            r#""site": "s1", "physical": { "memory": 64, "vcpus": 16 } }"#,
            r#""site": "s1\nm3: fits", "physical": {} }"#,
            "machine \"m2\": a name has characters that can't be shown.",
        ),
        (
            r#""groups": ["pair"]"#,
            r#""tenant": "x\u202e""#,
            "virtual machine \"a\": a name has characters that can't be shown.",
        ),
        (
            r#""gpu": 2"#,
            r#""gp\u0007u": 2"#,
            "machine type \"new\": a name has characters that can't be shown.",
        ),
    ]);
}

#[test]
fn dimensions_that_no_machine_has_are_refused() {
    check(&[
        (
            r#"{ "vcpus": 3000 }"#,
            r#"{ "vcpu": 3000 }"#,
            "machine \"m1\": no machine has anything of \"vcpu\".",
        ),
        (
            r#""reserve": { "memory": 4 }"#,
            r#""reserve": { "ram": 4 }"#,
            "machine \"m1\": no machine has anything of \"ram\".",
        ),
        (
            r#"{ "memory": 4, "vcpus": 2 } }"#,
            r#"{ "memory": 4, "disk": 2 } }"#,
            "plan \"small\": no machine has anything of \"disk\".",
        ),
    ]);
    // A machine that could be bought has it.
    let text = FLEET.replacen(
        r#"{ "memory": 4, "vcpus": 2 } }"#,
        r#"{ "memory": 4, "gpu": 1 } }"#,
        1,
    );
    assert!(loaded(&text).is_ok());
}

#[test]
fn thousandths_that_are_meant_as_factors_are_refused() {
    for parts in ["3", "0", "-1000", "99", "1000001"] {
        let told = told(&[("3000", parts)]);
        assert!(
            told.starts_with("machine \"m1\": overcommit of vcpus is in thousandths"),
            "{told}"
        );
    }
    // Less than what is built in can be sold.
    let text = FLEET.replacen(
        r#"{ "vcpus": 3000 }"#,
        r#"{ "memory": 1000, "vcpus": 3000, "gpu": 500 }"#,
        1,
    );
    assert!(loaded(&text).is_ok());
}

#[test]
fn parts_are_no_larger_than_the_machine() {
    check(&[
        (
            r#"{ "memory": 30, "vcpus": 24 }]"#,
            r#"{ "memory": 31, "vcpus": 24 }]"#,
            "machine \"m1\": its NUMA nodes have 61 of memory, and 60 of it can be sold.",
        ),
        (
            r#"{ "memory": 30, "vcpus": 24 }]"#,
            r#"{ "memory": -1, "vcpus": 24 }]"#,
            "machine \"m1\": memory of a NUMA node: -1 is below zero.",
        ),
        (
            r#""reserve": { "memory": 4 }"#,
            r#""reserve": { "memory": 65 }"#,
            "machine \"m1\": reserve of memory: 65 is more than the 64 that could be sold.",
        ),
        (
            r#""physical": { "memory": 64, "vcpus": 16 } }"#,
            r#""physical": { "memory": -64 } }"#,
            "machine \"m2\": physical of memory: -64 is below zero.",
        ),
    ]);
}

#[test]
fn plans_and_groups_that_mean_nothing_are_refused() {
    check(&[
        (
            r#"{ "memory": 4, "vcpus": 2 } }"#,
            r#"{ "memory": 0 } }"#,
            "plan \"small\": it needs nothing, so any number of it would fit.",
        ),
        (
            r#"{ "memory": 4, "vcpus": 2 } }"#,
            r#"{} }"#,
            "plan \"small\": it needs nothing, so any number of it would fit.",
        ),
        (
            r#""nodes": 2, "site": "s1""#,
            r#""nodes": 2, "site": "s2""#,
            "plan \"split\": no machine is in the site \"s2\".",
        ),
        (
            r#""most": 1"#,
            r#""most": 0"#,
            "group \"pair\": with a most of 0 none of its members could be anywhere.",
        ),
    ]);
}

#[test]
fn nodes_that_are_not_there_are_refused() {
    check(&[
        (
            "[0, 1]",
            "[0, 2]",
            "virtual machine \"b\": \"m1\" has no NUMA node 2; the first is 0.",
        ),
        (
            "[0, 1]",
            "[1, 1]",
            "virtual machine \"b\": it is on the NUMA node 1 twice.",
        ),
        (
            "[0, 1]",
            "[0]",
            "virtual machine \"b\": its plan asks for 2 NUMA nodes, and it is on 1.",
        ),
        (
            r#""groups": ["pair"]"#,
            r#""nodes": [0]"#,
            "virtual machine \"a\": its plan asks for 0 NUMA nodes, and it is on 1.",
        ),
        (
            r#""machine": "m1", "nodes": [0, 1]"#,
            r#""machine": "m2""#,
            "virtual machine \"b\": its plan asks for 2 NUMA nodes, and \"m2\" has 0.",
        ),
    ]);
}

#[test]
fn groups_and_places_of_virtual_machines_are_checked() {
    let group = r#""groups": ["pair"]"#;
    check(&[
        (
            group,
            r#""groups": ["pair", "pair"]"#,
            "virtual machine \"a\": it is in the group \"pair\" twice.",
        ),
        (
            group,
            r#""groups": ["pear"]"#,
            "virtual machine \"a\": there is no group \"pear\".",
        ),
        (
            group,
            r#""groups": ["pair", "x", "y", "z"]"#,
            "virtual machine \"a\": it can be in at most 3 groups.",
        ),
        (
            group,
            r#""site": "s2""#,
            "virtual machine \"a\": no machine is in the site \"s2\".",
        ),
        (
            group,
            r#""movingTo": "m1""#,
            "virtual machine \"a\": it can't be moved to where it is.",
        ),
        (
            group,
            r#""movingTo": "m2", "deleting": true"#,
            "virtual machine \"a\": it can't be moved and deleted at once.",
        ),
        (
            r#""machine": "m1", "groups""#,
            r#""machine": null, "movingTo": "m2", "groups""#,
            "virtual machine \"a\": it has no machine, so it can't be on nodes, moved or deleted.",
        ),
    ]);
}

#[test]
fn what_would_allow_nothing_is_refused() {
    let policy = |policy: &str| told(&[("{\n", &format!("{{ {policy},\n"))]);
    assert!(policy(r#""tenantCap": 0"#).starts_with("the fleet: a tenantCap of 0"));
    let failures = r#""survive": { "domain": "machine", "failures": 0 }"#;
    let expected = "the fleet: between 1 and 2 failures at once can be survived, not 0.";
    assert_eq!(policy(failures), expected);
    assert_eq!(
        policy(&failures.replace('0', "3")),
        expected.replace("not 0", "not 3")
    );
    assert!(policy(r#""usageMargin": -1"#).starts_with("the fleet: usageMargin"));
    let expected = "history: period 2 is below zero or above 2^53.";
    assert_eq!(told(&[("[1, 2, 3]", "[1, -2, 3]")]), expected);
}

#[test]
fn all_mistakes_are_told_at_once_the_first_of_each_entry() {
    let told = told(&[
        ("3000", "3"),
        (r#""most": 1"#, r#""most": 0"#),
        (
            r#""machine": "m1", "groups""#,
            r#""machine": "m7", "groups""#,
        ),
        ("[0, 1]", "[0, 9]"),
    ]);
    let places: Vec<&str> = told
        .lines()
        .filter_map(|line| line.split(": ").next())
        .collect();
    let expected = [
        "machine \"m1\"",
        "group \"pair\"",
        "virtual machine \"a\"",
        "virtual machine \"b\"",
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_great_many_mistakes_are_counted() {
    let vms: Vec<String> = (0..1_000)
        .map(|vm| format!(r#"{{ "name": "v{vm}", "plan": "none" }}"#))
        .collect();
    let vms = format!("\"vms\": [{}],\n  \"history\": []\n}}", vms.join(","));
    let (before, _) = FLEET.split_once("\"vms\"").expect("virtual machines");
    let told = loaded(&format!("{before}{vms}"))
        .expect_err("mistakes")
        .to_string();
    assert_eq!(told.lines().count(), 21);
    assert!(told.ends_with("\nThere are 980 more mistakes."), "{told}");
}
