//! The example in `docs/placement.md` is a fleet, and gets the answers that are told there.

use berth_placement::{
    Ask,
    file::{Ends, Loaded},
    growth,
};

use super::loaded;

fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/placement.md");
    std::fs::read_to_string(path).expect("the document")
}

/// The first block of this language after a heading.
fn block(document: &str, heading: &str, language: &str) -> String {
    let (_, after) = document.split_once(heading).expect("a heading");
    let (_, after) = after
        .split_once(&format!("```{language}\n"))
        .expect("a block");
    after.split_once("```").expect("its end").0.to_owned()
}

fn example() -> Loaded {
    loaded(&block(&document(), "### An example", "json")).expect("a fleet")
}

/// That the document tells this of a command.
fn check(command: &str, answers: &[String]) {
    let document = document();
    let (_, after) = document.split_once(command).expect("the command");
    let told = after.split("\n\n").next().unwrap_or("");
    for answer in answers {
        assert!(told.contains(answer.as_str()), "{answer} isn't in {told}");
    }
}

#[test]
fn the_forecast_of_the_example_is_as_told() {
    let mut loaded = example();
    let plans = loaded.plans.clone();
    let mix: Vec<(Ask, u32)> = plans
        .iter()
        .map(|(_, ask, weight)| (*ask, *weight))
        .collect();
    let mut answers = Vec::new();
    for (name, ask, _) in &plans {
        answers.push(format!("{name}: {} more", loaded.fleet.more(ask, 1_000)));
    }
    let more = loaded.fleet.more_of_mix(&mix, 1_000).count;
    answers.push(format!("of the mix: {more} more"));
    let ends = growth(&loaded.history, i64::try_from(more).expect("few")).expect("a growth");
    answers.push(format!("in {} periods", ends.expected.expect("an end")));
    let types = vec![loaded.types[0].1.clone()];
    let advice = loaded.fleet.advice(&types, &mix, 1_000).expect("no nodes");
    answers.push(format!(
        "one more new: {} more of the mix",
        advice[0].gained
    ));
    assert!(more > 0 && advice[0].gained > 0);
    check("berth fleet forecast fleet.json", &answers);
}

#[test]
fn the_trace_of_the_example_goes_as_told() {
    let mut loaded = example();
    let text = block(&document(), "### A trace", "csv");
    let trace = loaded.trace(&text, Ends::Unknown).expect("a trace");
    let simulation = loaded.fleet.simulate(&trace.arrivals);
    let (came, refused) = (trace.arrivals.len(), simulation.refused.len());
    let (peak, bound) = (simulation.peak, simulation.peak_bound);
    let answers = [
        format!("{came} came, {refused} were refused"),
        format!("machines at most: {peak} (no fewer than {bound} would do)"),
    ];
    check("berth fleet simulate fleet.json", &answers);
}

#[test]
fn everything_in_the_example_is_kept_safe() {
    let mut loaded = example();
    assert_eq!(loaded.fleet.unprotected().count(), 0);
    assert_eq!(loaded.pending.len(), 1);
    let waiting = loaded.pending[0].1;
    assert!(loaded.fleet.preview(&waiting).is_ok());
}

/// Every field has a line in a table.
#[test]
fn all_fields_are_told() {
    let document = document();
    let file: berth_placement::file::FleetFile = serde_json::from_str(
        r#"{ "machines": [{ "name": "m", "physical": {}, "nodes": [{ "memory": 0, "vcpus": 0 }] }],
        "plans": [{ "name": "p", "sizes": {} }],
        "groups": [{ "name": "g", "relation": "apart", "domain": "rack" }],
        "vms": [{ "name": "v", "plan": "p" }], "survive": { "domain": "rack" } }"#,
    )
    .expect("a file");
    let value = serde_json::to_value(&file).expect("a value");
    let mut values = vec![&value];
    while let Some(value) = values.pop() {
        match value {
            serde_json::Value::Array(all) => values.extend(all),
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    assert!(document.contains(&format!("`{name}`")), "{name} isn't told");
                    values.push(value);
                }
            }
            _ => {}
        }
    }
}
