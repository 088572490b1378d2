//! Explanations for people.

use super::Loaded;
use crate::{decide::Relaxation, fleet::State, rules::Refusal};

impl Loaded {
    /// Why a machine is refused.
    #[must_use]
    pub fn refusal_text(&self, refusal: &Refusal) -> String {
        let dimension = |at: usize| self.fleet.dimensions().get(at).map_or("?", String::as_str);
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
            Refusal::Short {
                dimension: at,
                missing,
            } => {
                format!("{missing} of {} short", dimension(*at))
            }
            Refusal::Nodes { missing } => {
                format!("{missing} more of its NUMA nodes would need room")
            }
            Refusal::Group(group) => {
                let name = self.groups.get(group.index()).map_or("?", String::as_str);
                format!("would break the group {name}")
            }
            Refusal::TenantCap => "the tenant has as many there as it may have".to_owned(),
            Refusal::Kept {
                dimension: at,
                missing,
            } => {
                format!(
                    "{missing} of {} short beside what is kept for restarts",
                    dimension(*at)
                )
            }
            Refusal::NoRestart => "no place to restart it if this machine failed".to_owned(),
            Refusal::Family => "can't be moved between these processors while it runs".to_owned(),
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
            let name = self
                .fleet
                .dimensions()
                .get(dimension)
                .map_or("?", String::as_str);
            return format!("{machines} would fit with {missing} less of {name}");
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
