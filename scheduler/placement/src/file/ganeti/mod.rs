//! Ganeti's text format, as `hbal`, `hspace` and `hail` read it with `-t` and write it with `-S`: groups,
//! nodes, instances, tags and policies, with an empty line between them (Ganeti's manual page of
//! `htools`, section "Text backend"; what the columns mean was compared with what `hbal -p` of 3.0.2
//! prints).
//!
//! A node group is a site: new instances may go to any, those that run stay in theirs. A mirrored
//! instance (`drbd`) can only run on one of two nodes; that rule isn't known here, so it is refused
//! rather than planned wrongly.

mod groups;
mod instance;
mod lines;
mod node;

use std::collections::BTreeMap;

use self::{
    groups::Groups,
    instance::Instance,
    lines::{Line, Sections, Wrong},
    node::Node,
};
use super::{
    DomainFile, FileError, FleetFile, GroupFile, Mistake, PlanFile, RelationFile, names::Map,
};
use crate::{fleet::DIMENSIONS, plan::Balance};

/// Ganeti's own cluster score for such instances (`Metrics.hs`): four load measures, each of which is
/// the number of instances, weigh 1; free memory, free disk and vCPUs per core weigh 1 together with
/// their forthcoming twins. A core is sold four times in these files, and our share is of what may be
/// sold, so vCPUs weigh as much more.
pub const GANETI_BALANCE: Balance = {
    let mut dimensions = [0; DIMENSIONS];
    dimensions[0] = 1_000;
    dimensions[1] = 4_000;
    Balance {
        dimensions,
        count: 4_000,
    }
};

/// What instances keep apart by: tags of the cluster that begin so name tags of instances.
const EXCLUSION: &str = "htools:iextags:";
/// What fails together: tags of the cluster that begin so name tags of nodes.
const LOCATION: &str = "htools:nlocation:";
/// Machines of an unallocable group have it, and what runs there tolerates it.
const UNALLOCABLE: &str = "unallocable";

/// Reads it.
///
/// # Errors
///
/// With every line that can't be read, and if it isn't this format.
pub fn from_ganeti(text: &str) -> Result<FleetFile, FileError> {
    let sections = Sections::new(text)?;
    let mut wrong = Wrong::new();
    let mut groups = Groups::default();
    each(&sections.groups, &mut wrong, |line| groups.add(line));
    each(&sections.policies, &mut wrong, |line| groups.policy(line));
    let (mut nodes, mut numbers) = (Vec::new(), Map::default());
    let locations = sections.tagged(LOCATION);
    each(&sections.nodes, &mut wrong, |line| {
        let node = Node::new(line, &groups, &locations)?;
        numbers.insert(node.name, nodes.len());
        nodes.push(node);
        Ok(())
    });
    // What is on a node that can't be read would be told again and again.
    let are_known = wrong.is_empty();
    let exclusion = sections.tagged(EXCLUSION);
    let mut instances = Vec::new();
    each(&sections.instances, &mut wrong, |line| {
        let instance = Instance::new(line, &exclusion)?;
        match numbers.get(instance.primary) {
            Some(node) => give(&mut nodes[*node], &instance),
            None if are_known => return Err(format!("there is no node {:?}", instance.primary)),
            None => {}
        }
        instances.push(instance);
        Ok(())
    });
    if wrong.is_empty() {
        return Ok(fleet(&groups, &nodes, &instances, &numbers));
    }
    wrong.sort();
    let mistake = |(line, why): (usize, String)| Mistake {
        at: format!("line {line}"),
        why,
    };
    Err(FileError::Mistakes(
        wrong.into_iter().map(mistake).collect(),
    ))
}

fn each<'a>(
    lines: &[Line<'a>],
    wrong: &mut Wrong,
    mut read: impl FnMut(&Line<'a>) -> Result<(), String>,
) {
    for line in lines {
        if let Err(why) = read(line) {
            wrong.push((line.number, why));
        }
    }
}

/// It is known to be there, so it isn't something else that uses the node.
fn give(node: &mut Node<'_>, instance: &Instance<'_>) {
    node.known_memory += i128::from(instance.memory_in_use());
    node.known_disk += i128::from(instance.disk());
}

fn fleet(
    groups: &Groups<'_>,
    nodes: &[Node<'_>],
    instances: &[Instance<'_>],
    numbers: &Map<&str, usize>,
) -> FleetFile {
    let mut file = FleetFile {
        is_ganeti: true,
        machines: nodes.iter().map(|node| node.machine()).collect(),
        groups: exclusions(instances),
        ..FleetFile::default()
    };
    let mut plans: Map<String, usize> = Map::default();
    for instance in instances
        .iter()
        .filter(|instance| !instance.needs_nothing())
    {
        let mut vm = instance.vm();
        let number = *plans.entry(vm.plan.clone()).or_insert_with(|| {
            file.plans.push(PlanFile {
                name: vm.plan.clone(),
                sizes: instance.sizes(),
                ..PlanFile::default()
            });
            file.plans.len() - 1
        });
        // The mix is what runs; what is put aside isn't bought again.
        file.plans[number].weight += u32::from(!instance.is_offline());
        if let Some(node) = numbers.get(instance.primary) {
            let group = nodes[*node].group;
            // In one group alone there is nothing to say, and equal needs are decided faster.
            vm.site = (groups.len() > 1).then(|| group.name.to_owned());
            if group.is_unallocable {
                vm.tolerations.push(UNALLOCABLE.to_owned());
            }
        }
        let kept = |tag: &&&str| {
            file.groups
                .binary_search_by(|group| group.name.as_str().cmp(tag))
                .is_ok()
        };
        vm.groups = instance
            .tags
            .iter()
            .filter(kept)
            .map(|tag| (*tag).to_owned())
            .collect();
        file.vms.push(vm);
    }
    file
}

/// A group for each tag that several have, in order. Ganeti refuses a move or a new instance that would
/// put two of a tag on one node, so they are hard.
fn exclusions(instances: &[Instance<'_>]) -> Vec<GroupFile> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for tag in instances.iter().flat_map(|instance| &instance.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    let several = counts.into_iter().filter(|(_, count)| *count > 1);
    several
        .map(|(tag, _)| GroupFile {
            name: tag.to_owned(),
            relation: RelationFile::Apart,
            most: 1,
            domain: DomainFile::Machine,
            hard: true,
        })
        .collect()
}
