//! `make bench-placement`: what the engine reaches, beside peers that do the same work in the same
//! run. `ROW=name` runs one row. Figures are from one core; other work on the machine spoils them.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::allow_attributes,
    missing_docs,
    reason = "a bench prints, measures time and may stop"
)]

mod capacity;
mod consolidate;
mod data;
mod decision;
mod failures;
mod fleets;
mod hail;
mod learned;
mod online;
mod packing;
mod peers;
mod plain;
mod rebalance;
mod topology;

const ROWS: &[(&str, fn())] = &[
    ("decision", decision::run),
    ("explain", decision::explain),
    ("memory", failures::memory),
    ("survival", failures::survival),
    ("online", online::run),
    ("ends", online::ends),
    ("restarts", online::restarts),
    ("topology", topology::run),
    ("reference", topology::reference),
    ("packing", packing::run),
    ("capacity", capacity::run),
    ("hail", hail::run),
    ("rebalance", rebalance::run),
    ("consolidate", consolidate::run),
];

fn main() {
    let wanted = std::env::var("ROW").ok();
    println!("{:<44} {:>22}   aim, peers", "row", "reached");
    for (name, row) in ROWS {
        if wanted.as_deref().is_none_or(|wanted| wanted == *name) {
            row();
        }
    }
}

/// One line of the table.
pub fn line(row: &str, reached: &str, beside: &str) {
    println!("{row:<44} {reached:>22}   {beside}");
}

/// A part of many, by rank.
pub fn percentile(sorted: &[u128], thousandths: usize) -> u128 {
    sorted[(sorted.len() - 1) * thousandths / 1_000]
}
