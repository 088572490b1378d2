//! Instances.

use super::lines::Line;
use crate::{
    file::{Amounts, VmFile},
    fleet::GROUPS,
};

/// An instance.
#[derive(Debug)]
pub(super) struct Instance<'a> {
    pub(super) primary: &'a str,
    /// Tags that keep it apart from others.
    pub(super) tags: Vec<&'a str>,
    name: &'a str,
    memory: i64,
    disk: i64,
    vcpus: i64,
    status: Status,
    /// Whether its disk is one of the node.
    is_local: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Running,
    /// Should run, and doesn't.
    Broken,
    /// Doesn't run; may be started at any time.
    Down,
    /// Put aside: takes neither memory nor vCPUs.
    Offline,
}

impl<'a> Instance<'a> {
    pub(super) fn new(line: &Line<'a>, exclusion: &[String]) -> Result<Self, String> {
        line.has("an instance", 10, 13)?;
        let is_local = match line.columns[8] {
            "plain" => true,
            // On the node too, but not of the disk that Ganeti counts.
            "file" | "diskless" => false,
            "sharedfile" | "blockdev" | "rbd" | "ext" | "gluster" => false,
            "drbd" => return Err("mirrored instances (drbd) can't be planned here".to_owned()),
            other => return Err(format!("the disk template {other:?} isn't known")),
        };
        let is_exclusive = |tag: &&str| {
            exclusion
                .iter()
                .any(|prefix| tag.starts_with(prefix.as_str()))
        };
        let mut tags: Vec<&str> = line.columns[9].split(',').filter(is_exclusive).collect();
        tags.sort_unstable();
        tags.dedup();
        if tags.len() > GROUPS {
            return Err(format!("it can have at most {GROUPS} exclusion tags"));
        }
        Ok(Self {
            primary: line.columns[6],
            tags,
            name: line.columns[0],
            memory: line.amount_at(1, "the memory")?,
            disk: line.amount_at(2, "the disk")?,
            vcpus: line.amount_at(3, "the number of vCPUs")?,
            status: status(line.columns[4])?,
            is_local,
        })
    }

    pub(super) fn is_offline(&self) -> bool {
        self.status == Status::Offline
    }

    /// It would be anywhere.
    pub(super) fn needs_nothing(&self) -> bool {
        self.wanted() == [0; 3]
    }

    /// What a node's free memory doesn't show any more.
    pub(super) fn memory_in_use(&self) -> i64 {
        match self.status {
            Status::Running => self.memory,
            _ => 0,
        }
    }

    /// What it takes of its node's.
    pub(super) fn disk(&self) -> i64 {
        if self.is_local { self.disk } else { 0 }
    }

    fn wanted(&self) -> [i64; 3] {
        match self.is_offline() {
            true => [0, 0, self.disk()],
            false => [self.memory, self.vcpus, self.disk()],
        }
    }

    pub(super) fn sizes(&self) -> Amounts {
        let names = ["memory", "vcpus", "disk"];
        let sizes = names.into_iter().zip(self.wanted());
        sizes
            .filter(|(_, size)| *size != 0)
            .map(|(name, size)| (name.to_owned(), size))
            .collect()
    }

    /// Without what its node's group says.
    pub(super) fn vm(&self) -> VmFile {
        let [memory, vcpus, disk] = self.wanted();
        VmFile {
            name: self.name.to_owned(),
            plan: format!("{memory}/{vcpus}/{disk}"),
            machine: Some(self.primary.to_owned()),
            restarts: matches!(self.status, Status::Running | Status::Broken),
            ..VmFile::default()
        }
    }
}

fn status(text: &str) -> Result<Status, String> {
    Ok(match text {
        "running" | "ERROR_up" => Status::Running,
        "ERROR_down" | "ERROR_nodedown" | "ERROR_nodeoffline" | "ERROR_wrongnode" => Status::Broken,
        "ADMIN_down" | "USER_down" => Status::Down,
        "ADMIN_offline" => Status::Offline,
        other => return Err(format!("the status {other:?} isn't known")),
    })
}
