//! Where a plan fits, where it doesn't, and what would help.

use serde::Serialize;

use super::{
    Report,
    reason::{AmountTold, ReasonTold, amounts, joined, machine, rule},
    words,
};
use crate::{
    Ask, Explained, MachineNumber, Merit, Reason, Refusal, Relaxation, TenantNumber, file::Loaded,
};

/// Up to so many machines the list alone says enough.
const FEW: usize = 10;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// One of the plans of the file.
    pub plan: String,
    /// Whose it would be; nobody's who has something in the file, unless said.
    pub tenant: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Whether machines are told one by one.
    pub is_brief: bool,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainReport {
    /// What was asked for.
    pub plan: String,
    /// How many machines there are.
    pub machine_count: usize,
    /// On how many it fits.
    pub fitting: usize,
    /// Where it would go.
    pub chosen: Option<ChosenTold>,
    /// Each machine; none where the summary alone was asked for.
    pub machines: Vec<MachineTold>,
    /// How many machines refuse for which reason, the nearest to a place first.
    pub reasons: Vec<ReasonTold>,
    /// What would help.
    pub relaxations: Vec<LessTold>,
}

/// The machine that is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChosenTold {
    /// It.
    pub machine: String,
    /// The next best, if there is one.
    pub over: Option<String>,
    /// What makes it better.
    pub because: Option<String>,
}

/// What is told of one machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineTold {
    /// It.
    pub machine: String,
    /// Whether it fits.
    pub fits: bool,
    /// The lower, the better; none where it doesn't fit.
    pub score: Option<i64>,
    /// The first rule that refuses it (see `ReasonTold`).
    pub rule: Option<&'static str>,
    /// Everything that is short, if that is the rule.
    pub missing: Vec<AmountTold>,
    /// All of it in words.
    pub text: String,
}

/// One change that would help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LessTold {
    /// The rule that would not have to be met (see `ReasonTold`).
    pub rule: &'static str,
    /// How much less would have to be asked, if it is an amount.
    pub less: Option<AmountTold>,
    /// How many more machines would fit.
    pub machines: usize,
    /// All of it in words.
    pub text: String,
}

impl Loaded {
    /// What a question asks for.
    ///
    /// # Errors
    ///
    /// With what to say, if something that it names isn't there.
    pub fn ask(&self, plan: &str, tenant: Option<&str>, groups: &[String]) -> Result<Ask, String> {
        let mut ask = self.plan(plan).map_err(|error| error.to_string())?;
        if let Some(tenant) = tenant {
            ask.tenant = self.tenant_known(tenant).unwrap_or(TenantNumber(u32::MAX));
        }
        if groups.len() > crate::GROUPS {
            return Err(format!(
                "A virtual machine can be in at most {} groups.",
                crate::GROUPS
            ));
        }
        for group in groups {
            let group = self.group(group).map_err(|error| error.to_string())?;
            ask = ask.of(group);
        }
        Ok(ask)
    }
}

impl ExplainReport {
    /// Asks every machine.
    ///
    /// # Errors
    ///
    /// With what to say, if something that the question names isn't there.
    pub fn new(loaded: &mut Loaded, question: &Question) -> Result<Self, String> {
        let ask = loaded.ask(&question.plan, question.tenant.as_deref(), &question.groups)?;
        let placed = loaded.fleet.preview(&ask).ok();
        let chosen = placed.map(|placed| placed.place.machine);
        let explained = loaded.fleet.explain(&ask);
        let told = explained.iter().enumerate().map(|(at, one)| {
            let machine = MachineNumber::at(at);
            MachineTold::new(loaded, &ask, machine, one, chosen == Some(machine))
        });
        let told: Vec<MachineTold> = told.collect();
        let numbered = || explained.iter().enumerate();
        let refused = numbered().filter_map(|(at, one)| match one {
            Explained::Refused(by) => Some((MachineNumber::at(at), *by)),
            Explained::Fits { .. } => None,
        });
        let second = numbered()
            .filter_map(|(at, one)| match one {
                Explained::Fits { score } => Some((*score, MachineNumber::at(at))),
                Explained::Refused(_) => None,
            })
            .filter(|(_, machine)| Some(*machine) != chosen)
            .min();
        let reasons = Reason::all(refused);
        let relaxations = loaded.fleet.relax(&ask);
        Ok(Self {
            plan: question.plan.clone(),
            machine_count: told.len(),
            fitting: told.iter().filter(|one| one.fits).count(),
            chosen: chosen
                .map(|chosen| ChosenTold::new(loaded, &ask, chosen, second.map(|second| second.1))),
            reasons: reasons
                .iter()
                .map(|reason| ReasonTold::of(loaded, &ask, reason))
                .collect(),
            machines: if question.is_brief { Vec::new() } else { told },
            relaxations: relaxations
                .iter()
                .map(|one| LessTold::new(loaded, one))
                .collect(),
        })
    }
}

