//! From names to numbers.

mod spec;
mod vms;

use super::{
    Amounts, DomainFile, FileError, FleetFile, GroupFile, PlanFile, RelationFile, check::check,
    names::Map,
};
use crate::fleet::{
    Ask, DIMENSIONS, Domain, Fleet, GroupSpec, LabelNumber, MachineNumber, MachineSpec, Need,
    NeedNumber, Policy, RackNumber, Relation, SiteNumber, Sizes, Survive, TenantNumber, VmNumber,
};

/// A fleet with the names of what is in it.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// It.
    pub fleet: Fleet,
    /// By machine.
    pub machines: Vec<String>,
    /// By virtual machine, with those that only hold room.
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
    /// What has no place yet, by name, in the order of the file. It isn't in the fleet.
    pub pending: Vec<(String, Ask)>,
    /// Whether it was in Ganeti's format, which minds other things.
    pub is_ganeti: bool,
    machine_numbers: Map<String, usize>,
    plan_numbers: Map<String, usize>,
    group_numbers: Map<String, usize>,
    tenants: Map<String, TenantNumber>,
    /// How many tenants there are, with those that have no name.
    tenant_count: usize,
    sites: Map<String, Site>,
    families: Map<String, u16>,
}

#[derive(Clone, Debug)]
struct Site {
    number: SiteNumber,
    racks: Map<String, RackNumber>,
}

impl Loaded {
    /// Puts everything where the file says it is, and finds places for restarts.
    ///
    /// # Errors
    ///
    /// With all that is wrong in the file.
    pub fn new(file: &FleetFile) -> Result<Self, FileError> {
        check(file)?;
        let mut loaded = Self {
            fleet: Fleet::new(policy(file)),
            history: file.history.clone(),
            is_ganeti: file.is_ganeti,
            ..Self::default()
        };
        if let Some(now) = file.now {
            loaded.fleet.time_set(now);
        }
        for machine in &file.machines {
            let spec = loaded.machine_spec(machine)?;
            loaded.fleet.machine_add(&spec)?;
            name_add(
                &mut loaded.machine_numbers,
                &mut loaded.machines,
                &machine.name,
            );
        }
        for machine in &file.machine_types {
            let spec = loaded.machine_spec(machine)?;
            loaded.types.push((machine.name.clone(), spec));
        }
        for group in &file.groups {
            loaded.fleet.group_add(group_spec(group));
            name_add(&mut loaded.group_numbers, &mut loaded.groups, &group.name);
        }
        for plan in &file.plans {
            let need = loaded.need(plan)?;
            let ask = Ask::plain(need, TenantNumber(u32::MAX));
            loaded
                .plan_numbers
                .insert(plan.name.clone(), loaded.plans.len());
            loaded.plans.push((plan.name.clone(), ask, plan.weight));
        }
        loaded.vms_add(file)?;
        loaded.fleet.protect_anew();
        Ok(loaded)
    }

