//! Plans: moves in waves, what each brings, what is left and why.

use serde::Serialize;

use super::{
    Report,
    reason::{ReasonTold, joined, machine, machines},
    words,
};
use crate::{Balance, Left, Plan, Step, VmNumber, file::Loaded};

/// Which plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanKind {
    /// Empties this machine.
    Drain(String),
    /// Restarts what was on machines that failed.
    Recover,
    /// Makes this even.
    Rebalance(Balance),
    /// Frees machines.
    Consolidate,
}

/// The plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanReport {
    /// `drain`, `recover`, `rebalance` or `consolidate`.
    pub plan: &'static str,
    /// One after another; the steps of one wave can run at once and end in any order.
    pub waves: Vec<Vec<StepTold>>,
    /// What has no place, or can't be moved.
    pub left: Vec<LeftTold>,
    /// How many moves.
    pub moves: usize,
    /// How much memory they copy, or how much is restarted.
    pub memory: i64,
    /// Machines that are empty afterwards and were not before.
    pub freed: Vec<String>,
    /// How many virtual machines would have no place after a failure when all is done.
    pub unprotected: usize,
    /// What the plan brings.
    pub measure: MeasureTold,
}

/// One move.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepTold {
    /// Which.
    pub vm: String,
    /// Where it is.
    pub from: String,
    /// Where it goes.
    pub to: String,
    /// Its memory.
    pub memory: i64,
    /// Whether it goes there only to make room, and on from there.
    pub is_detour: bool,
    /// What it brings, in the unit of the measure; less than 0 for a detour.
    pub gain: f64,
    /// What it brings, in parts of a hundred of what the plan brings.
    pub share: f64,
    /// The higher is restarted first; of a restart alone.
    pub priority: Option<u8>,
    /// Whether the place was kept for it; of a restart alone.
    pub is_kept: Option<bool>,
}

/// What is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftTold {
    /// Which.
    pub vm: String,
    /// The higher is restarted first.
    pub priority: u8,
    /// Why the other machines refuse it, the nearest to a place first.
    pub reasons: Vec<ReasonTold>,
    /// How many would take it: then it is being moved already, or the plan's limits were reached.
    pub fitting: usize,
}

/// What a plan brings: the lower, the better.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeasureTold {
    /// What is counted.
    pub unit: String,
    /// Before.
    pub before: f64,
    /// Afterwards.
    pub after: f64,
    /// No plan can reach less.
    pub bound: f64,
}

impl PlanReport {
    /// Of a plan that was just made: the fleet is as it was before.
    #[must_use]
    pub fn new(loaded: &Loaded, kind: &PlanKind, plan: &Plan) -> Self {
        let waves = plan.waves.iter();
        let waves: Vec<Vec<StepTold>> = waves
            .map(|wave| {
                let steps = wave.iter();
                let told = steps.map(|step| StepTold::new(loaded, kind, plan, step));
                told.collect()
            })
            .collect();
        Self {
            plan: kind.name(),
            left: plan
                .left
                .iter()
                .map(|left| LeftTold::new(loaded, left))
                .collect(),
            moves: plan.moves(),
            memory: waves.iter().flatten().map(|step| step.memory).sum(),
            waves,
            freed: plan.freed.iter().map(|one| machine(loaded, *one)).collect(),
            unprotected: plan.unprotected,
            measure: MeasureTold::new(loaded, kind, plan),
        }
    }
}

impl PlanKind {
    fn name(&self) -> &'static str {
        match self {
            Self::Drain(_) => "drain",
            Self::Recover => "recover",
            Self::Rebalance(_) => "rebalance",
            Self::Consolidate => "consolidate",
        }
    }

    /// In what its plan counts.
    fn one(&self) -> f64 {
        match self {
            Self::Rebalance(_) => Balance::ONE as f64,
            _ => 1.0,
        }
    }
}

impl StepTold {
    fn new(loaded: &Loaded, kind: &PlanKind, plan: &Plan, step: &Step) -> Self {
        let ask = loaded.fleet.ask_of(step.vm);
        let whole = (plan.before - plan.after).max(1) as f64;
        let is_restart = *kind == PlanKind::Recover;
        let mut backups = loaded.fleet.backups_of(step.vm);
        Self {
            vm: loaded.vm_name(step.vm),
            from: machine(loaded, step.from.machine),
            to: machine(loaded, step.to.machine),
            memory: memory(loaded, step.vm),
            is_detour: step.is_detour,
            gain: words::rounded(step.gain as f64 / kind.one()),
            share: words::rounded(step.gain as f64 * 100.0 / whole),
            priority: is_restart.then_some(ask.priority),
            is_kept: is_restart.then(|| backups.any(|backup| backup == step.to)),
        }
    }

