//! What is there: added once, in the order of ids.

use super::{
    Amounts, Ask, Class, ClassNumber, DIMENSIONS, Fleet, Group, GroupNumber, GroupSpec,
    ImageNumber, LabelNumber, Machine, MachineNumber, MachineSpec, NODES, Need, NeedNumber, Place,
    Policy, RackNumber, SiteNumber, State, Vm, VmNumber, index::inverse, loads::Loads,
};
use crate::rules::class_refusals;

/// What can't be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FleetError {
    /// There are `DIMENSIONS` already.
    TooManyDimensions,
    /// A machine has more than `NODES` NUMA nodes, or a need asks for more.
    TooManyNodes,
}

impl Fleet {
    /// Empty, with memory and vCPUs as its first two dimensions.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            dimensions: vec!["memory".to_owned(), "vcpus".to_owned()],
            ..Self::default()
        }
    }

    /// The position of a dimension in `Sizes`, such as `disk:ssd` or `ipv4`; it is made if it isn't
    /// there yet.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn dimension(&mut self, name: &str) -> Result<usize, FleetError> {
        if let Some(position) = self.dimensions.iter().position(|known| known == name) {
            return Ok(position);
        }
        if self.dimensions.len() == DIMENSIONS {
            return Err(FleetError::TooManyDimensions);
        }
        self.dimensions.push(name.to_owned());
        Ok(self.dimensions.len() - 1)
    }

    /// A site.
    pub fn site_add(&mut self) -> SiteNumber {
        self.sites += 1;
        SiteNumber(self.sites - 1)
    }

    /// A rack in a site.
    pub fn rack_add(&mut self, site: SiteNumber) -> RackNumber {
        self.racks.push(site);
        self.rack_machines.push(Vec::new());
        RackNumber::at(self.racks.len() - 1)
    }

    /// A label or a taint, by its text.
    pub fn label(&mut self, text: &str) -> LabelNumber {
        LabelNumber(self.labels.number(text))
    }

    /// An image, by its name.
    pub fn image(&mut self, name: &str) -> ImageNumber {
        ImageNumber(self.images.number(name))
    }

    /// A machine.
    ///
    /// # Errors
    ///
    /// If it has too many NUMA nodes.
    pub fn machine_add(&mut self, spec: &MachineSpec) -> Result<MachineNumber, FleetError> {
        if spec.nodes.len() > NODES {
            return Err(FleetError::TooManyNodes);
        }
        let site = self.racks[spec.rack.index()];
        let number = MachineNumber::at(self.machines.len());
        let limit = spec.limit();
        let class = self.class(spec, site);
        let mut images = spec.images.clone();
        images.sort_unstable();
        self.machines.push(Machine {
            rack: spec.rack,
            site,
            class,
            cpu_family: spec.cpu_family,
            node_count: u8::try_from(spec.nodes.len()).unwrap_or(0),
            limit,
            images,
            vms: Vec::new(),
            tenants: Vec::new(),
            guests: 0,
            loads: Loads::default(),
        });
        self.rack_machines[spec.rack.index()].push(number);
        self.all.push(number);
        self.used.push(Amounts::default());
        self.reserve.push(Amounts::default());
        self.rooms.push(limit);
        self.unsold.push(0);
        self.shares.push([0; DIMENSIONS]);
        self.fills.push(0);
        self.ends.push(i64::MIN);
        self.gates.push(0);
        self.states.push(spec.state);
        let kind = self.kind(number);
        self.kinds.push(kind);
        self.unsold_keep(number);
        self.gate_keep(number);
        Ok(number)
    }

    /// Which kind it is; a new one if there is none like it.
    fn kind(&mut self, number: MachineNumber) -> u32 {
        let of = &self.machines[number.index()];
        let is_alike = |other: &MachineNumber| {
            let other = &self.machines[other.index()];
            (other.class, other.limit, other.node_count) == (of.class, of.limit, of.node_count)
                && other.images == of.images
        };
        let known = self.kind_machines.iter().position(is_alike);
        let kind = known.unwrap_or_else(|| {
            self.kind_machines.push(number);
            self.inverses.push(of.limit.whole.map(inverse));
            self.kind_machines.len() - 1
        });
        MachineNumber::at(kind).0
    }

    fn class(&mut self, spec: &MachineSpec, site: SiteNumber) -> ClassNumber {
        let sorted = |labels: &[LabelNumber]| {
            let mut labels = labels.to_vec();
            labels.sort_unstable();
            labels.dedup();
            labels
        };
        let class = Class {
            site,
            labels: sorted(&spec.labels),
            taints: sorted(&spec.taints),
            cpu: spec.cpu,
        };
        let known = self.classes.iter().position(|known| *known == class);
        ClassNumber::at(known.unwrap_or_else(|| {
            for (need, fits) in self.needs.iter().zip(&mut self.need_classes) {
                fits.push(class_refusals(need, &class).next().is_none());
            }
            self.classes.push(class);
            self.classes.len() - 1
        }))
    }

    /// What something needs; equal needs get one number.
    ///
    /// # Errors
    ///
    /// If it asks for too many NUMA nodes.
    pub fn need(&mut self, need: Need) -> Result<NeedNumber, FleetError> {
        if usize::from(need.nodes) > NODES {
            return Err(FleetError::TooManyNodes);
        }
        if let Some(number) = self.need_numbers.get(&need) {
            return Ok(*number);
        }
        let number = NeedNumber::at(self.needs.len());
        self.need_push(need.clone());
        self.need_numbers.insert(need, number);
        Ok(number)
    }

    /// One more need, known or not.
    pub(crate) fn need_push(&mut self, need: Need) {
        let fits = |class| class_refusals(&need, class).next().is_none();
        self.need_classes
            .push(self.classes.iter().map(fits).collect());
        self.needs.push(need);
    }

    /// A group, without members.
    pub fn group_add(&mut self, spec: GroupSpec) -> GroupNumber {
        let members = Vec::new();
        self.groups.push(Group { spec, members });
        GroupNumber::at(self.groups.len() - 1)
    }

    /// A virtual machine without a place.
    pub fn vm_add(&mut self, ask: Ask) -> VmNumber {
        self.vms.push(Vm {
            ask,
            place: None,
            backups: [None; super::FAILURES],
            hold_of: None,
        });
        VmNumber::at(self.vms.len() - 1)
    }

    /// A virtual machine that runs already, whether that breaks a rule or not: facts aren't refused.
    /// It has no backup before `protect` found one.
    pub fn vm_found(&mut self, ask: Ask, place: Place) -> VmNumber {
        let vm = self.vm_add(ask);
        self.place_set(vm, Some(place));
        self.era_keep();
        vm
    }

    /// What the provider wants of a machine, or found. What it kept for restarts is given back, and
    /// what was to be restarted there has no backup any more, unless it is active.
    pub fn state_set(&mut self, machine: MachineNumber, state: State) {
        self.states[machine.index()] = state;
        self.gate_keep(machine);
        if state == State::Active {
            return;
        }
        for vm in self.guests_of(machine) {
            for slot in 0..super::FAILURES {
                let backup = self.vms[vm.index()].backups[slot];
                if backup.is_some_and(|place| place.machine == machine) {
                    self.backup_set(vm, slot, None);
                }
            }
        }
    }
}
