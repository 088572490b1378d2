//! What `berth fleet` tells, as lines and as JSON.

mod answers;
mod plans;

use berth_placement::{
    file::{FleetFile, Loaded},
    report::Report,
};

/// The fleet of the documentation.
const EXAMPLE: &str = include_str!("../../../../docs/fleet-example.json");

fn loaded(text: &str) -> Loaded {
    let file: FleetFile = serde_json::from_str(text).expect("a fleet");
    Loaded::new(&file).expect("a fleet")
}

/// Machines in one rack of one site, by name and memory; each has 100 vCPUs.
fn fleet(machines: &[(&str, i64)], rest: &str) -> Loaded {
    let machine = |(name, memory): &(&str, i64)| {
        format!(r#"{{"name": "{name}", "physical": {{"memory": {memory}, "vcpus": 100}}}}"#)
    };
    let machines: Vec<String> = machines.iter().map(machine).collect();
    loaded(&format!(
        r#"{{"machines": [{}], {rest}}}"#,
        machines.join(", ")
    ))
}

fn text(report: &impl Report) -> String {
    report.lines().join("\n")
}

/// One virtual machine in a file.
fn vm(name: &str, plan: &str, machine: &str) -> String {
    format!(r#"{{"name": "{name}", "plan": "{plan}", "machine": "{machine}", "tenant": "{name}"}}"#)
}
