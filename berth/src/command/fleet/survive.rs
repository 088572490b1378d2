//! `berth fleet survive`

use std::collections::BTreeMap;

use berth_placement::Domain;

use super::read;
use crate::{
    cli::{self, FleetSurvive},
    failure::{Exit, Failure},
    output,
};

pub(super) fn run(arguments: &FleetSurvive) -> Result<(), Failure> {
    let mut loaded = read::fleet(&arguments.fleet)?;
    let domain = match arguments.domain {
        cli::Domain::Machine => Domain::Machine,
        cli::Domain::Rack => Domain::Rack,
        cli::Domain::Site => Domain::Site,
    };
    let survivals = loaded.fleet.survives(domain);
    let mut lost: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for survival in &survivals {
        let machines: Vec<&str> = survival
            .machines
            .iter()
            .map(|one| loaded.machines[one.index()].as_str())
            .collect();
        let machines = machines.join(", ");
        output::line(format!(
            "{machines}: {} to restart, {} in a place kept for it, {} elsewhere, {} lost",
            survival.restarts,
            survival.kept,
            survival.found,
            survival.lost.len()
        ));
        if !survival.is_whole() {
            let names = survival
                .lost
                .iter()
                .map(|one| loaded.vm_name(one.vm))
                .collect();
            lost.insert(machines, names);
        }
    }
    if lost.is_empty() {
        return Ok(());
    }
    let lines = lost
        .iter()
        .map(|(machines, vms)| format!("{machines}: lost {}", vms.join(", ")));
    Err(Failure::new(
        Exit::Failed,
        lines.collect::<Vec<_>>().join("\n"),
    ))
}
