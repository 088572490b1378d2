//! Whether a file is a fleet that can be worked with: all that is wrong, with where it is. What passes
//! loads, and nothing in it is too large to be added up.

mod machine;
mod plan;
mod vm;

use super::{
    Amounts, FileError, FleetFile, MachineFile, Mistake, PlanFile,
    amounts::{MOST, MOST_IN_ALL},
    names::{Map, flaw, text_flaw},
};
use crate::fleet::{DIMENSIONS, FAILURES};

/// Growth is counted between all pairs of periods.
const MOST_PERIODS: usize = 10_000;
/// Times have to have a difference.
pub(super) const LATEST: i64 = (1 << 62) - 1;
/// Margins are thousandths; more than ten times is a mistake.
const MOST_MARGIN: i64 = 10_000;
/// Every fleet has them, whether a machine has anything of them or not.
const GIVEN: [&str; 2] = ["memory", "vcpus"];

/// What is wrong with an entry, if anything is.
type Checked = Result<(), String>;

/// Reads all of it.
pub(super) fn check(file: &FleetFile) -> Result<(), FileError> {
    let mut check = Check::new(file);
    check.note("the fleet", check.policy());
    check.note("the fleet", check.dimensions_few());
    check.each(
        "machine",
        &file.machines,
        |machine| &machine.name,
        Check::machine,
    );
    check.each(
        "machine type",
        &file.machine_types,
        |machine| &machine.name,
        Check::machine_type,
    );
    check.each("plan", &file.plans, |plan| &plan.name, Check::plan);
    check.each("group", &file.groups, |group| &group.name, Check::group);
    check.each("virtual machine", &file.vms, |vm| &vm.name, Check::vm);
    check.note("history", check.history());
    if check.mistakes.is_empty() {
        // What is unknown can't be added up.
        check.note("the fleet", check.sums());
    }
    match check.mistakes.is_empty() {
        true => Ok(()),
        false => Err(FileError::Mistakes(check.mistakes)),
    }
}

/// What is known while it is read.
struct Check<'a> {
    file: &'a FleetFile,
    mistakes: Vec<Mistake>,
    /// What any machine has, or any that could be bought.
    dimensions: Map<&'a str, ()>,
    sites: Map<&'a str, ()>,
    machines: Map<&'a str, &'a MachineFile>,
    plans: Map<&'a str, &'a PlanFile>,
    groups: Map<&'a str, ()>,
}

impl<'a> Check<'a> {
    fn new(file: &'a FleetFile) -> Self {
        let all = || file.machines.iter().chain(&file.machine_types);
        let built_in = all().flat_map(|machine| machine.physical.keys());
        let built_in = built_in.map(String::as_str).chain(GIVEN);
        let named = |machine: &'a MachineFile| (machine.name.as_str(), machine);
        Self {
            file,
            mistakes: Vec::new(),
            dimensions: built_in.map(|name| (name, ())).collect(),
            sites: all().map(|machine| (machine.site.as_str(), ())).collect(),
            machines: file.machines.iter().map(named).collect(),
            plans: file
                .plans
                .iter()
                .map(|plan| (plan.name.as_str(), plan))
                .collect(),
            groups: file
                .groups
                .iter()
                .map(|group| (group.name.as_str(), ()))
                .collect(),
        }
    }

    fn note(&mut self, at: impl Into<String>, checked: Checked) {
        if let Err(why) = checked {
            let at = at.into();
            self.mistakes.push(Mistake { at, why });
        }
    }

