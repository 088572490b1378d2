//! How long one decision takes.

use std::time::Instant;

use berth_placement::*;

use crate::{fleets, line, percentile};

const DECISIONS: usize = 5_000;

pub fn run() {
    for (machines, aim) in [(100, "2 µs"), (1_000, "10 µs"), (10_000, "100 µs")] {
        for part in [40, 85] {
            let mut big = fleets::big(machines, Some(Survive::MACHINE));
            big.fill(part);
            let mut times = Vec::with_capacity(DECISIONS);
            let mut placed: Vec<VmNumber> = Vec::new();
            for _ in 0..DECISIONS {
                let ask = big.ask();
                times.push(least(&mut big.fleet, &ask));
                let decision = big.fleet.place(&ask);
                placed.extend(decision.map(|placed| placed.vm));
                // As many go as come.
                if placed.len() > 50 {
                    let at = big.dice.roll(placed.len());
                    big.fleet.vm_remove(placed.swap_remove(at));
                }
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

/// The least of a few times of the same decision, taken back each time: what else the machine does
/// in between isn't counted.
fn least(fleet: &mut Fleet, ask: &Ask) -> u128 {
    let time = |_| {
        let mark = fleet.mark();
        let start = Instant::now();
        let _ = fleet.place(ask);
        let time = start.elapsed().as_nanos();
        fleet.back(mark);
        time
    };
    (0..3).map(time).min().unwrap_or(0)
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
