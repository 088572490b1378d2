//! Ganeti's text format.

use berth_placement::{
    Limits, Sizes, State,
    file::{FleetFile, Loaded, from_ganeti},
};

pub const GANETI: &str = "group-01|uuid-01|preferred||

node-1|65536|1024|60416|1000|900|16|M|uuid-01|1||N|0|1|1.0
node-2|65536|1024|64512|1000|1000|16|Y|uuid-01|1||N|0|1|1.0

i1|4096|100|2|running|Y|node-1||plain||1|1|N


|128,1,1024,1,1,1|128,1,1024,1,1,1;1048576,64,10485760,16,8,12|plain,rbd|4.0|32.0
";

/// Two groups, of which nothing new goes to the second; a tag that keeps apart.
const GROUPS: &str = "left|u1|preferred||
right|u2|unallocable||

l1|100|0|100|0|0|4|M|u1|1|rack:a|N|0|0|1.0
l2|100|0|100|0|0|4|N|u1|1|rack:b|N|0|0|1.0
r1|100|0|60|0|0|4|N|u2|1||N|0|0|1.0
r2|100|0|60|0|0|4|N|u2|1||N|0|0|1.0

a|40|10|1|running|Y|r1||rbd|service:dns|1
b|40|10|1|running|Y|r2||rbd|service:dns,other|1

htools:iextags:service
htools:nlocation:rack

|1|1;2|rbd|4.0|32.0
left|1|1;2|rbd|2.5|32.0
";

fn file(text: &str) -> FleetFile {
    from_ganeti(text).expect("Ganeti's format")
}

fn loaded(text: &str) -> Loaded {
    Loaded::new(&file(text)).expect("a fleet")
}

fn told(text: &str) -> String {
    from_ganeti(text).expect_err("a mistake").to_string()
}

fn limit(loaded: &Loaded, machine: &str) -> Sizes {
    loaded
        .fleet
        .limit(loaded.machine(machine).expect("a machine"))
}

fn free(loaded: &Loaded, machine: &str) -> [i64; 3] {
    let number = loaded.machine(machine).expect("a machine");
    let (limit, used) = (loaded.fleet.limit(number), loaded.fleet.used(number));
    [0, 1, 2].map(|lane| limit[lane] - used[lane])
}

/// Where each goes when this machine is emptied, and what has no place.
fn drained(loaded: &mut Loaded, machine: &str) -> (Vec<String>, usize) {
    let number = loaded.machine(machine).expect("a machine");
    let plan = loaded.fleet.drain_plan(number, Limits::default());
    let to = plan
        .steps()
        .map(|step| loaded.machines[step.to.machine.index()].clone());
    (to.collect(), plan.left.len())
}

#[test]
fn nodes_and_instances_are_read() {
    let loaded = loaded(GANETI);
    // Of 64 vCPUs the node itself uses one.
    assert_eq!(limit(&loaded, "node-1")[..3], [64_512, 63, 1_000]);
    let machine = loaded.machine("node-1").expect("a machine");
    assert_eq!(loaded.fleet.used(machine)[..3], [4_096, 2, 100]);
    let failed = loaded.machine("node-2").expect("a machine");
    assert_eq!(loaded.fleet.state(failed), State::Failed);
}

#[test]
fn what_is_used_by_nobody_knows_whom_is_used() {
    // 10,416 of memory and 50 of disk are neither free nor an instance's.
    let text = GANETI.replace("|60416|1000|900|", "|50000|1000|850|");
    assert_eq!(free(&loaded(&text), "node-1"), [50_000, 61, 850]);
    // More is free than can be: no harm.
    let text = GANETI.replace("|60416|1000|900|", "|65536|1000|1000|");
    assert_eq!(free(&loaded(&text), "node-1"), [60_416, 61, 900]);
    // More is promised than is there.
    let text = GANETI.replace("|60416|", "|-9000|");
    assert_eq!(free(&loaded(&text), "node-1")[0], -4_096);
}

