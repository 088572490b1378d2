//! From names to numbers.

use std::collections::BTreeMap;

use super::{
    Amounts, CpuFile, DomainFile, FleetFile, GroupFile, MachineFile, PlanFile, RelationFile,
    StateFile, VmFile,
};
use crate::fleet::{
    Ask, CpuLevel, DIMENSIONS, Domain, FAILURES, Fleet, GroupNumber, GroupSpec, MachineNumber,
    MachineSpec, NODES, Need, NeedNumber, Place, Policy, RackNumber, Relation, SiteNumber, Sizes,
    State, Survive, TenantNumber, VmNumber,
};

/// A fleet with the names of what is in it.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// It.
    pub fleet: Fleet,
    /// By machine.
    pub machines: Vec<String>,
    /// By virtual machine.
    pub vms: Vec<String>,
    /// By group.
    pub groups: Vec<String>,
    /// By label or taint.
    pub labels: Vec<String>,
    /// What is sold, with its part of the mix.
    pub plans: Vec<(String, Ask, u32)>,
    /// What could be bought.
    pub types: Vec<(String, MachineSpec)>,
    /// How many of the mix there were.
    pub history: Vec<i64>,
    tenants: BTreeMap<String, TenantNumber>,
    sites: BTreeMap<String, SiteNumber>,
    racks: BTreeMap<(String, String), RackNumber>,
    families: Vec<String>,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// Something is named that isn't there: what it is, and its name.
    Unknown(&'static str, String),
    /// Two have one name.
    Twice(&'static str, String),
    /// There are more than the engine can keep apart.
    TooMany(&'static str, usize),
    /// An amount below zero: of what.
    Negative(String),
    /// A line of Ganeti's format can't be read: its number, and why.
    Line(usize, &'static str),
}

impl std::fmt::Display for FileError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(what, name) => write!(to, "There is no {what} \"{name}\"."),
            Self::Twice(what, name) => write!(to, "There are two {what}s \"{name}\"."),
            Self::TooMany(what, most) => write!(to, "There can be at most {most} {what}."),
            Self::Negative(name) => write!(to, "There can't be less than none of {name}."),
            Self::Line(number, why) => write!(to, "Line {number}: {why}."),
        }
    }
}

impl std::error::Error for FileError {}

impl Loaded {
    /// Puts everything where the file says it is, and finds places for restarts.
    ///
    /// # Errors
    ///
    /// If something is named that isn't there, or there is too much of something.
    pub fn new(file: &FleetFile) -> Result<Self, FileError> {
        let survive = file.survive.map(|survive| Survive {
            domain: domain(survive.domain),
            failures: survive.failures,
        });
        if survive.is_some_and(|survive| usize::from(survive.failures) > FAILURES) {
            return Err(FileError::TooMany("failures at once", FAILURES));
        }
        let mut loaded = Self {
            fleet: Fleet::new(Policy {
                survive,
                tenant_cap: file.tenant_cap,
                spread: file.spread,
            }),
            history: file.history.clone(),
            ..Self::default()
        };
        for machine in &file.machines {
            let spec = loaded.machine_spec(machine)?;
            once("machine", &loaded.machines, &machine.name)?;
            loaded
                .fleet
                .machine_add(&spec)
                .map_err(|_| TOO_MANY_NODES)?;
            loaded.machines.push(machine.name.clone());
        }
        for machine in &file.machine_types {
            let spec = loaded.machine_spec(machine)?;
            loaded.types.push((machine.name.clone(), spec));
        }
        for group in &file.groups {
            loaded.group_add(group)?;
        }
        for plan in &file.plans {
            let names: Vec<String> = loaded.plans.iter().map(|plan| plan.0.clone()).collect();
            once("plan", &names, &plan.name)?;
            let need = loaded.need(plan)?;
            let ask = Ask::plain(need, TenantNumber(u32::MAX));
            loaded.plans.push((plan.name.clone(), ask, plan.weight));
        }
        loaded.vms_add(&file.vms)?;
        loaded.fleet.protect_anew();
        Ok(loaded)
    }

