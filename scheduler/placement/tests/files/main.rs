//! Fleets from files, and explanations for people.

use berth_placement::{
    Ask, Explained, Relaxation,
    file::{FileError, FleetFile, Loaded, from_ganeti},
};

const FLEET: &str = r#"{
  "survive": { "domain": "machine" },
  "machines": [
    { "name": "m1", "rack": "r1", "physical": { "memory": 64, "vcpus": 16, "disk:ssd": 500 },
      "overcommit": { "vcpus": 3000 }, "reserve": { "memory": 4 }, "labels": ["fast"] },
    { "name": "m2", "rack": "r1", "physical": { "memory": 64, "vcpus": 16, "disk:ssd": 500 } },
    { "name": "m3", "rack": "r2", "physical": { "memory": 16, "vcpus": 16, "disk:ssd": 500 } },
    { "name": "m4", "rack": "r2", "physical": { "memory": 64, "vcpus": 16 }, "state": "draining" }
  ],
  "plans": [
    { "name": "small", "sizes": { "memory": 4, "vcpus": 2, "disk:ssd": 40 } },
    { "name": "fast", "sizes": { "memory": 4, "vcpus": 2 }, "labels": ["fast"] },
    { "name": "large", "sizes": { "memory": 32, "vcpus": 4, "disk:ssd": 100 } }
  ],
  "groups": [{ "name": "pair", "relation": "apart", "domain": "machine" }],
  "vms": [
    { "name": "a", "plan": "small", "machine": "m1", "tenant": "t", "groups": ["pair"] },
    { "name": "b", "plan": "small", "machine": "m2", "tenant": "t", "groups": ["pair"] }
  ]
}"#;

fn loaded(text: &str) -> Result<Loaded, FileError> {
    let file: FleetFile = serde_json::from_str(text).expect("a fleet");
    Loaded::new(&file)
}

/// What is told of each machine.
fn told(loaded: &mut Loaded, ask: &Ask) -> Vec<String> {
    let explained = loaded.fleet.explain(ask);
    let text = |one: &Explained| match one {
        Explained::Fits { .. } => "fits".to_owned(),
        Explained::Refused(refusal) => loaded.refusal_text(refusal),
    };
    explained.iter().map(text).collect()
}

#[test]
fn a_file_is_a_fleet_that_keeps_room_for_restarts() {
    let mut loaded = loaded(FLEET).expect("a fleet");
    assert_eq!(loaded.fleet.unprotected().count(), 0);
    let large = loaded.plan("large").expect("a plan");
    let expected = ["fits", "fits", "16 of memory short", "draining"];
    assert_eq!(told(&mut loaded, &large), expected);
    let fast = loaded.plan("fast").expect("a plan");
    assert_eq!(
        told(&mut loaded, &fast),
        [
            "no place to restart it if this machine failed",
            "without the label fast",
            "without the label fast",
            "draining"
        ]
    );
}

#[test]
fn what_would_help_is_told() {
    let mut loaded = loaded(FLEET).expect("a fleet");
    let large = loaded.plan("large").expect("a plan");
    let relaxations = loaded.fleet.relax(&large);
    let text = |one: &Relaxation| loaded.relaxation_text(one);
    let told: Vec<String> = relaxations.iter().map(text).collect();
    assert_eq!(told, ["1 more machine would fit with 20 less of memory"]);
}

#[test]
fn a_name_that_is_not_there_is_told() {
    let text = FLEET.replace("\"machine\": \"m2\"", "\"machine\": \"m9\"");
    let error = loaded(&text).expect_err("no m9");
    assert_eq!(error.to_string(), "There is no machine \"m9\".");
    let text = FLEET.replace("\"name\": \"m2\"", "\"name\": \"m1\"");
    let error = loaded(&text).expect_err("two of m1");
    assert_eq!(error.to_string(), "There are two machines \"m1\".");
}

const GANETI: &str = "group-01|uuid-01|preferred||

node-1|65536|1024|60416|1000|900|16|M|uuid-01|1||N|0|1|1.0
node-2|65536|1024|64512|1000|1000|16|Y|uuid-01|1||N|0|1|1.0

i1|4096|100|2|running|Y|node-1||plain||1|1|N


|128,1,1024,1,1,1|128,1,1024,1,1,1;1048576,64,10485760,16,8,12|plain,rbd|4.0|32.0
";

#[test]
fn ganetis_format_is_read() {
    let file = from_ganeti(GANETI).expect("Ganeti's format");
    let loaded = Loaded::new(&file).expect("a fleet");
    let machine = loaded.machine("node-1").expect("a machine");
    assert_eq!(loaded.fleet.limit(machine)[..3], [64_512, 64, 1_000]);
    assert_eq!(loaded.fleet.used(machine)[..3], [4_096, 2, 100]);
    let failed = loaded.machine("node-2").expect("a machine");
    assert_eq!(loaded.fleet.state(failed), berth_placement::State::Failed);
}

#[test]
fn mirrored_instances_are_refused_with_their_line() {
    let text = GANETI.replace("||plain|", "|node-2|drbd|");
    let error = from_ganeti(&text).expect_err("mirrored");
    let expected = "Line 6: mirrored instances (drbd) can't be planned here.";
    assert_eq!(error.to_string(), expected);
}
