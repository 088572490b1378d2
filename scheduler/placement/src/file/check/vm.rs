//! What runs.

use super::{Check, Checked, texts, time};
use crate::{
    file::{MachineFile, PlanFile, VmFile},
    fleet::GROUPS,
};

impl Check<'_> {
    pub(super) fn vm(&self, vm: &VmFile) -> Checked {
        texts(vm.tolerations.iter().chain(&vm.tenant))?;
        let plan = self.plans.get(vm.plan.as_str());
        let plan = plan.ok_or_else(|| format!("there is no plan {:?}", vm.plan))?;
        self.stays(vm, plan)?;
        self.groups(&vm.groups)?;
        self.amounts("usage", &vm.usage)?;
        vm.until.map_or(Ok(()), |until| time("until", until))?;
        let Some(name) = &vm.machine else {
            return pending(vm);
        };
        let machine = self.machine_of(name)?;
        nodes(&vm.nodes, plan, machine)?;
        let Some(name) = &vm.moving_to else {
            return Ok(());
        };
        if vm.deleting {
            return Err("it can't be moved and deleted at once".to_owned());
        }
        if Some(name) == vm.machine.as_ref() {
            return Err("it can't be moved to where it is".to_owned());
        }
        nodes_enough(plan, self.machine_of(name)?)
    }

    fn machine_of(&self, name: &str) -> Result<&MachineFile, String> {
        let machine = self.machines.get(name).copied();
        machine.ok_or_else(|| format!("there is no machine {name:?}"))
    }

    fn stays(&self, vm: &VmFile, plan: &PlanFile) -> Checked {
        let Some(site) = &vm.site else { return Ok(()) };
        match &plan.site {
            Some(other) if other != site => Err(format!(
                "it has to stay in {site:?}, and its plan is sold in {other:?} only"
            )),
            _ => self.site(site),
        }
    }

    fn groups(&self, groups: &[String]) -> Checked {
        if groups.len() > GROUPS {
            return Err(format!("it can be in at most {GROUPS} groups"));
        }
        for (at, name) in groups.iter().enumerate() {
            if !self.groups.contains_key(name.as_str()) {
                return Err(format!("there is no group {name:?}"));
            }
            if groups[..at].contains(name) {
                return Err(format!("it is in the group {name:?} twice"));
            }
        }
        Ok(())
    }
}

/// What has no place yet has nothing that belongs to one.
fn pending(vm: &VmFile) -> Checked {
    if vm.moving_to.is_some() || vm.deleting || !vm.nodes.is_empty() {
        return Err("it has no machine, so it can't be on nodes, moved or deleted".to_owned());
    }
    Ok(())
}

fn nodes(nodes: &[u8], plan: &PlanFile, machine: &MachineFile) -> Checked {
    nodes_enough(plan, machine)?;
    if nodes.is_empty() {
        return Ok(());
    }
    if nodes.len() != usize::from(plan.nodes) {
        return Err(format!(
            "its plan asks for {} NUMA nodes, and it is on {}",
            plan.nodes,
            nodes.len()
        ));
    }
    for (at, node) in nodes.iter().enumerate() {
        if usize::from(*node) >= machine.nodes.len() {
            return Err(format!(
                "{:?} has no NUMA node {node}; the first is 0",
                machine.name
            ));
        }
        if nodes[..at].contains(node) {
            return Err(format!("it is on the NUMA node {node} twice"));
        }
    }
    Ok(())
}

fn nodes_enough(plan: &PlanFile, machine: &MachineFile) -> Checked {
    match machine.nodes.len() < usize::from(plan.nodes) {
        true => Err(format!(
            "its plan asks for {} NUMA nodes, and {:?} has {}",
            plan.nodes,
            machine.name,
            machine.nodes.len()
        )),
        false => Ok(()),
    }
}
