//! Machines, and those that could be bought.

use super::{Check, Checked, amount_fits, texts};
use crate::{file::MachineFile, fleet::NODES};

/// Fewer thousandths than a tenth are meant as a factor.
const LEAST_OVERCOMMIT: i64 = 100;
/// A thousand times.
const MOST_OVERCOMMIT: i64 = 1_000_000;

impl Check<'_> {
    pub(super) fn machine_type(&self, machine: &MachineFile) -> Checked {
        if self.machines.contains_key(machine.name.as_str()) {
            return Err("a machine has this name".to_owned());
        }
        self.machine(machine)
    }

    pub(super) fn machine(&self, machine: &MachineFile) -> Checked {
        texts([&machine.site, &machine.rack, &machine.cpu_family])?;
        texts(machine.physical.keys())?;
        texts(
            machine
                .labels
                .iter()
                .chain(&machine.taints)
                .chain(&machine.images),
        )?;
        self.amounts("physical", &machine.physical)?;
        for (name, parts) in &machine.overcommit {
            self.dimension(name)?;
            if !(LEAST_OVERCOMMIT..=MOST_OVERCOMMIT).contains(parts) {
                return Err(format!(
                    "overcommit of {name} is in thousandths, {LEAST_OVERCOMMIT} to {MOST_OVERCOMMIT}: \
                     1000 sells what is built in, 3000 three times as much; {parts} is neither"
                ));
            }
        }
        self.amounts("reserve", &machine.reserve)?;
        for (name, kept) in &machine.reserve {
            let most = before_reserve(machine, name);
            if i128::from(*kept) > most {
                return Err(format!(
                    "reserve of {name}: {kept} is more than the {most} that could be sold"
                ));
            }
        }
        nodes(machine)
    }
}

/// Nodes are parts of the machine.
fn nodes(machine: &MachineFile) -> Checked {
    if machine.nodes.len() > NODES {
        return Err(format!("it can have at most {NODES} NUMA nodes"));
    }
    for node in &machine.nodes {
        amount_fits("memory of a NUMA node", node.memory)?;
        amount_fits("vcpus of a NUMA node", node.vcpus)?;
    }
    let memory: i128 = machine
        .nodes
        .iter()
        .map(|node| i128::from(node.memory))
        .sum();
    let vcpus: i128 = machine
        .nodes
        .iter()
        .map(|node| i128::from(node.vcpus))
        .sum();
    for (name, sum) in [("memory", memory), ("vcpus", vcpus)] {
        let most = sellable(machine, name);
        if sum > most {
            return Err(format!(
                "its NUMA nodes have {sum} of {name}, and {most} of it can be sold"
            ));
        }
    }
    Ok(())
}

/// What of a dimension is sold.
pub(super) fn sellable(machine: &MachineFile, name: &str) -> i128 {
    let kept = machine.reserve.get(name).copied().unwrap_or(0);
    (before_reserve(machine, name) - i128::from(kept)).max(0)
}

fn before_reserve(machine: &MachineFile, name: &str) -> i128 {
    let built_in = machine.physical.get(name).copied().unwrap_or(0);
    let parts = machine.overcommit.get(name).copied().unwrap_or(1_000);
    i128::from(built_in) * i128::from(parts) / 1_000
}
