//! Fleets from files, and explanations for people.

mod arbitrary;
mod documented;
mod fields;
mod ganeti;
mod large;
mod mistakes;
mod traces;

use berth_placement::{
    Ask, Explained, Relaxation,
    file::{FileError, FleetFile, Loaded},
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
    let expected = "virtual machine \"b\": there is no machine \"m9\".";
    assert_eq!(error.to_string(), expected);
    let text = FLEET.replace("\"name\": \"m2\"", "\"name\": \"m1\"");
    let error = loaded(&text).expect_err("two of m1");
    let expected = "machine \"m1\": there are two of this name.";
    assert_eq!(error.to_string().lines().next(), Some(expected));
}
