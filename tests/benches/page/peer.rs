//! `pgbench`, PostgreSQL's own load generator.

use std::{path::Path, process::Command};

use berth_tests::World;

use super::{CONNECTIONS, SECONDS, number_after, printed};

/// Requests' worth of SQL per second.
pub fn rate(world: &World, script: &Path) -> f64 {
    let mut pgbench = Command::new(std::env::var("BERTH_BENCH_PGBENCH").unwrap());
    pgbench
        .args(["--no-vacuum", "--client", CONNECTIONS, "--jobs", "1"])
        .args(["--time", SECONDS, "--define", "fresh=1", "--file"])
        .arg(script)
        .arg(world.app_url());
    number_after(&printed(&mut pgbench), "tps =")
}
