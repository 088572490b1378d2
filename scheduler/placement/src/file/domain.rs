//! Names of machines, racks and sites, and what they stand for.

use std::collections::BTreeMap;

use super::Loaded;
use crate::fleet::{Domain, MachineNumber, RackNumber};

/// What has no name in the file.
const UNNAMED: &str = "(unnamed)";

impl Loaded {
    /// The machines, racks or sites with their names and machines, in the order of the first machine of
    /// each. A rack is told with its site where there are several sites.
    #[must_use]
    pub fn domains(&self, domain: Domain) -> Vec<(String, Vec<MachineNumber>)> {
        let racks: BTreeMap<RackNumber, (&str, &str)> = self
            .racks()
            .map(|(site, rack, number)| (number, (site, rack)))
            .collect();
        let mut found: Vec<(String, Vec<MachineNumber>)> = Vec::new();
        let mut positions: BTreeMap<String, usize> = BTreeMap::new();
        let is_one_site = racks
            .values()
            .all(|one| Some(one.0) == racks.values().next().map(|one| one.0));
        for machine in self.fleet.machines() {
            let (site, rack) = racks
                .get(&self.fleet.rack(machine))
                .copied()
                .unwrap_or_default();
            let name = match domain {
                Domain::Machine => self.machines[machine.index()].clone(),
                Domain::Rack if is_one_site => named(rack).to_owned(),
                Domain::Rack => format!("{}/{}", named(site), named(rack)),
                Domain::Site => named(site).to_owned(),
            };
            let position = *positions.entry(name.clone()).or_insert(found.len());
            if position == found.len() {
                found.push((name, Vec::new()));
            }
            found[position].1.push(machine);
        }
        found
    }

    /// The machines of the rack or site of this name; of a rack its own name is enough where no other site
    /// has such a one.
    ///
    /// # Errors
    ///
    /// With what to say, if there is none, or there are several.
    pub fn domain_machines(
        &self,
        domain: Domain,
        name: &str,
    ) -> Result<Vec<MachineNumber>, String> {
        let what = match domain {
            Domain::Machine => "machine",
            Domain::Rack => "rack",
            Domain::Site => "site",
        };
        let mut all = self.domains(domain);
        if let Some(position) = all.iter().position(|one| one.0 == name) {
            return Ok(all.swap_remove(position).1);
        }
        let ends = format!("/{name}");
        all.retain(|one| domain == Domain::Rack && one.0.ends_with(&ends));
        match all.len() {
            0 => Err(format!("There is no {what} \"{name}\".")),
            1 => Ok(all.swap_remove(0).1),
            _ => {
                let names: Vec<String> = all.into_iter().map(|one| one.0).collect();
                let names = names.join(", ");
                Err(format!("There are several racks \"{name}\": {names}."))
            }
        }
    }
}

fn named(name: &str) -> &str {
    if name.is_empty() { UNNAMED } else { name }
}
