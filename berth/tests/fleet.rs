//! `berth fleet` as people and scripts use it: what the documentation shows, and exit codes.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

const DOCUMENT: &str = include_str!("../../docs/placement.md");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn berth(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_berth"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("the binary")
}

fn fleet(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = berth(&[&["fleet"], arguments].concat());
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A fleet in a file of its own.
fn written(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fleet.json");
    std::fs::write(&file, text).expect("a file");
    let name = file.to_str().expect("a name").to_owned();
    (folder, name)
}

/// Two machines that can't stand in for each other, of which one is full.
const FULL: &str = r#"{
  "machines": [{ "name": "m1", "physical": { "memory": 8 } }, { "name": "m2", "physical": { "memory": 2 } }],
  "plans": [{ "name": "p", "sizes": { "memory": 6 } }],
  "vms": [{ "name": "a", "plan": "p", "machine": "m1", "tenant": "t" }]
}"#;

#[test]
fn the_documentation_shows_what_commands_print() {
    let mut shown = 0;
    for block in DOCUMENT.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let (command, expected) = block.split_once('\n').expect("a command");
        let command = command.strip_prefix("$ berth ").expect("a command");
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let output = berth(&arguments);
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).expect("text");
        assert_eq!(printed, expected, "{command}");
        shown += 1;
    }
    assert!(shown >= 8, "every command has an example");
}

#[test]
fn what_would_be_lost_or_is_left_has_an_exit_code_of_its_own() {
    let (_folder, file) = written(FULL);
    let code = |arguments: &[&str]| fleet(arguments).0;
    assert_eq!(code(&["survive", &file]), Some(7));
    assert_eq!(code(&["plan", "drain", &file, "m1"]), Some(7));
    assert_eq!(code(&["plan", "recover", &file, "m1"]), Some(7));
    assert_eq!(code(&["place", &file, "p"]), Some(7));
    assert_eq!(code(&["plan", "drain", &file, "m2"]), Some(0));
    assert_eq!(code(&["explain", &file, "p"]), Some(0));
    assert_eq!(code(&["survive", "/nowhere"]), Some(3));
    assert_eq!(code(&["explain", &file, "none"]), Some(1));
    assert_eq!(code(&["survive", &file, "--domain", "moon"]), Some(2));
}

#[test]
fn nothing_is_moved_off_a_machine_that_has_failed() {
    let failed = FULL.replace(r#""name": "m1","#, r#""name": "m1", "state": "failed","#);
    let (_folder, file) = written(&failed);
    let (code, _, told) = fleet(&["plan", "drain", &file, "m1"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        told,
        "berth: m1 has failed: nothing can be moved off it. Ask for `berth fleet plan recover`.\n"
    );
}

#[test]
fn what_lacks_a_place_already_is_warned_of() {
    let wanted = FULL.replacen('{', r#"{ "survive": { "domain": "machine" },"#, 1);
    let (_folder, file) = written(&wanted);
    for command in [
        &["explain", &file, "p"][..],
        &["forecast", &file],
        &["survive", &file],
        &["plan", "consolidate", &file],
    ] {
        let (_, _, told) = fleet(command);
        let warning = "berth: warning: 1 virtual machine has no place after a failure now: a\n";
        assert!(told.starts_with(warning), "{command:?}: {told}");
    }
}

#[test]
fn every_answer_can_be_read_by_a_program() {
    let file = "docs/fleet-example.json";
    let (_folder, trace) = written("0,5,small\n1,,large\n");
    for command in [
        &["explain", file, "small"][..],
        &["forecast", file],
        &["place", file, "small"],
        &["survive", file],
        &["plan", "drain", file, "m3"],
        &["plan", "recover", file, "m3"],
        &["plan", "rebalance", file],
        &["plan", "consolidate", file],
        &["simulate", file, &trace],
    ] {
        let (_, told, _) = fleet(&[command, &["--json"]].concat());
        let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert!(json.is_object(), "{command:?}");
    }
}

/// Two sites, of which one is empty.
const SITES: &str = r#"{
  "machines": [
    { "name": "m1", "site": "fsn", "physical": { "memory": 32, "vcpus": 8 } },
    { "name": "m2", "site": "fsn", "physical": { "memory": 32, "vcpus": 8 } },
    { "name": "m3", "site": "nbg", "physical": { "memory": 32, "vcpus": 8 } }
  ],
  "plans": [{ "name": "p", "sizes": { "memory": 4, "vcpus": 1 } }],
  "vms": [
    { "name": "a", "plan": "p", "machine": "m1", "tenant": "t" },
    { "name": "b", "plan": "p", "machine": "m1", "tenant": "t" },
    { "name": "c", "plan": "p", "machine": "m1", "tenant": "t" }
  ]
}"#;

#[test]
fn memory_and_sites_limit_what_is_moved() {
    let (_folder, file) = written(SITES);
    let moved = |arguments: &[&str]| {
        let command = [&["plan", "rebalance", &file, "--json"], arguments].concat();
        let (_, told, _) = fleet(&command);
        let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        let waves = json["waves"].as_array().expect("waves");
        let steps = waves
            .iter()
            .flat_map(|wave| wave.as_array().expect("steps"));
        let to = steps.map(|step| step["to"].as_str().expect("a name").to_owned());
        let mut to: Vec<String> = to.collect();
        to.sort();
        (json["memory"].as_i64().expect("an amount"), to)
    };
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    assert_eq!(moved(&[]), (4, names(&["m2"])));
    assert_eq!(moved(&["--across-sites"]), (8, names(&["m2", "m3"])));
    assert_eq!(moved(&["--across-sites", "--memory", "7"]).0, 4);
    assert_eq!(moved(&["--even", "count=1"]), (4, names(&["m2"])));
}
