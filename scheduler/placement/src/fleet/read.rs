//! What can be asked of a fleet.

use super::{
    Ask, Fleet, MachineNumber, Need, NeedNumber, Place, Policy, RackNumber, Sizes, State, VmNumber,
};

impl Fleet {
    /// What the provider wants of all decisions.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The names of the dimensions, by their position in `Sizes`.
    #[must_use]
    pub fn dimensions(&self) -> &[String] {
        &self.dimensions
    }

    /// All machines.
    pub fn machines(&self) -> impl Iterator<Item = MachineNumber> + use<> {
        (0..self.machines.len()).map(MachineNumber::at)
    }

    /// All virtual machines, also those without a place.
    pub fn vms(&self) -> impl Iterator<Item = VmNumber> + use<> {
        (0..self.vms.len()).map(VmNumber::at)
    }

    /// The machine's state.
    #[must_use]
    pub fn state(&self, machine: MachineNumber) -> State {
        self.states[machine.index()]
    }

    /// The machine's rack.
    #[must_use]
    pub fn rack(&self, machine: MachineNumber) -> RackNumber {
        self.machines[machine.index()].rack
    }

    /// What of the machine may be sold.
    #[must_use]
    pub fn limit(&self, machine: MachineNumber) -> Sizes {
        self.machines[machine.index()].limit.whole
    }

    /// What of the machine is used by what runs there and by holds.
    #[must_use]
    pub fn used(&self, machine: MachineNumber) -> Sizes {
        self.used[machine.index()].whole
    }

    /// What of the machine is kept for restarts.
    #[must_use]
    pub fn reserve(&self, machine: MachineNumber) -> Sizes {
        self.reserve[machine.index()].whole
    }

    /// What runs on the machine, in order, with holds.
    #[must_use]
    pub fn vms_of(&self, machine: MachineNumber) -> &[VmNumber] {
        &self.machines[machine.index()].vms
    }

    /// Where it is.
    #[must_use]
    pub fn place_of(&self, vm: VmNumber) -> Option<Place> {
        self.vms[vm.index()].place
    }

    /// Where it would be restarted.
    pub fn backups_of(&self, vm: VmNumber) -> impl Iterator<Item = Place> {
        self.vms[vm.index()].backups.into_iter().flatten()
    }

    /// Whether it would be restarted on this machine.
    pub(crate) fn is_guest(&self, vm: VmNumber, machine: MachineNumber) -> bool {
        let mut backups = self.backups_of(vm);
        backups.any(|backup| backup.machine == machine)
    }

    /// What would be restarted on this machine, in order.
    pub(crate) fn guests_of(&self, machine: MachineNumber) -> Vec<VmNumber> {
        if self.machines[machine.index()].guests == 0 {
            return Vec::new();
        }
        self.vms()
            .filter(|vm| self.is_guest(*vm, machine))
            .collect()
    }

    /// What was asked.
    #[must_use]
    pub fn ask_of(&self, vm: VmNumber) -> Ask {
        self.vms[vm.index()].ask
    }

    /// What a need is.
    #[must_use]
    pub fn need_of(&self, need: NeedNumber) -> &Need {
        &self.needs[need.index()]
    }

    /// What is to be restarted after a failure and has no proven place for it.
    pub fn unprotected(&self) -> impl Iterator<Item = VmNumber> {
        self.unprotected.iter().copied()
    }

    /// What machines are used at all.
    #[must_use]
    pub fn machines_used(&self) -> usize {
        let is_used = |machine: &&super::Machine| !machine.vms.is_empty();
        self.machines.iter().filter(is_used).count()
    }
}