    /// The machine of this name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn machine(&self, name: &str) -> Result<MachineNumber, FileError> {
        let found = self.machine_numbers.get(name);
        found
            .map(|index| MachineNumber::at(*index))
            .ok_or_else(|| FileError::Unknown("machine", name.to_owned()))
    }

    /// What asks for this plan, for a tenant that has nothing yet.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn plan(&self, name: &str) -> Result<Ask, FileError> {
        self.plan_index(name)
            .map(|index| self.plans[index].1)
            .ok_or_else(|| FileError::Unknown("plan", name.to_owned()))
    }

    /// The position of a plan.
    pub(super) fn plan_index(&self, name: &str) -> Option<usize> {
        self.plan_numbers.get(name).copied()
    }

    /// The name of a virtual machine; what was placed since has a number.
    #[must_use]
    pub fn vm_name(&self, vm: VmNumber) -> String {
        self.vms
            .get(vm.index())
            .cloned()
            .unwrap_or_else(|| format!("new {}", vm.0))
    }

    /// Whose name this is, if something in the file is theirs.
    #[must_use]
    pub fn tenant_known(&self, name: &str) -> Option<TenantNumber> {
        self.tenants.get(name).copied()
    }

    /// Sites and racks by their names.
    pub(super) fn racks(&self) -> impl Iterator<Item = (&str, &str, RackNumber)> {
        self.sites.iter().flat_map(|(site, of)| {
            let racks = of.racks.iter();
            racks.map(|(rack, number)| (site.as_str(), rack.as_str(), *number))
        })
    }

    /// Whose it is; what doesn't say so is a tenant of its own.
    pub(super) fn tenant(&mut self, name: Option<&str>) -> TenantNumber {
        if let Some(known) = name.and_then(|name| self.tenants.get(name)) {
            return *known;
        }
        let number = TenantNumber::at(self.tenant_count);
        self.tenant_count += 1;
        if let Some(name) = name {
            self.tenants.insert(name.to_owned(), number);
        }
        number
    }

    fn need(&mut self, plan: &PlanFile) -> Result<NeedNumber, FileError> {
        let site = plan.site.as_ref().map(|site| self.site(site));
        let need = Need {
            sizes: self.sizes(&plan.sizes)?,
            nodes: plan.nodes,
            site,
            labels: self.labels_of(&plan.labels),
            tolerations: self.labels_of(&plan.tolerations),
            cpu: spec::cpu(plan.cpu),
            image: plan.image.as_ref().map(|image| self.fleet.image(image)),
        };
        Ok(self.fleet.need(need)?)
    }

    fn sizes(&mut self, amounts: &Amounts) -> Result<Sizes, FileError> {
        let mut sizes = [0; DIMENSIONS];
        for (name, amount) in amounts {
            sizes[self.fleet.dimension(name)?] = *amount;
        }
        Ok(sizes)
    }

    fn labels_of(&mut self, texts: &[String]) -> Vec<LabelNumber> {
        texts.iter().map(|text| self.label(text)).collect()
    }

    fn label(&mut self, text: &str) -> LabelNumber {
        let label = self.fleet.label(text);
        if self.labels.len() == label.index() {
            self.labels.push(text.to_owned());
        }
        label
    }

    fn site(&mut self, name: &str) -> SiteNumber {
        if let Some(site) = self.sites.get(name) {
            return site.number;
        }
        let number = self.fleet.site_add();
        let racks = Map::default();
        self.sites.insert(name.to_owned(), Site { number, racks });
        number
    }

    fn rack(&mut self, site: &str, rack: &str) -> RackNumber {
        let number = self.site(site);
        let known = self.sites.get(site).and_then(|site| site.racks.get(rack));
        if let Some(known) = known {
            return *known;
        }
        let added = self.fleet.rack_add(number);
        if let Some(site) = self.sites.get_mut(site) {
            site.racks.insert(rack.to_owned(), added);
        }
        added
    }
}

fn name_add(numbers: &mut Map<String, usize>, names: &mut Vec<String>, name: &str) {
    numbers.insert(name.to_owned(), names.len());
    names.push(name.to_owned());
}

fn policy(file: &FleetFile) -> Policy {
    Policy {
        survive: file.survive.map(|survive| Survive {
            domain: domain(survive.domain),
            failures: survive.failures,
        }),
        tenant_cap: file.tenant_cap,
        spread: file.spread,
    }
}

fn group_spec(group: &GroupFile) -> GroupSpec {
    GroupSpec {
        relation: match group.relation {
            RelationFile::Together => Relation::Together,
            RelationFile::Apart => Relation::Apart { most: group.most },
        },
        domain: domain(group.domain),
        is_hard: group.hard,
    }
}

fn domain(file: DomainFile) -> Domain {
    match file {
        DomainFile::Machine => Domain::Machine,
        DomainFile::Rack => Domain::Rack,
        DomainFile::Site => Domain::Site,
    }
}
