//! How long one decision takes.

use std::time::Instant;

use berth_placement::*;

use crate::{fleets, line, percentile};

const DECISIONS: usize = 5_000;
/// How often the whole is done again. Each time the same decisions are made in the same order, with
/// everything that is remembered between them; of each decision the least time counts, so that what
/// else the machine does isn't counted and catching up with changes is.
const ROUNDS: usize = 5;

pub fn run() {
    for (machines, aim) in [(100, "2 µs"), (1_000, "10 µs"), (10_000, "100 µs")] {
        for part in [40, 85] {
            let mut big = fleets::big(machines, Some(Survive::MACHINE));
            big.fill(part);
            let mut times = vec![u128::MAX; DECISIONS];
            for _ in 0..ROUNDS {
                round(&mut big.clone(), &mut times);
            }
            times.sort_unstable();
            let micros = |thousandths| percentile(&times, thousandths) as f64 / 1_000.0;
            line(
                &format!("decision, {machines} machines {part} % full, p99"),
                &format!("{:.1} µs", micros(990)),
                &format!(
                    "aim {aim}; p50 {:.1} µs, p99.9 {:.1} µs",
                    micros(500),
                    micros(999)
                ),
            );
        }
    }
}

fn round(big: &mut fleets::Big, times: &mut [u128]) {
    let mut placed: Vec<VmNumber> = Vec::new();
    for least in times {
        let ask = big.ask();
        let start = Instant::now();
        let decision = big.fleet.place(&ask);
        *least = (*least).min(start.elapsed().as_nanos());
        placed.extend(decision.map(|placed| placed.vm));
        // As many go as come.
        if placed.len() > 50 {
            let at = big.dice.roll(placed.len());
            big.fleet.vm_remove(placed.swap_remove(at));
        }
    }
}

pub fn explain() {
    for part in [40, 95] {
        let mut big = fleets::big(10_000, Some(Survive::MACHINE));
        big.fill(part);
        let mut times = Vec::new();
        for _ in 0..200 {
            let ask = big.ask();
            let start = Instant::now();
            let explained = big.fleet.explain(&ask);
            times.push(start.elapsed().as_nanos());
            assert_eq!(explained.len(), 10_000);
        }
        times.sort_unstable();
        line(
            &format!("explain 10,000 machines {part} % full, p50"),
            &format!("{:.2} ms", percentile(&times, 500) as f64 / 1e6),
            &format!(
                "aim 2 ms; p99 {:.2} ms",
                percentile(&times, 990) as f64 / 1e6
            ),
        );
    }
}
