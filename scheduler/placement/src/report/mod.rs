//! What `berth fleet` tells: each answer is one structure, which is printed as lines for people or as JSON
//! for programs, so that the two can't differ. Amounts are in the units of the file; names are the file's.

mod explain;
mod forecast;
mod place;
mod plan;
mod reason;
mod simulate;
mod survive;
mod words;

use serde::Serialize;

pub use explain::{ChosenTold, ExplainReport, LessTold, MachineTold, Question};
pub use forecast::{AdviceTold, ForecastReport, GrowthTold, MixTold, PlanTold, StrandedTold};
pub use place::{Order, PlaceReport, PlacedTold, RefusedTold};
pub use plan::{LeftTold, MeasureTold, PlanKind, PlanReport, StepTold};
pub use reason::{AmountTold, ReasonTold};
pub use simulate::{RefusalTold, SimulateReport};
pub use survive::{FailedTold, LostTold, PAIRS_MOST, PairsTold, SurvivalTold, SurviveReport};

use crate::{State, VmNumber, file::Loaded};

/// An answer.
pub trait Report: Serialize {
    /// For people, without line ends.
    fn lines(&self) -> Vec<String>;

    /// What isn't as it should be, in a few words: something is lost, left or refused.
    fn complaint(&self) -> Option<String> {
        None
    }
}

impl Loaded {
    /// What is broken in the fleet as it is, before anything is asked of it.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let names = self.unprotected();
        if names.is_empty() {
            return Vec::new();
        }
        let have = words::verb(names.len(), "has", "have");
        let count = words::count(names.len(), "virtual machine");
        vec![format!(
            "{count} {have} no place after a failure now: {}",
            words::some(&names)
        )]
    }

    /// What runs and has no place after a failure.
    fn unprotected(&self) -> Vec<String> {
        let runs = |vm: &VmNumber| {
            let place = self.fleet.place_of(*vm);
            place.is_some_and(|place| self.fleet.state(place.machine) != State::Failed)
        };
        let unprotected = self.fleet.unprotected().filter(runs);
        unprotected.map(|vm| self.vm_name(vm)).collect()
    }
}
