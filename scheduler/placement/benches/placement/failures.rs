//! What failures cost to think of.

use std::time::Instant;

use berth_placement::*;

use crate::{fleets, line};

pub fn survival() {
    survives("with room kept", Some(Survive::RACK));
    // Racks are lost then, and before that is said room is looked for.
    survives("nearly full", None);
}

fn survives(what: &str, survive: Option<Survive>) {
    let mut big = fleets::big(1_000, survive);
    let most = if survive.is_some() { 20_000 } else { 38_000 };
    let mut count = 0;
    let mut refused = 0;
    while count < most && refused < 2_000 {
        let ask = big.ask();
        match big.fleet.place(&ask) {
            Ok(_) => count += 1,
            Err(_) => refused += 1,
        }
    }
    let start = Instant::now();
    let machines = big.fleet.survives(Domain::Machine);
    let racks = big.fleet.survives(Domain::Rack);
    let time = start.elapsed();
    let all = || machines.iter().chain(&racks);
    let whole = all().filter(|one| one.is_whole()).count();
    let lost: usize = all().map(|one| one.lost.len()).sum();
    line(
        &format!("survival, {what}, 1,000 machines, {count} VMs"),
        &format!("{:.0} ms", time.as_secs_f64() * 1e3),
        &format!(
            "aim 1 s; {whole} of {} failures of a machine or a rack lose nothing, the others {lost}",
            machines.len() + racks.len()
        ),
    );
}

pub fn memory() {
    let before = resident();
    let mut big = fleets::big(10_000, Some(Survive::MACHINE));
    let mut count = 0;
    let start = Instant::now();
    for _ in 0..120_000 {
        if count == 100_000 {
            break;
        }
        let ask = big.ask();
        count += usize::from(big.fleet.place(&ask).is_ok());
    }
    let time = start.elapsed();
    line(
        &format!("memory, 10,000 machines, {count} VMs"),
        &format!("{} MB", (resident() - before) / 1_000_000),
        &format!("aim 100 MB; filled in {:.2} s", time.as_secs_f64()),
    );
}

fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = text
        .split(' ')
        .nth(1)
        .expect("a column")
        .parse()
        .expect("pages");
    pages * 4_096
}
