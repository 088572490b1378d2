//! What a trace of arrivals came to.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Report, reason::rule, words};
use crate::{
    Refusal, Rejected, Simulation,
    file::{Loaded, Trace},
};

/// So many lines are named of each kind of refusal.
const LINES: usize = 5;

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulateReport {
    /// How many came.
    pub came: usize,
    /// How many were refused.
    pub refused: usize,
    /// Those by plan and by what was in the way.
    pub refusals: Vec<RefusalTold>,
    /// Machines in use at most.
    pub peak: usize,
    /// No fewer would do for what was placed.
    pub peak_bound: usize,
    /// Machines in use on average over time, in thousandths.
    pub mean: i64,
    /// No fewer would do for what was placed, in thousandths.
    pub mean_bound: i64,
}

/// What was refused of one plan for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusalTold {
    /// The plan.
    pub plan: String,
    /// How many.
    pub count: usize,
    /// The rule (see `ReasonTold`); none if nothing is known but that there was no room.
    pub rule: Option<&'static str>,
    /// The rule in words.
    pub text: String,
    /// The first lines of the trace that it was.
    pub lines: Vec<usize>,
}

impl SimulateReport {
    /// Of a simulation of this trace.
    #[must_use]
    pub fn new(loaded: &Loaded, trace: &Trace, simulation: &Simulation) -> Self {
        Self {
            came: trace.arrivals.len(),
            refused: simulation.refused.len(),
            refusals: refusals(loaded, trace, &simulation.refused),
            peak: simulation.peak,
            peak_bound: simulation.peak_bound,
            mean: simulation.mean,
            mean_bound: simulation.mean_bound,
        }
    }
}

fn refusals(loaded: &Loaded, trace: &Trace, refused: &[Rejected]) -> Vec<RefusalTold> {
    let mut found: BTreeMap<(usize, String), RefusalTold> = BTreeMap::new();
    for one in refused {
        let plan = trace.plans[one.which];
        let text = without_amount(loaded, one.by.as_ref());
        let told = found
            .entry((plan, text.clone()))
            .or_insert_with(|| RefusalTold {
                plan: loaded.plans[plan].0.clone(),
                count: 0,
                rule: one.by.as_ref().map(rule),
                text,
                lines: Vec::new(),
            });
        told.count += 1;
        if told.lines.len() < LINES {
            told.lines.push(trace.lines[one.which]);
        }
    }
    found.into_values().collect()
}

/// Amounts differ from one to the next.
fn without_amount(loaded: &Loaded, refusal: Option<&Refusal>) -> String {
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

impl RefusalTold {
    fn line(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(ToString::to_string).collect();
        let more = if self.count > LINES { ", …" } else { "" };
        let word = words::verb(self.count, "line", "lines");
        let (plan, count, text) = (&self.plan, self.count, &self.text);
        format!(
            "  {plan}: {count}, {text} ({word} {}{more})",
            lines.join(", ")
        )
    }
}

impl Report for SimulateReport {
    fn lines(&self) -> Vec<String> {
        let refused = self.refused;
        let mut lines = vec![format!("{} came, {refused} were refused", self.came)];
        lines.extend(self.refusals.iter().map(RefusalTold::line));
        // A bound of what was placed says nothing about what was not.
        let whom = match refused {
            0 => "",
            _ => " for what was placed",
        };
        let line = |name: &str, used: String, bound: String| {
            format!("machines {name}: {used} (no fewer than {bound} would do{whom})")
        };
        let (peak, bound) = (self.peak, self.peak_bound);
        lines.push(line("at most", peak.to_string(), bound.to_string()));
        let (mean, bound) = (self.mean, self.mean_bound);
        lines.push(line("on average", thousandths(mean), thousandths(bound)));
        lines
    }
}

fn thousandths(amount: i64) -> String {
    format!("{}.{:03}", amount / 1_000, amount % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::{Ends, FleetFile};

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
        SimulateReport::new(&loaded, &trace, &simulation).lines()
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
