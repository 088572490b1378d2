//! Arrivals and departures of two traces of Azure, against what the sums of demand would need.

use std::{collections::BTreeMap, time::Instant};

use berth_placement::*;

use crate::{
    data, learned, line,
    peers::{self, Fit},
};

type Trace = Vec<data::Request>;

/// A trace, its name, and the machines' cores and memory in the trace's units.
fn traces() -> Vec<(&'static str, Trace, [i64; 2], &'static str)> {
    let mut traces = Vec::new();
    if let Some(trace) = data::azure_v1() {
        let aim = "aim +1.00 % / +8.50 %; ";
        traces.push(("azure-v1 64/256", trace.clone(), [256, 1_024], aim));
        traces.push(("azure-v1 40/128", trace, [160, 512], ""));
    }
    for name in ["batched_0", "batched_1"] {
        if let Some(trace) = data::azure_2020(&format!("{name}.csv.gz")) {
            traces.push((name, trace, [6_400, 3_072], ""));
        }
    }
    traces
}

pub fn run() {
    for (name, trace, machine, aim) in traces() {
        let start = Instant::now();
        let simulation = simulate(&trace, machine, Policy::default(), None);
        let micros = start.elapsed().as_secs_f64() * 1e6 / trace.len() as f64;
        line(
            &format!("online, {name}: peak / mean over bound"),
            &over(&simulation),
            &format!(
                "{aim}first fit {}, best fit {} in the same replay; {micros:.1} µs for each VM",
                peers::over(&trace, machine, Fit::First),
                peers::over(&trace, machine, Fit::Best),
            ),
        );
    }
}

/// The same with ends that are expected: those that come true, and those that are learned from what has
/// ended before.
pub fn ends() {
    for (name, trace, machine, _) in traces() {
        let last = trace.last().map_or(0, |request| request.at);
        let known: Vec<i64> = trace
            .iter()
            .map(|request| request.until.unwrap_or(last + 30 * 86_400))
            .collect();
        for (how, until) in [("known", known), ("learned", learned::ends(&trace))] {
            let simulation = simulate(&trace, machine, Policy::default(), Some(&until));
            line(
                &format!("ends {how}, {name}: peak / mean"),
                &over(&simulation),
                "aim on azure-v1 64/256 +7.00 %; clairvoyant +6.19",
            );
        }
    }
}

/// The same with room for the failure of any machine, kept at every step.
pub fn restarts() {
    for (name, trace, machine, _) in traces() {
        let without = simulate(&trace, machine, Policy::default(), None);
        let survive = Some(Survive::MACHINE);
        let with = simulate(
            &trace,
            machine,
            Policy {
                survive,
                ..Policy::default()
            },
            None,
        );
        // The machine that is spare counts, though nothing runs on it.
        let more = with.peak as i64 + 1 - without.peak as i64;
        line(
            &format!("with N+1, {name}: machines more"),
            &format!("{more}"),
            &format!(
                "aim 2, the spare one with it; peak {} without",
                without.peak
            ),
        );
    }
}

fn over(simulation: &Simulation) -> String {
    let percent = |reached: i64, bound: i64| (reached as f64 / bound as f64 - 1.0) * 100.0;
    let peak = percent(simulation.peak as i64, simulation.peak_bound as i64);
    format!(
        "{peak:+.2} % / {:+.2} %",
        percent(simulation.mean, simulation.mean_bound)
    )
}

fn simulate(trace: &Trace, machine: [i64; 2], policy: Policy, until: Option<&[i64]>) -> Simulation {
    let mut fleet = Fleet::new(policy);
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    let mut physical = [0; DIMENSIONS];
    (physical[1], physical[0]) = (machine[0], machine[1]);
    for _ in 0..2_000 {
        fleet
            .machine_add(&MachineSpec::plain(rack, physical))
            .expect("no nodes");
    }
    let mut needs: BTreeMap<(i64, i64), NeedNumber> = BTreeMap::new();
    let mut arrivals = Vec::new();
    for (position, request) in trace.iter().enumerate() {
        let need = *needs
            .entry((request.cores, request.memory))
            .or_insert_with(|| {
                let mut sizes = [0; DIMENSIONS];
                (sizes[1], sizes[0]) = (request.cores, request.memory);
                fleet
                    .need(Need {
                        sizes,
                        ..Need::default()
                    })
                    .expect("no nodes")
            });
        let mut ask = Ask::plain(need, TenantNumber(request.tenant));
        ask.until = until.map(|until| until[position]);
        arrivals.push(Arrival {
            at: request.at,
            until: request.until,
            ask,
        });
    }
    let simulation = fleet.simulate(&arrivals);
    assert_eq!(simulation.refused, [], "there are machines enough");
    simulation
}
