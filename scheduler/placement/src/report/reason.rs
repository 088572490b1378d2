//! Why machines refuse something.

use serde::Serialize;

use super::words;
use crate::{Ask, MachineNumber, Reason, Refusal, file::Loaded};

/// Machines that refuse for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReasonTold {
    /// The rule: `state`, `site`, `label`, `taint`, `cpu`, `short`, `nodes`, `group`, `tenantCap`, `kept`,
    /// `noRestart` or `family`.
    pub rule: &'static str,
    /// How many machines.
    pub machines: usize,
    /// The machine where least is missing.
    pub nearest: String,
    /// What is missing there.
    pub missing: Vec<AmountTold>,
    /// The reason in words.
    pub text: String,
}

/// So much of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AmountTold {
    /// Its name.
    pub dimension: String,
    /// How much.
    pub amount: i64,
}

impl ReasonTold {
    /// With everything that is missing on the nearest machine.
    pub(super) fn of(loaded: &Loaded, ask: &Ask, reason: &Reason) -> Self {
        let missing = loaded.fleet.missing(ask, reason.nearest, &reason.by);
        Self::with(loaded, reason, &missing)
    }

    /// Where the fleet isn't as it was when it was refused: with what the refusal says itself.
    pub(super) fn past(loaded: &Loaded, reason: &Reason) -> Self {
        let missing = match reason.by {
            Refusal::Short { dimension, missing } | Refusal::Kept { dimension, missing } => {
                vec![(dimension, missing)]
            }
            _ => Vec::new(),
        };
        Self::with(loaded, reason, &missing)
    }

    fn with(loaded: &Loaded, reason: &Reason, missing: &[(usize, i64)]) -> Self {
        Self {
            rule: rule(&reason.by),
            machines: reason.machines,
            nearest: machine(loaded, reason.nearest),
            missing: amounts(loaded, missing),
            text: loaded.refusal_text_of(&reason.by, missing),
        }
    }

    /// "m2: draining", or "3 machines: at least 2 of memory short".
    pub(super) fn line(&self) -> String {
        match self.machines {
            1 => format!("{}: {}", self.nearest, self.text),
            count if self.missing.is_empty() => format!("{count} machines: {}", self.text),
            count => format!(
                "{count} machines: {}, nearest on {}",
                self.text, self.nearest
            ),
        }
    }
}

/// All in one line.
pub(super) fn joined(reasons: &[ReasonTold]) -> String {
    let lines: Vec<String> = reasons.iter().map(ReasonTold::line).collect();
    lines.join("; ")
}

/// Why each machine refuses it, as the fleet is.
pub(super) fn reasons(loaded: &mut Loaded, ask: &Ask) -> Vec<ReasonTold> {
    let explained = loaded.fleet.explain(ask);
    let refused = explained
        .iter()
        .enumerate()
        .filter_map(|(at, one)| match one {
            crate::Explained::Refused(by) => Some((MachineNumber::at(at), *by)),
            crate::Explained::Fits { .. } => None,
        });
    let reasons = Reason::all(refused);
    let told = reasons.iter().map(|one| ReasonTold::of(loaded, ask, one));
    told.collect()
}

pub(super) fn amounts(loaded: &Loaded, amounts: &[(usize, i64)]) -> Vec<AmountTold> {
    let told = |(at, amount): &(usize, i64)| AmountTold {
        dimension: loaded
            .fleet
            .dimensions()
            .get(*at)
            .cloned()
            .unwrap_or_default(),
        amount: *amount,
    };
    amounts.iter().map(told).collect()
}

pub(super) fn machine(loaded: &Loaded, number: MachineNumber) -> String {
    loaded.machines[number.index()].clone()
}

/// "2 machines: m1, m2".
pub(super) fn machines(names: &[String]) -> String {
    format!(
        "{}: {}",
        words::count(names.len(), "machine"),
        words::some(names)
    )
}

pub(super) fn rule(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::State(_) => "state",
        Refusal::Site => "site",
        Refusal::Label(_) => "label",
        Refusal::Taint(_) => "taint",
        Refusal::Cpu(_) => "cpu",
        Refusal::Short { .. } => "short",
        Refusal::Nodes { .. } => "nodes",
        Refusal::Group(_) => "group",
        Refusal::TenantCap => "tenantCap",
        Refusal::Kept { .. } => "kept",
        Refusal::NoRestart => "noRestart",
        Refusal::Family => "family",
    }
}
