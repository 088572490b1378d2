//! What a machine is.

use super::Loaded;
use crate::{
    file::{CpuFile, FileError, MachineFile, StateFile},
    fleet::{CpuLevel, DIMENSIONS, MachineSpec, State},
};

impl Loaded {
    pub(super) fn machine_spec(&mut self, machine: &MachineFile) -> Result<MachineSpec, FileError> {
        let mut overcommit = [1_000; DIMENSIONS];
        for (name, parts) in &machine.overcommit {
            overcommit[self.fleet.dimension(name)?] = *parts;
        }
        let images = machine.images.iter();
        Ok(MachineSpec {
            rack: self.rack(&machine.site, &machine.rack),
            physical: self.sizes(&machine.physical)?,
            overcommit,
            reserve: self.sizes(&machine.reserve)?,
            nodes: machine
                .nodes
                .iter()
                .map(|node| (node.memory, node.vcpus))
                .collect(),
            labels: self.labels_of(&machine.labels),
            taints: self.labels_of(&machine.taints),
            cpu: cpu(machine.cpu),
            cpu_family: self.family(&machine.cpu_family)?,
            images: images.map(|image| self.fleet.image(image)).collect(),
            state: state(machine.state),
        })
    }

    fn family(&mut self, name: &str) -> Result<u16, FileError> {
        if let Some(known) = self.families.get(name) {
            return Ok(*known);
        }
        let number = u16::try_from(self.families.len())
            .map_err(|_| FileError::at("the fleet", "it has too many families of processors"))?;
        self.families.insert(name.to_owned(), number);
        Ok(number)
    }
}

pub(super) fn cpu(file: CpuFile) -> CpuLevel {
    match file {
        CpuFile::V1 => CpuLevel::V1,
        CpuFile::V2 => CpuLevel::V2,
        CpuFile::V3 => CpuLevel::V3,
        CpuFile::V4 => CpuLevel::V4,
    }
}

fn state(file: StateFile) -> State {
    match file {
        StateFile::Active => State::Active,
        StateFile::Draining => State::Draining,
        StateFile::Maintenance => State::Maintenance,
        StateFile::Suspect => State::Suspect,
        StateFile::Failed => State::Failed,
    }
}
