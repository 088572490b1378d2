//! How many more fit, what is stranded, when it ends, and what to buy.

use std::cmp::Reverse;

use serde::Serialize;

use super::{
    Report,
    reason::{AmountTold, ReasonTold, amounts, joined, reasons, rule},
    words,
};
use crate::{Ask, FleetError, Stranded, file::Loaded, growth};

/// So many are counted.
const MOST: usize = 1_000_000;

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForecastReport {
    /// Each plan alone.
    pub plans: Vec<PlanTold>,
    /// All plans in their proportions.
    pub mix: MixTold,
    /// What is free when nothing fits any more, by what is in the way.
    pub stranded: Vec<StrandedTold>,
    /// When it ends; none without a history.
    pub growth: Option<GrowthTold>,
    /// What one more machine of each type would bring, the best first.
    pub advice: Vec<AdviceTold>,
}

/// How many more of one plan fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanTold {
    /// Which.
    pub plan: String,
    /// How many.
    pub more: usize,
    /// Why it fits nowhere, if it doesn't.
    pub reasons: Vec<ReasonTold>,
}

/// How many more of the mix fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MixTold {
    /// How many.
    pub more: usize,
    /// The plan that fits nowhere then.
    pub stopped_by: Option<String>,
    /// Plans that are left out, since no machine could hold them if it were empty.
    pub without: Vec<String>,
}

/// What is free and can't be sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StrandedTold {
    /// The rule that is in the way (see `ReasonTold`).
    pub rule: &'static str,
    /// On how many machines.
    pub machines: usize,
    /// What is free there of what plans ask for.
    pub free: Vec<AmountTold>,
    /// The rule in words.
    pub text: String,
}

/// When capacity ends, in periods from now; never, where there is no number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GrowthTold {
    /// At the fastest growth.
    pub earliest: Option<i64>,
    /// At the middle one.
    pub expected: Option<i64>,
    /// At the slowest.
    pub latest: Option<i64>,
}

/// What one more machine would bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdviceTold {
    /// Of which type.
    pub machine: String,
    /// How many more of the mix.
    pub gained: usize,
    /// Plans that fit no machine that is there, and would fit this one.
    pub opens: Vec<String>,
}

impl ForecastReport {
    /// Fills the fleet with each plan and with all of them.
    ///
    /// # Errors
    ///
    /// If a type of machine can't be added.
    pub fn new(loaded: &mut Loaded) -> Result<Self, FleetError> {
        let plans = loaded.plans.clone();
        let mix: Vec<(Ask, u32)> = plans.iter().map(|(_, ask, part)| (*ask, *part)).collect();
        let told = plans.iter().map(|(name, ask, _)| {
            let more = loaded.fleet.more(ask, MOST);
            PlanTold {
                plan: name.clone(),
                more,
                reasons: match more {
                    0 => reasons(loaded, ask),
                    _ => Vec::new(),
                },
            }
        });
        let told = told.collect();
        let mix_told = mix_told(loaded, &mix);
        Ok(Self {
            plans: told,
            stranded: stranded(loaded, &mix),
            growth: ends(loaded, mix_told.more),
            mix: mix_told,
            advice: advice(loaded, &mix)?,
        })
    }
}

fn mix_told(loaded: &mut Loaded, mix: &[(Ask, u32)]) -> MixTold {
    let more = loaded.fleet.more_of_mix(mix, MOST);
    MixTold {
        more: more.count,
        stopped_by: more.full.map(|at| loaded.plans[at].0.clone()),
        without: names(loaded, &more.misfits),
    }
}

fn names(loaded: &Loaded, plans: &[usize]) -> Vec<String> {
    plans.iter().map(|at| loaded.plans[*at].0.clone()).collect()
}

fn stranded(loaded: &mut Loaded, mix: &[(Ask, u32)]) -> Vec<StrandedTold> {
    let mut asks: Vec<Ask> = mix.iter().map(|(ask, _)| *ask).collect();
    // The large ones first; the small ones fill the gaps.
    asks.sort_by_key(|ask| Reverse(loaded.fleet.need_of(ask.need).sizes));
    let found = loaded.fleet.stranded(&asks, MOST);
    let told = found.iter().map(|one| StrandedTold::new(loaded, one));
    told.collect()
}

