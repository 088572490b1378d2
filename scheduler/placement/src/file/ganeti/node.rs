//! Nodes.

use super::{
    UNALLOCABLE,
    groups::{Group, Groups},
    lines::Line,
};
use crate::file::{Amounts, MachineFile, StateFile};

/// A node, and what of it is known to be used by instances.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) name: &'a str,
    pub(super) group: &'a Group<'a>,
    pub(super) known_memory: i128,
    pub(super) known_disk: i128,
    is_offline: bool,
    /// In all, the node's own, and free.
    memory: [i64; 3],
    disk: [i64; 2],
    cores: i64,
    own_cores: i64,
    ratio: i64,
    location: &'a str,
}

impl<'a> Node<'a> {
    pub(super) fn new(
        line: &Line<'a>,
        groups: &'a Groups<'a>,
        locations: &[String],
    ) -> Result<Self, String> {
        line.has("a node", 9, 15)?;
        let is_offline = match line.columns[7] {
            "Y" => true,
            "N" | "M" => false,
            other => {
                return Err(format!(
                    "{other:?} is none of N, M (the master) and Y (offline)"
                ));
            }
        };
        // Ganeti doesn't know everything of a node that doesn't answer.
        let is_silent = line.columns[1..7].contains(&"?");
        let known = |column: usize| line.columns[column] != "?";
        let amount = |column: usize, what: &str| match known(column) {
            true => line.amount_at(column, what),
            false => Ok(0),
        };
        // It can be below zero: more is promised than is there.
        let free = |column: usize, what: &str| match known(column) {
            true => line.number_at(column, what),
            false => Ok(0),
        };
        let group = groups.of(line.columns[8])?;
        let own_cores = match line.columns.len() > 13 {
            true => line.amount_at(13, "the number of the node's own cores")?,
            false => 0,
        };
        let tags = line.columns.get(10).copied().unwrap_or("");
        let is_location = |tag: &&str| {
            locations
                .iter()
                .any(|prefix| tag.starts_with(prefix.as_str()))
        };
        Ok(Self {
            name: line.columns[0],
            group,
            known_memory: 0,
            known_disk: 0,
            is_offline: is_offline || is_silent,
            memory: [
                amount(1, "the memory")?,
                amount(2, "the node's own memory")?,
                free(3, "the free memory")?,
            ],
            disk: [amount(4, "the disk")?, free(5, "the free disk")?],
            cores: amount(6, "the number of cores")?,
            own_cores,
            ratio: groups.ratio(group),
            location: tags.split(',').find(is_location).unwrap_or(""),
        })
    }

    pub(super) fn machine(&self) -> MachineFile {
        let amounts = |pairs: &[(&str, i64)]| -> Amounts {
            pairs
                .iter()
                .map(|(name, amount)| ((*name).to_owned(), *amount))
                .collect()
        };
        let [memory, own, free] = self.memory;
        let [disk, free_disk] = self.disk;
        let kept = i128::from(own) + unknown(memory, own, free, self.known_memory);
        let vcpus = i128::from(self.cores) * i128::from(self.ratio) / 1_000;
        MachineFile {
            name: self.name.to_owned(),
            site: self.group.name.to_owned(),
            rack: self.location.to_owned(),
            physical: amounts(&[("memory", memory), ("vcpus", self.cores), ("disk", disk)]),
            overcommit: amounts(&[("vcpus", self.ratio)]),
            reserve: amounts(&[
                ("memory", at_most(kept, memory.into())),
                ("vcpus", at_most(self.own_cores.into(), vcpus)),
                (
                    "disk",
                    at_most(unknown(disk, 0, free_disk, self.known_disk), disk.into()),
                ),
            ]),
            taints: match self.group.is_unallocable {
                true => vec![UNALLOCABLE.to_owned()],
                false => Vec::new(),
            },
            state: match self.is_offline {
                true => StateFile::Failed,
                false => StateFile::Active,
            },
            ..MachineFile::default()
        }
    }
}

/// What is neither free nor known to be used by anything: something uses it. Ganeti counts on what is
/// free and on nothing else, too.
fn unknown(all: i64, own: i64, free: i64, known: i128) -> i128 {
    (i128::from(all) - i128::from(own) - i128::from(free) - known).max(0)
}

/// A node can't keep more than it has.
fn at_most(kept: i128, all: i128) -> i64 {
    i64::try_from(kept.min(all)).unwrap_or(i64::MAX)
}