impl MachineTold {
    fn new(
        loaded: &Loaded,
        ask: &Ask,
        number: MachineNumber,
        explained: &Explained,
        is_chosen: bool,
    ) -> Self {
        let (score, refusal) = match explained {
            Explained::Fits { score } => (Some(*score), None),
            Explained::Refused(refusal) => (None, Some(refusal)),
        };
        let missing = refusal.map(|refusal| loaded.fleet.missing(ask, number, refusal));
        let missing = missing.unwrap_or_default();
        let text = match refusal {
            Some(refusal) => loaded.refusal_text_of(refusal, &missing),
            None if is_chosen => "fits, and would be chosen".to_owned(),
            None => "fits".to_owned(),
        };
        Self {
            machine: machine(loaded, number),
            fits: refusal.is_none(),
            score,
            rule: refusal.map(rule),
            missing: amounts(loaded, &missing),
            text,
        }
    }
}

impl ChosenTold {
    fn new(loaded: &Loaded, ask: &Ask, chosen: MachineNumber, over: Option<MachineNumber>) -> Self {
        let merit = |machine| loaded.fleet.merit(ask, machine);
        let is_spread = loaded.fleet.policy().spread;
        Self {
            machine: machine(loaded, chosen),
            over: over.map(|over| machine(loaded, over)),
            because: over.map(|over| better(&merit(chosen), &merit(over), is_spread)),
        }
    }
}

/// The first of the parts of a score that speaks for the chosen one.
fn better(chosen: &Merit, over: &Merit, is_spread: bool) -> String {
    let (here, there) = (words::percent(chosen.unsold), words::percent(over.unsold));
    let unsold = format!("{here} of it is unsold, of the other {there}");
    if chosen.broken < over.broken {
        "fewer of the groups that are only wished for would be broken".to_owned()
    } else if !chosen.is_copied && over.is_copied {
        "its image is there already".to_owned()
    } else if is_spread && chosen.unsold > over.unsold {
        format!("it is emptier: {unsold}")
    } else if !is_spread && chosen.unsold < over.unsold {
        format!("it is fuller: {unsold}")
    } else if chosen.crooked < over.crooked {
        "what would be left there is less lopsided".to_owned()
    } else if chosen.score < over.score {
        "what runs there has been there for longer".to_owned()
    } else {
        "the two are alike, and it comes first".to_owned()
    }
}

impl LessTold {
    fn new(loaded: &Loaded, relaxation: &Relaxation) -> Self {
        let less = match relaxation.without {
            Refusal::Short { dimension, missing } => amounts(loaded, &[(dimension, missing)]),
            _ => Vec::new(),
        };
        Self {
            rule: rule(&relaxation.without),
            less: less.into_iter().next(),
            machines: relaxation.machines,
            text: loaded.relaxation_text(relaxation),
        }
    }
}

impl Report for ExplainReport {
    fn lines(&self) -> Vec<String> {
        let machine = |one: &MachineTold| format!("{}: {}", one.machine, one.text);
        let mut lines: Vec<String> = self.machines.iter().map(machine).collect();
        if self.machine_count == 0 {
            lines.push("There are no machines.".to_owned());
        }
        if self.machine_count > FEW || (self.machines.is_empty() && self.machine_count > 0) {
            let of = words::count(self.machine_count, "machine");
            lines.push(format!("{} fits on {} of {of}.", self.plan, self.fitting));
            if !self.reasons.is_empty() {
                lines.push(format!("Refused: {}.", joined(&self.reasons)));
            }
        }
        if let Some(chosen) = &self.chosen
            && let (Some(over), Some(because)) = (&chosen.over, &chosen.because)
        {
            let name = &chosen.machine;
            lines.push(format!("{name} would be chosen, then {over}: {because}."));
        }
        let relaxations = self.relaxations.iter();
        lines.extend(relaxations.map(|one| format!("{}.", one.text)));
        lines
    }
}