    /// The first mistake of each entry; two of one name are one.
    fn each<T>(
        &mut self,
        what: &str,
        entries: &'a [T],
        name: impl Fn(&'a T) -> &'a String,
        checked: impl Fn(&Self, &'a T) -> Checked,
    ) {
        let mut seen: Map<&str, ()> = Map::default();
        for (number, entry) in entries.iter().enumerate() {
            let name = name(entry);
            if let Some(why) = flaw(name) {
                // By its place: what it is called can't be shown.
                self.note(format!("{what} {}", number + 1), Err(why.to_owned()));
            } else if seen.insert(name, ()).is_some() {
                self.note(
                    format!("{what} {name:?}"),
                    Err("there are two of this name".to_owned()),
                );
            } else if let Err(why) = checked(self, entry) {
                self.note(format!("{what} {name:?}"), Err(why));
            }
        }
    }

    fn policy(&self) -> Checked {
        let file = self.file;
        if file.machines.is_empty() {
            return Err("it has no machines".to_owned());
        }
        if file.tenant_cap == Some(0) {
            return Err(
                "a tenantCap of 0 would allow nothing; leave it out if there is none".to_owned(),
            );
        }
        let failures = file
            .survive
            .map_or(1, |survive| usize::from(survive.failures));
        if !(1..=FAILURES).contains(&failures) {
            return Err(format!(
                "between 1 and {FAILURES} failures at once can be survived, not {failures}"
            ));
        }
        if !(0..=MOST_MARGIN).contains(&file.usage_margin) {
            return Err(format!("usageMargin is in thousandths, 0 to {MOST_MARGIN}"));
        }
        file.now.map_or(Ok(()), |now| time("now", now))
    }

    fn dimensions_few(&self) -> Checked {
        match self.dimensions.len() > DIMENSIONS {
            true => Err(format!(
                "there can be at most {DIMENSIONS} dimensions, with memory and vcpus"
            )),
            false => Ok(()),
        }
    }

    fn history(&self) -> Checked {
        let history = &self.file.history;
        if history.len() > MOST_PERIODS {
            return Err(format!("it can have at most {MOST_PERIODS} periods"));
        }
        match history.iter().position(|count| !(0..=MOST).contains(count)) {
            Some(period) => Err(format!("period {} is below zero or above 2^53", period + 1)),
            None => Ok(()),
        }
    }

    /// All that is there, and all that runs, can be added up.
    fn sums(&self) -> Checked {
        for dimension in self.dimensions.keys() {
            let machines = self.file.machines.iter().chain(&self.file.machine_types);
            let there: i128 = machines.map(|of| machine::sellable(of, dimension)).sum();
            let size = |plan: &&PlanFile| plan.sizes.get(*dimension).copied().unwrap_or(0);
            let plans = self
                .file
                .vms
                .iter()
                .filter_map(|vm| self.plans.get(vm.plan.as_str()));
            let wanted: i128 = plans.map(|plan| i128::from(size(plan))).sum();
            if there.max(wanted) > MOST_IN_ALL {
                return Err(format!(
                    "there is more of {dimension} in all than can be counted (2^61); take a larger unit"
                ));
            }
        }
        Ok(())
    }

    /// Amounts that are there, of dimensions that some machine has.
    fn amounts(&self, what: &str, amounts: &Amounts) -> Checked {
        for (name, amount) in amounts {
            self.dimension(name)?;
            amount_fits(&format!("{what} of {name}"), *amount)?;
        }
        Ok(())
    }

    fn dimension(&self, name: &str) -> Checked {
        match self.dimensions.contains_key(name) {
            true => Ok(()),
            false => Err(format!("no machine has anything of {name:?}")),
        }
    }

    fn site(&self, site: &str) -> Checked {
        match self.sites.contains_key(site) {
            true => Ok(()),
            false => Err(format!("no machine is in the site {site:?}")),
        }
    }
}

fn amount_fits(what: &str, amount: i64) -> Checked {
    if amount < 0 {
        return Err(format!("{what}: {amount} is below zero"));
    }
    if amount > MOST {
        return Err(format!(
            "{what}: {amount} is more than can be counted (2^53); take a larger unit"
        ));
    }
    Ok(())
}

pub(super) fn time(what: &str, time: i64) -> Checked {
    match (-LATEST..=LATEST).contains(&time) {
        true => Ok(()),
        false => Err(format!("{what}: {time} is too far away (2^62)")),
    }
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> Checked {
    let flaw = texts.into_iter().find_map(|text| text_flaw(text));
    flaw.map_or(Ok(()), |flaw| Err(flaw.to_owned()))
}