    /// The machine of this name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn machine(&self, name: &str) -> Result<MachineNumber, FileError> {
        let position = self.machines.iter().position(|known| known == name);
        position
            .map(MachineNumber::at)
            .ok_or_else(|| FileError::Unknown("machine", name.to_owned()))
    }

    /// What asks for this plan.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn plan(&self, name: &str) -> Result<Ask, FileError> {
        let found = self.plans.iter().find(|plan| plan.0 == name);
        found
            .map(|plan| plan.1)
            .ok_or_else(|| FileError::Unknown("plan", name.to_owned()))
    }

    fn machine_spec(&mut self, machine: &MachineFile) -> Result<MachineSpec, FileError> {
        if machine.nodes.len() > NODES {
            return Err(TOO_MANY_NODES);
        }
        let mut overcommit = [1_000; DIMENSIONS];
        for (name, parts) in &machine.overcommit {
            overcommit[self.dimension(name)?] = *parts;
        }
        let family = position(&mut self.families, &machine.cpu_family);
        let labels = |loaded: &mut Self, texts: &[String]| {
            texts.iter().map(|text| loaded.label(text)).collect()
        };
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
            labels: labels(self, &machine.labels),
            taints: labels(self, &machine.taints),
            cpu: cpu(machine.cpu),
            cpu_family: u16::try_from(family).unwrap_or(u16::MAX),
            images: machine
                .images
                .iter()
                .map(|image| self.fleet.image(image))
                .collect(),
            state: state(machine.state),
        })
    }

    fn need(&mut self, plan: &PlanFile) -> Result<NeedNumber, FileError> {
        let site = plan.site.as_ref().map(|site| self.site(site));
        let labels = plan.labels.iter().map(|label| self.label(label)).collect();
        let tolerations = plan
            .tolerations
            .iter()
            .map(|label| self.label(label))
            .collect();
        let need = Need {
            sizes: self.sizes(&plan.sizes)?,
            nodes: plan.nodes,
            site,
            labels,
            tolerations,
            cpu: cpu(plan.cpu),
            image: plan.image.as_ref().map(|image| self.fleet.image(image)),
        };
        self.fleet.need(need).map_err(|_| TOO_MANY_NODES)
    }

    fn group_add(&mut self, group: &GroupFile) -> Result<(), FileError> {
        once("group", &self.groups, &group.name)?;
        self.groups.push(group.name.clone());
        self.fleet.group_add(GroupSpec {
            relation: match group.relation {
                RelationFile::Together => Relation::Together,
                RelationFile::Apart => Relation::Apart { most: group.most },
            },
            domain: domain(group.domain),
            is_hard: group.hard,
        });
        Ok(())
    }

    fn vms_add(&mut self, vms: &[VmFile]) -> Result<(), FileError> {
        let positions = |names: &[String]| -> BTreeMap<String, usize> {
            names
                .iter()
                .cloned()
                .enumerate()
                .map(|(at, name)| (name, at))
                .collect()
        };
        let (machines, groups) = (positions(&self.machines), positions(&self.groups));
        let plans: BTreeMap<String, Ask> = self
            .plans
            .iter()
            .map(|plan| (plan.0.clone(), plan.1))
            .collect();
        for vm in vms {
            let mut ask = *plans
                .get(&vm.plan)
                .ok_or_else(|| FileError::Unknown("plan", vm.plan.clone()))?;
            let machine = machines
                .get(&vm.machine)
                .ok_or_else(|| FileError::Unknown("machine", vm.machine.clone()))?;
            ask.tenant = self.tenant(&vm.tenant);
            ask.priority = vm.priority;
            ask.restarts = vm.restarts;
            if vm.groups.len() > crate::fleet::GROUPS {
                return Err(FileError::TooMany(
                    "groups of one virtual machine",
                    crate::fleet::GROUPS,
                ));
            }
            for name in &vm.groups {
                let group = groups.get(name);
                let group = group.ok_or_else(|| FileError::Unknown("group", name.clone()))?;
                ask = ask.of(GroupNumber::at(*group));
            }
            let wanted = self.fleet.need_of(ask.need).nodes;
            let mut nodes = vm
                .nodes
                .iter()
                .fold(0, |bits, node| bits | 1u8 << (node % 8));
            if wanted > 0 && nodes == 0 {
                nodes = (1 << wanted) - 1;
            }
            let machine = MachineNumber::at(*machine);
            self.fleet.vm_found(ask, Place { machine, nodes });
            self.vms.push(vm.name.clone());
        }
        Ok(())
    }

    fn dimension(&mut self, name: &str) -> Result<usize, FileError> {
        self.fleet
            .dimension(name)
            .map_err(|_| FileError::TooMany("dimensions", DIMENSIONS))
    }

    fn sizes(&mut self, amounts: &Amounts) -> Result<Sizes, FileError> {
        let mut sizes = [0; DIMENSIONS];
        for (name, amount) in amounts {
            if *amount < 0 {
                return Err(FileError::Negative(name.clone()));
            }
            sizes[self.dimension(name)?] = *amount;
        }
        Ok(sizes)
    }

    fn label(&mut self, text: &str) -> crate::fleet::LabelNumber {
        let label = self.fleet.label(text);
        if self.labels.len() == label.index() {
            self.labels.push(text.to_owned());
        }
        label
    }

    fn tenant(&mut self, name: &str) -> TenantNumber {
        let next = TenantNumber::at(self.tenants.len());
        *self.tenants.entry(name.to_owned()).or_insert(next)
    }

    fn site(&mut self, name: &str) -> SiteNumber {
        if let Some(site) = self.sites.get(name) {
            return *site;
        }
        let site = self.fleet.site_add();
        self.sites.insert(name.to_owned(), site);
        site
    }

    fn rack(&mut self, site: &str, rack: &str) -> RackNumber {
        let key = (site.to_owned(), rack.to_owned());
        if let Some(rack) = self.racks.get(&key) {
            return *rack;
        }
        let site = self.site(site);
        let rack = self.fleet.rack_add(site);
        self.racks.insert(key, rack);
        rack
    }

    /// The name of a virtual machine; what was placed since has a number.
    #[must_use]
    pub fn vm_name(&self, vm: VmNumber) -> String {
        self.vms
            .get(vm.index())
            .cloned()
            .unwrap_or_else(|| format!("new {}", vm.0))
    }
}

const TOO_MANY_NODES: FileError = FileError::TooMany("NUMA nodes", NODES);

fn once(what: &'static str, names: &[String], name: &str) -> Result<(), FileError> {
    if names.iter().any(|known| known == name) {
        return Err(FileError::Twice(what, name.to_owned()));
    }
    Ok(())
}

fn position(names: &mut Vec<String>, name: &str) -> usize {
    names
        .iter()
        .position(|known| known == name)
        .unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        })
}

fn domain(file: DomainFile) -> Domain {
    match file {
        DomainFile::Machine => Domain::Machine,
        DomainFile::Rack => Domain::Rack,
        DomainFile::Site => Domain::Site,
    }
}

fn cpu(file: CpuFile) -> CpuLevel {
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