#[test]
fn what_is_down_takes_room_and_what_is_offline_only_its_disk() {
    let more = |status: &str| {
        let line = format!("i2|2048|30|2|{status}|Y|node-1||plain||1\n\n\n");
        // The node's memory is free; its disk isn't.
        let text = GANETI.replacen("\n\n\n|", &format!("\n{line}|"), 1);
        loaded(&text.replace("|1000|900|", "|1000|870|"))
    };
    assert_eq!(free(&more("ADMIN_down"), "node-1"), [58_368, 59, 870]);
    let offline = more("ADMIN_offline");
    assert_eq!(free(&offline, "node-1"), [60_416, 61, 870]);
    // What is put aside isn't bought again.
    let parts: Vec<_> = offline
        .plans
        .iter()
        .map(|plan| (plan.0.as_str(), plan.2))
        .collect();
    assert_eq!(parts, [("4096/2/100", 1), ("0/0/30", 0)]);
    for (status, restarts) in [
        ("running", true),
        ("ERROR_down", true),
        ("USER_down", false),
    ] {
        assert_eq!(
            file(&GANETI.replace("running", status)).vms[0].restarts,
            restarts
        );
    }
}

#[test]
fn a_plan_weighs_as_much_as_runs_of_it() {
    let more = "i2|4096|100|2|running|Y|node-1||plain||1\ni3|1|1|1|running|Y|node-1||rbd||1\n\n\n|";
    let loaded = loaded(&GANETI.replacen("\n\n\n|", &format!("\n{more}"), 1));
    let parts: Vec<_> = loaded
        .plans
        .iter()
        .map(|plan| (plan.0.as_str(), plan.2))
        .collect();
    assert_eq!(parts, [("4096/2/100", 2), ("1/1/0", 1)]);
}

#[test]
fn a_node_that_is_not_known_is_offline() {
    let text = GANETI.replace(
        "node-2|65536|1024|64512|1000|1000|16|Y",
        "node-2|?|?|?|?|?|?|N",
    );
    let loaded = loaded(&text);
    let silent = loaded.machine("node-2").expect("a machine");
    assert_eq!(loaded.fleet.state(silent), State::Failed);
    assert_eq!(limit(&loaded, "node-2")[..3], [0, 0, 0]);
}

#[test]
fn a_core_is_sold_as_often_as_its_groups_policy_says() {
    let loaded = loaded(GROUPS);
    assert_eq!((limit(&loaded, "l1")[1], limit(&loaded, "r1")[1]), (10, 16));
    let (without, _) = GROUPS.split_once("\n|1|").expect("policies");
    let without = Loaded::new(&file(without)).expect("a fleet");
    assert_eq!(limit(&without, "l1")[1], 16);
}

#[test]
fn instances_stay_in_their_group() {
    // There is room in the other group, and none in its own but beside the one it keeps apart from.
    let apart = GROUPS.replace("service:dns", "plain");
    let mut apart = loaded(&apart);
    assert_eq!(drained(&mut apart, "r1"), (vec!["r2".to_owned()], 0));
    let large = GROUPS
        .replace("service:dns", "plain")
        .replace("b|40|", "b|61|")
        .replace("r2|100|0|60", "r2|100|0|39");
    assert_eq!(drained(&mut loaded(&large), "r1"), (Vec::new(), 1));
}

#[test]
fn instances_with_an_exclusion_tag_are_not_put_together() {
    let mut loaded = loaded(GROUPS);
    assert_eq!(loaded.groups, ["service:dns"]);
    assert_eq!(drained(&mut loaded, "r1"), (Vec::new(), 1));
    assert!(
        loaded
            .fleet
            .consolidate_plan(Limits::default())
            .waves
            .is_empty()
    );
}

#[test]
fn nothing_new_goes_to_a_group_that_is_unallocable() {
    let mut loaded = loaded(GROUPS);
    let ask = loaded.plan("40/1/0").expect("a plan");
    // Two on each of the two nodes on the left.
    assert_eq!(loaded.fleet.more(&ask, 100), 4);
    let last = GROUPS.replace("unallocable", "last_resort");
    let mut last = Loaded::new(&file(&last)).expect("a fleet");
    // Room of last resort is room.
    assert_eq!(last.fleet.more(&ask, 100), 6);
}

