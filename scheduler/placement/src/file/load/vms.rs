//! What runs, what is on its way, and what waits.

use super::Loaded;
use crate::{
    file::{FileError, FleetFile, VmFile},
    fleet::{Ask, GroupNumber, MachineNumber, NeedNumber, Place, VmNumber},
    rules::nodes_pick,
};

impl Loaded {
    /// Holds come last, so that what can be asked about has the first numbers.
    pub(super) fn vms_add(&mut self, file: &FleetFile) -> Result<(), FileError> {
        let mut holds = Vec::new();
        for vm in &file.vms {
            let ask = self.vm_ask(vm, file.usage_margin)?;
            let Some(machine) = &vm.machine else {
                self.pending.push((vm.name.clone(), ask));
                continue;
            };
            let place = self.place(vm, ask.need, machine)?;
            let number = match &vm.moving_to {
                Some(target) => {
                    // As in a plan: it has its new place, and holds the old one.
                    let target = self.place_picked(ask.need, self.machine(target)?);
                    self.fleet.vm_found(ask, target)
                }
                None if vm.deleting => self.fleet.vm_add(ask),
                None => self.fleet.vm_found(ask, place),
            };
            self.vms.push(vm.name.clone());
            if vm.moving_to.is_some() || vm.deleting {
                holds.push((number, place));
            }
        }
        for (number, place) in holds {
            self.hold(number, place);
        }
        Ok(())
    }

    fn hold(&mut self, of: VmNumber, place: Place) {
        self.fleet.hold_add(of, place);
        let name = format!("{} (on its way out)", self.vm_name(of));
        self.vms.push(name);
    }

    fn vm_ask(&mut self, vm: &VmFile, margin: i64) -> Result<Ask, FileError> {
        let mut ask = self.plan(&vm.plan)?;
        ask.need = self.vm_need(vm, ask.need, margin)?;
        ask.tenant = self.tenant(vm.tenant.as_deref());
        ask.priority = vm.priority;
        ask.restarts = vm.restarts && !vm.deleting;
        ask.until = vm.until;
        for name in &vm.groups {
            ask = ask.of(self.group(name)?);
        }
        Ok(ask)
    }

    /// Its plan's, if it says nothing of its own.
    fn vm_need(
        &mut self,
        vm: &VmFile,
        of_plan: NeedNumber,
        margin: i64,
    ) -> Result<NeedNumber, FileError> {
        if vm.usage.is_empty() && vm.site.is_none() && vm.tolerations.is_empty() {
            return Ok(of_plan);
        }
        let used = self.sizes(&vm.usage)?;
        let mut need = self.fleet.need_of(of_plan).clone().measured(&used, margin);
        if let Some(site) = &vm.site {
            need.site = Some(self.site(site));
        }
        need.tolerations.extend(self.labels_of(&vm.tolerations));
        Ok(self.fleet.need(need)?)
    }

    pub(crate) fn group(&self, name: &str) -> Result<GroupNumber, FileError> {
        let found = self.group_numbers.get(name);
        found
            .map(|index| GroupNumber::at(*index))
            .ok_or_else(|| FileError::Unknown("group", name.to_owned()))
    }

    /// Where the file says; on the first nodes if it doesn't say on which.
    fn place(&self, vm: &VmFile, need: NeedNumber, machine: &str) -> Result<Place, FileError> {
        let machine = self.machine(machine)?;
        let mut nodes = vm.nodes.iter().fold(0, |bits, node| bits | 1 << node);
        if nodes == 0 {
            nodes = first_nodes(self.fleet.need_of(need).nodes);
        }
        Ok(Place { machine, nodes })
    }

    /// On the nodes that it would get there now.
    fn place_picked(&self, need: NeedNumber, machine: MachineNumber) -> Place {
        let need = self.fleet.need_of(need);
        let count = self.fleet.machines[machine.index()].node_count;
        let picked = nodes_pick(need, &self.fleet.free(machine), count);
        let nodes = picked.unwrap_or(first_nodes(need.nodes));
        Place { machine, nodes }
    }
}

fn first_nodes(count: u8) -> u8 {
    (1 << count) - 1
}