    fn line(&self, plan: &str) -> String {
        let gain = match plan {
            "rebalance" => format!("{:.1} % of the gain", self.share),
            "consolidate" if self.gain > 0.0 => format!("{} is empty then", self.from),
            _ => String::new(),
        };
        let restart = match (self.priority, self.is_kept) {
            (Some(priority), Some(true)) => format!("priority {priority}, in a place kept for it"),
            (Some(priority), _) => format!("priority {priority}, elsewhere"),
            _ => String::new(),
        };
        let detour = if self.is_detour { "to make room" } else { "" };
        let memory = format!("{} of memory", self.memory);
        let all = [memory.as_str(), detour, &gain, &restart];
        let told: Vec<&str> = all.into_iter().filter(|one| !one.is_empty()).collect();
        let (vm, from, to) = (&self.vm, &self.from, &self.to);
        format!("  {vm}: {from} -> {to} ({})", told.join(", "))
    }
}

impl LeftTold {
    fn new(loaded: &Loaded, left: &Left) -> Self {
        let reasons = left.reasons.iter();
        Self {
            vm: loaded.vm_name(left.vm),
            priority: loaded.fleet.ask_of(left.vm).priority,
            reasons: reasons.map(|one| ReasonTold::past(loaded, one)).collect(),
            fitting: left.fitting,
        }
    }

    fn line(&self, is_restart: bool) -> String {
        let why = if self.fitting > 0 {
            let machines = words::count(self.fitting, "machine");
            format!("{machines} would take it: it is being moved already, or a limit is reached")
        } else if self.reasons.is_empty() {
            "there is no other machine".to_owned()
        } else {
            joined(&self.reasons)
        };
        let priority = match is_restart {
            true => format!(", priority {}", self.priority),
            false => String::new(),
        };
        format!("left: {}{priority} ({why})", self.vm)
    }
}

impl MeasureTold {
    fn new(loaded: &Loaded, kind: &PlanKind, plan: &Plan) -> Self {
        let unit = match kind {
            PlanKind::Drain(machine) => format!("virtual machines on {machine}"),
            PlanKind::Recover => "virtual machines that don't run".to_owned(),
            PlanKind::Rebalance(balance) => format!(
                "sum of the standard deviations between machines, of shares of what may be sold: {}",
                loaded.balance_text(balance)
            ),
            PlanKind::Consolidate => "machines in use".to_owned(),
        };
        let parts = |amount: i64| words::rounded(amount as f64 / kind.one());
        Self {
            unit,
            before: parts(plan.before),
            after: parts(plan.after),
            bound: parts(plan.bound),
        }
    }

    fn line(&self, plan: &str) -> String {
        let digits = if plan == "rebalance" { 4 } else { 0 };
        let number = |number: f64| format!("{number:.digits$}");
        let (before, after) = (number(self.before), number(self.after));
        let (bound, unit) = (number(self.bound), &self.unit);
        if plan == "rebalance" {
            format!("from {before} to {after}; no plan can reach less than {bound} ({unit})")
        } else {
            format!("from {before} to {after} {unit}; no plan can reach fewer than {bound}")
        }
    }
}

impl Report for PlanReport {
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, wave) in self.waves.iter().enumerate() {
            lines.push(format!("wave {}", number + 1));
            lines.extend(wave.iter().map(|step| step.line(self.plan)));
        }
        let is_restart = self.plan == "recover";
        lines.extend(self.left.iter().map(|left| left.line(is_restart)));
        lines.push(self.summary());
        if !self.freed.is_empty() && self.plan != "recover" {
            lines.push(format!("empty then: {}", machines(&self.freed)));
        }
        if self.unprotected > 0 {
            let count = words::count(self.unprotected, "virtual machine");
            lines.push(format!("without a place after a failure then: {count}"));
        }
        lines.push(self.measure.line(self.plan));
        lines
    }

    fn complaint(&self) -> Option<String> {
        let left = words::count(self.left.len(), "virtual machine");
        let is_bad = !self.left.is_empty() && matches!(self.plan, "drain" | "recover");
        is_bad.then(|| format!("{left} left without a place"))
    }
}

impl PlanReport {
    fn summary(&self) -> String {
        let waves = words::count(self.waves.len(), "wave");
        let memory = self.memory;
        match (self.plan, self.moves) {
            ("recover", 0) if self.left.is_empty() => {
                "Nothing is to be restarted: no machine has failed, or nothing runs there."
                    .to_owned()
            }
            ("recover", moves) => {
                let steps = self.waves.iter().flatten();
                let kept = steps.filter(|step| step.is_kept == Some(true)).count();
                let restarts = words::count(moves, "restart");
                let elsewhere = moves - kept;
                format!(
                    "{restarts} with {memory} of memory: {kept} in a place kept for it, {elsewhere} elsewhere"
                )
            }
            ("drain", 0) if self.left.is_empty() => "Nothing runs there.".to_owned(),
            ("drain", 0) => "Nothing can be moved.".to_owned(),
            ("rebalance", 0) => "No move is worth it.".to_owned(),
            ("consolidate", 0) => "No machine can be freed.".to_owned(),
            (_, moves) => {
                let moves = words::count(moves, "move");
                format!("{moves} in {waves}, {memory} of memory")
            }
        }
    }
}

fn memory(loaded: &Loaded, vm: VmNumber) -> i64 {
    loaded.fleet.need_of(loaded.fleet.ask_of(vm).need).sizes[0]
}