#[test]
fn a_location_is_a_rack() {
    let racks: Vec<_> = file(GROUPS)
        .machines
        .into_iter()
        .map(|one| (one.site, one.rack))
        .collect();
    let expected = [
        ("left", "rack:a"),
        ("left", "rack:b"),
        ("right", ""),
        ("right", ""),
    ];
    assert_eq!(
        racks,
        expected.map(|(site, rack)| (site.to_owned(), rack.to_owned()))
    );
}

#[test]
fn what_can_not_be_read_is_told_with_its_line() {
    let cases = [
        (
            "||plain|",
            "|node-2|drbd|",
            "line 6: mirrored instances (drbd) can't be planned here.",
        ),
        (
            "||plain|",
            "||zfs|",
            "line 6: the disk template \"zfs\" isn't known.",
        ),
        (
            "|running|",
            "|asleep|",
            "line 6: the status \"asleep\" isn't known.",
        ),
        (
            "|Y|node-1|",
            "|Y|node-7|",
            "line 6: there is no node \"node-7\".",
        ),
        (
            "i1|4096|",
            "i1|4g|",
            "line 6: the memory \"4g\" is not a whole number.",
        ),
        ("i1|4096|", "i1|-1|", "line 6: the memory -1 is below zero."),
        (
            "|plain||1|1|N\n",
            "|plain\n",
            "line 6: an instance has 10 to 13 columns, and this has 9.",
        ),
        (
            "|16|M|",
            "|16|X|",
            "line 3: \"X\" is none of N, M (the master) and Y (offline).",
        ),
        (
            "|M|uuid-01|",
            "|M|uuid-02|",
            "line 3: there is no group with the id \"uuid-02\".",
        ),
        (
            "|preferred|",
            "|any|",
            "line 1: the allocation policy \"any\" is none of preferred, last_resort and unallocable.",
        ),
        (
            "|4.0|32.0",
            "|often|32.0",
            "line 9: the vCPU ratio \"often\" is not 0.1 to 1000.",
        ),
        (
            "|plain,rbd|4.0",
            "|4.0",
            "line 9: a policy has 6 columns, and this has 5.",
        ),
    ];
    for (part, instead, expected) in cases {
        let first = told(&GANETI.replacen(part, instead, 1));
        assert_eq!(first.lines().next(), Some(expected));
    }
}

#[test]
fn all_lines_that_can_not_be_read_are_told() {
    let text = GANETI
        .replace("65536", "much")
        .replace("||plain|", "||zfs|");
    let lines: Vec<String> = told(&text)
        .lines()
        .map(|line| line[..7].to_owned())
        .collect();
    assert_eq!(lines, ["line 3:", "line 4:", "line 6:"]);
}

#[test]
fn sections_that_are_missing_or_too_many_are_refused() {
    let parts: Vec<&str> = GANETI.split("\n\n").collect();
    assert!(told(&parts[..2].join("\n\n")).starts_with("the file: it has 2 of Ganeti's sections"));
    // Two empty lines where one should be: what follows isn't what it seems.
    let text = GANETI.replacen("\n\nnode", "\n\n\nnode", 1);
    assert!(
        told(&text).starts_with("line 10: a sixth section begins here"),
        "{}",
        told(&text)
    );
    let (groups, rest) = GANETI.split_once("\n\n").expect("sections");
    let (_, rest) = rest.split_once("\n\n").expect("sections");
    assert!(
        told(&format!("{groups}\n\n\n{rest}"))
            .starts_with("the file: its second section has no nodes")
    );
    for text in ["hello world", "", "[1]", "name,memory\nm1,8"] {
        assert!(told(text).starts_with("the file: it is neither JSON"));
    }
}

#[test]
fn names_are_checked_as_in_json() {
    let text = GANETI.replace("i1|", "i1\u{1b}[A|");
    let told = Loaded::new(&file(&text))
        .expect_err("a mistake")
        .to_string();
    assert_eq!(
        told,
        "virtual machine 1: a name has characters that can't be shown."
    );
    let twice = GANETI.replace("node-2", "node-1");
    let told = Loaded::new(&file(&twice))
        .expect_err("a mistake")
        .to_string();
    assert_eq!(told, "machine \"node-1\": there are two of this name.");
}
