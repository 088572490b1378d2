//! `berth fleet simulate`

use std::collections::BTreeMap;

use berth_placement::{
    Refusal, Rejected, Simulation,
    file::{Ends, Loaded, Trace},
};

use super::{picture, read};
use crate::{
    cli::{self, FleetSimulate},
    failure::{Exit, Failure},
    output,
};

/// So many lines are named of each kind of refusal.
const LINES: usize = 5;

pub(super) fn run(arguments: &FleetSimulate) -> Result<(), Failure> {
    if read::is_standard_input(&arguments.fleet.file) && read::is_standard_input(&arguments.trace) {
        let why = "Only one of the two, fleet or trace, can come from standard input.";
        return Err(Failure::new(Exit::Failed, why));
    }
    let mut loaded = read::fleet(&arguments.fleet)?;
    let text = read::text(&arguments.trace)?;
    let ends = match arguments.ends {
        cli::Ends::Unknown => Ends::Unknown,
        cli::Ends::Known => Ends::Known,
    };
    let trace = loaded.trace(&text, ends);
    let trace = trace.map_err(|error| read::wrong(&arguments.trace, &error.to_string()))?;
    let simulation = loaded.fleet.simulate(&trace.arrivals);
    for line in told(&loaded, &trace, &simulation) {
        output::line(line);
    }
    if let Some(file) = &arguments.svg {
        let picture = picture::svg(&simulation.samples);
        std::fs::write(file, picture).map_err(|error| {
            Failure::new(Exit::Unreachable, format!("{}: {error}", file.display()))
        })?;
    }
    Ok(())
}

fn told(loaded: &Loaded, trace: &Trace, simulation: &Simulation) -> Vec<String> {
    let refused = simulation.refused.len();
    let mut lines = vec![format!(
        "{} came, {refused} were refused",
        trace.arrivals.len()
    )];
    lines.extend(refusals(loaded, trace, &simulation.refused));
    // A bound of what was placed says nothing about what was not.
    let whom = match refused {
        0 => "",
        _ => " for what was placed",
    };
    let line = |name: &str, used: String, bound: String| {
        format!("machines {name}: {used} (no fewer than {bound} would do{whom})")
    };
    let (peak, bound) = (simulation.peak, simulation.peak_bound);
    lines.push(line("at most", peak.to_string(), bound.to_string()));
    let (mean, bound) = (simulation.mean, simulation.mean_bound);
    lines.push(line("on average", thousandths(mean), thousandths(bound)));
    lines
}

/// By plan and by what was in the way, with the first lines.
fn refusals(loaded: &Loaded, trace: &Trace, refused: &[Rejected]) -> Vec<String> {
    let mut found: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
    for one in refused {
        let plan = trace.plans[one.which];
        let lines = found.entry((plan, rule(loaded, one.by.as_ref())));
        lines.or_default().push(trace.lines[one.which]);
    }
    let told = found.into_iter().map(|((plan, rule), lines)| {
        let first: Vec<String> = lines.iter().take(LINES).map(ToString::to_string).collect();
        let more = if lines.len() > LINES { ", …" } else { "" };
        let (name, count) = (&loaded.plans[plan].0, lines.len());
        let word = if count == 1 { "line" } else { "lines" };
        format!(
            "  {name}: {count}, {rule} ({word} {}{more})",
            first.join(", ")
        )
    });
    told.collect()
}

/// Without amounts, which differ from one to the next.
fn rule(loaded: &Loaded, refusal: Option<&Refusal>) -> String {
    let name = |at: usize| loaded.fleet.dimensions()[at].clone();
    match refusal {
        Some(Refusal::Short { dimension, .. }) => format!("too little {}", name(*dimension)),
        Some(Refusal::Kept { dimension, .. }) => {
            format!(
                "too little {} beside what is kept for restarts",
                name(*dimension)
            )
        }
        Some(Refusal::Nodes { .. }) => "too few NUMA nodes with room".to_owned(),
        Some(refusal) => loaded.refusal_text(refusal),
        None => "no room".to_owned(),
    }
}

fn thousandths(amount: i64) -> String {
    format!("{}.{:03}", amount / 1_000, amount % 1_000)
}

#[cfg(test)]
mod tests {
    use berth_placement::file::FleetFile;

    use super::*;

    const FLEET: &str = r#"{
      "machines": [{ "name": "m1", "physical": { "memory": 8, "vcpus": 8 } },
                   { "name": "m2", "physical": { "memory": 8, "vcpus": 8 } }],
      "plans": [{ "name": "small", "sizes": { "memory": 4, "vcpus": 1 } },
                { "name": "wide", "sizes": { "memory": 1, "vcpus": 9 } }]
    }"#;

    fn simulated(trace: &str) -> Vec<String> {
        let file: FleetFile = serde_json::from_str(FLEET).expect("a fleet");
        let mut loaded = Loaded::new(&file).expect("a fleet");
        let trace = loaded.trace(trace, Ends::Unknown).expect("a trace");
        let simulation = loaded.fleet.simulate(&trace.arrivals);
        told(&loaded, &trace, &simulation)
    }

    #[test]
    fn what_was_refused_is_told_by_plan_and_reason_with_its_lines() {
        let told =
            simulated("0,,small\n1,,small\n2,,wide\n3,,small\n4,,small\n5,,small\n6,,small\n");
        let expected = [
            "7 came, 3 were refused",
            "  small: 2, too little memory (lines 6, 7)",
            "  wide: 1, too little vcpus (line 3)",
            "machines at most: 2 (no fewer than 2 would do for what was placed)",
            "machines on average: 1.500 (no fewer than 1.500 would do for what was placed)",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn where_nothing_was_refused_the_bound_is_of_all() {
        let told = simulated("0,2,small\n0,,small\n4,,small\n");
        let expected = [
            "3 came, 0 were refused",
            "machines at most: 1 (no fewer than 1 would do)",
            "machines on average: 1.000 (no fewer than 1.000 would do)",
        ];
        assert_eq!(told, expected);
    }
}
