//! Freeing machines after most of what ran has gone.

use std::time::Instant;

use berth_placement::*;

use crate::{fleets, line};

/// How much of what was placed stays, in hundredths.
const STAYS: usize = 60;

pub fn run() {
    row("all rules", fleets::big(100, Some(Survive::MACHINE)));
    row("odd sizes", fleets::odd(100));
}

fn row(name: &str, mut big: fleets::Big) {
    big.fill(90);
    let vms: Vec<VmNumber> = big.fleet.vms().collect();
    for vm in vms {
        if big.dice.roll(100) >= STAYS {
            big.fleet.vm_remove(vm);
        }
    }
    // Both of the fleet's sites are one to this question, as they were when it was first measured.
    let limits = Limits {
        across_sites: true,
        ..Limits::default()
    };
    let start = Instant::now();
    let plan = big.fleet.consolidate_plan(limits);
    let time = start.elapsed().as_secs_f64();
    line(
        &format!("consolidate, 100 machines, {name}: used"),
        &format!("{} of {}", plan.after, plan.before),
        &format!(
            "bound by sums {}; {} moves in {} waves, {:.0} ms",
            plan.bound,
            plan.moves(),
            plan.waves.len(),
            time * 1e3
        ),
    );
}
