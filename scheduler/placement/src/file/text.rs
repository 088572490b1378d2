//! Explanations for people.

use super::Loaded;
use crate::{decide::Relaxation, fleet::State, rules::Refusal};

impl Loaded {
    /// Why a machine is refused.
    #[must_use]
    pub fn refusal_text(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::Short { dimension, missing } | Refusal::Kept { dimension, missing } => {
                self.refusal_text_of(refusal, &[(*dimension, *missing)])
            }
            _ => self.refusal_text_of(refusal, &[]),
        }
    }

    /// The same with everything that is missing, as `Fleet::missing` tells it.
    #[must_use]
    pub fn refusal_text_of(&self, refusal: &Refusal, missing: &[(usize, i64)]) -> String {
        let missing = self.amounts_text(missing);
        let label = |at: usize| self.labels.get(at).map_or("?", String::as_str);
        match refusal {
            Refusal::State(state) => state_text(*state).to_owned(),
            Refusal::Site => "in another site".to_owned(),
            Refusal::Label(number) => format!("without the label {}", label(number.index())),
            Refusal::Taint(number) => format!("has the taint {}", label(number.index())),
            Refusal::Cpu(level) => {
                format!(
                    "its processors can do no more than {}",
                    format!("{level:?}").to_lowercase()
                )
            }
            Refusal::Short { .. } => format!("{missing} short"),
            Refusal::Nodes { missing: nodes } => {
                let nodes = match nodes {
                    1 => "1 more of its NUMA nodes would need room".to_owned(),
                    _ => format!("{nodes} more of its NUMA nodes would need room"),
                };
                if missing.is_empty() {
                    nodes
                } else {
                    format!("{nodes}: {missing} short there")
                }
            }
            Refusal::Group(group) => {
                let name = self.groups.get(group.index()).map_or("?", String::as_str);
                format!("would break the group {name}")
            }
            Refusal::TenantCap => "the tenant has as many there as it may have".to_owned(),
            Refusal::Kept { .. } => {
                format!("{missing} short beside what is kept for restarts")
            }
            Refusal::NoRestart => "no place to restart it if this machine failed".to_owned(),
            Refusal::Family => "can't be moved between these processors while it runs".to_owned(),
        }
    }

    fn dimension_text(&self, at: usize) -> &str {
        self.fleet.dimensions().get(at).map_or("?", String::as_str)
    }

    /// Such as "2 of memory and 4 of vcpus".
    pub(crate) fn amounts_text(&self, amounts: &[(usize, i64)]) -> String {
        let one = |(at, amount): &(usize, i64)| format!("{amount} of {}", self.dimension_text(*at));
        let all: Vec<String> = amounts.iter().map(one).collect();
        match all.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("{} and {last}", others.join(", "))
            }
            _ => all.concat(),
        }
    }

    /// What would have to change.
    #[must_use]
    pub fn relaxation_text(&self, relaxation: &Relaxation) -> String {
        let machines = match relaxation.machines {
            1 => "1 more machine".to_owned(),
            count => format!("{count} more machines"),
        };
        if let Refusal::Short { dimension, missing } = relaxation.without {
            let name = self.dimension_text(dimension);
            return format!("{machines} would fit with {missing} less of {name}");
        }
        if relaxation.without == Refusal::NoRestart {
            return format!("{machines} would fit if it needn't be restarted after a failure");
        }
        let rule = self.refusal_text(&relaxation.without);
        format!("{machines} would fit but for this: {rule}")
    }
}

fn state_text(state: State) -> &'static str {
    match state {
        State::Active => "active",
        State::Draining => "draining",
        State::Maintenance => "in maintenance",
        State::Suspect => "suspect",
        State::Failed => "failed",
    }
}