impl StrandedTold {
    fn new(loaded: &Loaded, stranded: &Stranded) -> Self {
        let free = stranded.free.iter().copied().enumerate();
        let free: Vec<(usize, i64)> = free.filter(|(_, free)| *free > 0).collect();
        Self {
            rule: rule(&stranded.by),
            machines: stranded.machines,
            free: amounts(loaded, &free),
            text: loaded.refusal_text(&stranded.by),
        }
    }

    fn line(&self) -> String {
        let amount = |one: &AmountTold| format!("{} of {}", one.amount, one.dimension);
        let free: Vec<String> = self.free.iter().map(amount).collect();
        let machines = words::count(self.machines, "machine");
        let (free, why) = (free.join(", "), &self.text);
        match self.machines {
            1 => format!("stranded on {machines}: {free} ({why})"),
            _ => format!("stranded on {machines}: {free} (nearest: {why})"),
        }
    }
}

fn ends(loaded: &Loaded, more: usize) -> Option<GrowthTold> {
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    growth(&loaded.history, more).map(|growth| GrowthTold {
        earliest: growth.earliest,
        expected: growth.expected,
        latest: growth.latest,
    })
}

fn advice(loaded: &mut Loaded, mix: &[(Ask, u32)]) -> Result<Vec<AdviceTold>, FleetError> {
    let types: Vec<_> = loaded.types.iter().map(|one| one.1.clone()).collect();
    let advice = loaded.fleet.advice(&types, mix, MOST)?;
    let told = advice.iter().map(|one| AdviceTold {
        machine: loaded.types[one.which].0.clone(),
        gained: one.gained,
        opens: names(loaded, &one.opens),
    });
    Ok(told.collect())
}

impl PlanTold {
    fn line(&self) -> String {
        let name = &self.plan;
        match self.more {
            0 if self.reasons.is_empty() => format!("{name}: fits nowhere, there are no machines"),
            0 => format!("{name}: fits nowhere ({})", joined(&self.reasons)),
            more => format!("{name}: {more} more"),
        }
    }
}

impl MixTold {
    fn line(&self) -> String {
        let mut line = format!("of the mix: {} more", self.more);
        if let Some(plan) = &self.stopped_by {
            line += &format!(", then {plan} fits nowhere");
        }
        if !self.without.is_empty() {
            line += &format!(
                "; without {}, which no machine could hold",
                self.without.join(", ")
            );
        }
        line
    }
}

impl GrowthTold {
    fn line(&self) -> String {
        let periods = |ends: Option<i64>| match ends {
            None => "never".to_owned(),
            Some(0) => "now".to_owned(),
            Some(1) => "in 1 period".to_owned(),
            Some(ends) => format!("in {ends} periods"),
        };
        format!(
            "capacity ends {} (earliest {}, latest {})",
            periods(self.expected),
            periods(self.earliest),
            periods(self.latest)
        )
    }
}

impl AdviceTold {
    fn line(&self) -> String {
        let mut line = format!("one more {}: {} more of the mix", self.machine, self.gained);
        if !self.opens.is_empty() {
            line += &format!(", and {} would fit", self.opens.join(", "));
        }
        line
    }
}

impl Report for ForecastReport {
    fn lines(&self) -> Vec<String> {
        if self.plans.is_empty() {
            return vec!["There are no plans.".to_owned()];
        }
        let mut lines: Vec<String> = self.plans.iter().map(PlanTold::line).collect();
        lines.push(self.mix.line());
        lines.extend(self.stranded.iter().map(StrandedTold::line));
        if self.stranded.is_empty() {
            lines.push("Nothing is stranded.".to_owned());
        }
        lines.extend(self.growth.iter().map(GrowthTold::line));
        lines.extend(self.advice.iter().map(AdviceTold::line));
        lines
    }
}
