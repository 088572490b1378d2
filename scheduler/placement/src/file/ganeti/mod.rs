//! Ganeti's text format, as `hbal`, `hspace` and `hail` read it with `-t` and write it with `-S`: groups,
//! nodes, instances, tags and policies, with an empty line between them (Ganeti's manual page of
//! `htools`, section "Text backend").
//!
//! Read are instances whose disks are reachable from every node (`rbd`, `ext`, `gluster`,
//! `sharedfile`, `diskless`) or lie on one (`plain`, `file`). A mirrored instance (`drbd`) can only run
//! on one of two nodes; that rule isn't known here, so it is refused rather than planned wrongly.

use std::collections::BTreeMap;

use super::{Amounts, FileError, FleetFile, MachineFile, PlanFile, StateFile, VmFile};
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

/// Reads it.
///
/// # Errors
///
/// If a line has too few columns, a column isn't a number, or an instance is mirrored.
pub fn from_ganeti(text: &str) -> Result<FleetFile, FileError> {
    let mut sections = vec![Vec::new()];
    for (number, line) in text.lines().enumerate() {
        match line.is_empty() {
            true => sections.push(Vec::new()),
            false => sections
                .last_mut()
                .into_iter()
                .for_each(|last| last.push((number + 1, line))),
        }
    }
    let section = |at: usize| sections.get(at).cloned().unwrap_or_default();
    let ratio = section(4)
        .first()
        .and_then(|(_, line)| vcpu_ratio(line))
        .unwrap_or(1_000);
    let groups: BTreeMap<&str, &str> = section(0)
        .into_iter()
        .filter_map(|(_, line)| {
            let mut columns = line.split('|');
            let name = columns.next()?;
            Some((columns.next()?, name))
        })
        .collect();
    let mut file = FleetFile::default();
    for (number, line) in section(1) {
        file.machines.push(node(number, line, &groups, ratio)?);
    }
    for (number, line) in section(2) {
        instance(number, line, &mut file)?;
    }
    Ok(file)
}

fn node(
    number: usize,
    line: &str,
    groups: &BTreeMap<&str, &str>,
    ratio: i64,
) -> Result<MachineFile, FileError> {
    let columns: Vec<&str> = line.split('|').collect();
    let [
        name,
        memory,
        own,
        _free,
        disk,
        _free_disk,
        cores,
        flag,
        group,
        ..,
    ] = columns.as_slice()
    else {
        return Err(FileError::Line(number, "a node has at least nine columns"));
    };
    let amount = |text: &str| amount(number, text);
    let physical = [
        ("memory", amount(memory)?),
        ("vcpus", amount(cores)?),
        ("disk", amount(disk)?),
    ];
    let amounts = |pairs: &[(&str, i64)]| -> Amounts {
        pairs
            .iter()
            .map(|(name, amount)| ((*name).to_owned(), *amount))
            .collect()
    };
    Ok(MachineFile {
        name: (*name).to_owned(),
        rack: groups.get(group).unwrap_or(group).to_string(),
        physical: amounts(&physical),
        overcommit: amounts(&[("vcpus", ratio)]),
        reserve: amounts(&[("memory", amount(own)?)]),
        state: if *flag == "Y" {
            StateFile::Failed
        } else {
            StateFile::Active
        },
        ..MachineFile::default()
    })
}

fn instance(number: usize, line: &str, file: &mut FleetFile) -> Result<(), FileError> {
    let columns: Vec<&str> = line.split('|').collect();
    let [
        name,
        memory,
        disk,
        vcpus,
        status,
        _balanced,
        primary,
        _secondary,
        template,
        ..,
    ] = columns.as_slice()
    else {
        return Err(FileError::Line(
            number,
            "an instance has at least nine columns",
        ));
    };
    if *template == "drbd" {
        return Err(FileError::Line(
            number,
            "mirrored instances (drbd) can't be planned here",
        ));
    }
    let is_local = matches!(*template, "plain" | "file");
    let is_down = matches!(*status, "ADMIN_down" | "ADMIN_offline");
    let plan = format!("{memory}/{vcpus}/{}", if is_local { disk } else { "0" });
    if !file.plans.iter().any(|known| known.name == plan) {
        let mut sizes = Amounts::new();
        sizes.insert("memory".to_owned(), amount(number, memory)?);
        sizes.insert("vcpus".to_owned(), amount(number, vcpus)?);
        if is_local {
            sizes.insert("disk".to_owned(), amount(number, disk)?);
        }
        file.plans.push(PlanFile {
            name: plan.clone(),
            sizes,
            weight: 1,
            ..PlanFile::default()
        });
    }
    file.vms.push(VmFile {
        name: (*name).to_owned(),
        plan,
        machine: (*primary).to_owned(),
        restarts: !is_down,
        ..VmFile::default()
    });
    Ok(())
}

fn amount(number: usize, text: &str) -> Result<i64, FileError> {
    text.parse()
        .map_err(|_| FileError::Line(number, "a size is not a whole number"))
}

/// The last but one column of a policy, in thousandths.
fn vcpu_ratio(line: &str) -> Option<i64> {
    let text = line.split('|').rev().nth(1)?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    Some(whole.parse::<i64>().ok()? * 1_000 + part.parse::<i64>().ok()?)
}
