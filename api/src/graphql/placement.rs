//! Why a machine was chosen and each other was not.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{MachineState, PlacementRemedy};

use super::{
    machine::Machine,
    noun::{find_opt, global},
    scalars::BigInt,
    states::State,
};

/// A decision as GraphQL shows it.
pub(crate) struct Placement(pub model::Explanation);

/// One decision about where a virtual machine goes.
#[Object]
impl Placement {
    /// The machine that was chosen, if one was. For the provider.
    async fn chosen(&self, ctx: &Context<'_>) -> Result<Option<Machine>> {
        find_opt(ctx, self.0.chosen).await
    }

    /// In the order of their names: if none was chosen every machine of the site, else the chosen one and
    /// the five of the site that came closest to it. For the provider: for others it is empty.
    async fn candidates(&self) -> Vec<PlacementCandidate> {
        self.0
            .candidates
            .iter()
            .map(PlacementCandidate::of)
            .collect()
    }

    /// How many machines that are not among `candidates` got which verdict. For a storefront these are all
    /// machines of the site; for the provider those of other sites are counted too.
    async fn others(&self) -> Vec<PlacementCount> {
        self.0.others.iter().map(PlacementCount::of).collect()
    }

    /// What would help, where no machine fits; empty where one does.
    async fn remedies(&self) -> Vec<State<PlacementRemedy>> {
        self.0.remedies().into_iter().map(State).collect()
    }

    /// Why the others were not chosen, in one line: `m2: 1.2 GiB of memory short; m3: draining; 12 more:
    /// in another site`. More than six candidates that were refused are told by verdict: `40 machines: too
    /// little room; 1 machine: closed`.
    async fn text(&self) -> String {
        self.0.text()
    }
}

/// What was found of a machine.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum PlacementVerdict {
    /// It fits; `score` says how well.
    Fits,
    /// The provider doesn't want new virtual machines there; `machineState` says why.
    State,
    /// It can't be reached.
    Unreachable,
    /// It is in another site than was asked for.
    OtherSite,
    /// The data volumes are on another machine.
    DataElsewhere,
    /// It isn't on a network with free addresses.
    NoNetwork,
    /// It has too little of something; `shortages` says of what.
    Short,
    /// The tenant has as many virtual machines there as it may have.
    TenantCap,
    /// There is room, but it is kept for what would be restarted there if another machine failed;
    /// `shortages` says what is missing beside it.
    Kept,
    /// If the machine failed, the virtual machine, or one that is there already, would have no place.
    NoRestart,
}

impl From<model::VerdictKind> for PlacementVerdict {
    fn from(kind: model::VerdictKind) -> Self {
        match kind {
            model::VerdictKind::Fits => Self::Fits,
            model::VerdictKind::State => Self::State,
            model::VerdictKind::Unreachable => Self::Unreachable,
            model::VerdictKind::OtherSite => Self::OtherSite,
            model::VerdictKind::DataElsewhere => Self::DataElsewhere,
            model::VerdictKind::NoNetwork => Self::NoNetwork,
            model::VerdictKind::Short => Self::Short,
            model::VerdictKind::TenantCap => Self::TenantCap,
            model::VerdictKind::Kept => Self::Kept,
            model::VerdictKind::NoRestart => Self::NoRestart,
        }
    }
}

/// Of how many machines something was found.
#[derive(SimpleObject)]
pub(crate) struct PlacementCount {
    /// What.
    verdict: PlacementVerdict,
    /// Of how many.
    machines: u32,
    /// The verdict for people.
    text: &'static str,
}

impl PlacementCount {
    fn of(count: &model::VerdictCount) -> Self {
        Self {
            verdict: count.verdict.into(),
            machines: count.machines,
            text: count.verdict.text(),
        }
    }
}

/// One machine in a decision.
#[derive(SimpleObject)]
pub(crate) struct PlacementCandidate {
    /// Global id of the machine, which may be gone since.
    machine_id: ID,
    /// Its name then.
    machine_name: String,
    /// What was found.
    verdict: PlacementVerdict,
    /// How well it fits: the lower, the better.
    score: Option<BigInt>,
    /// The machine's state then, if that was the reason.
    machine_state: Option<State<MachineState>>,
    /// What was short.
    shortages: Vec<PlacementShortage>,
    /// The same for people.
    text: String,
}

impl PlacementCandidate {
    fn of(candidate: &model::Candidate) -> Self {
        let mut shown = Self {
            machine_id: global(candidate.machine_id),
            machine_name: candidate.machine.clone(),
            verdict: candidate.verdict.kind().into(),
            score: None,
            machine_state: None,
            shortages: Vec::new(),
            text: candidate.verdict.text(),
        };
        match &candidate.verdict {
            model::Verdict::Fits { score } => shown.score = Some(BigInt(*score)),
            model::Verdict::State { state } => shown.machine_state = Some(State(*state)),
            model::Verdict::Short { shortages } | model::Verdict::Kept { shortages } => {
                shown.shortages = shortages.iter().map(PlacementShortage::of).collect();
            }
            _ => {}
        }
        shown
    }
}

/// What there can be too little of.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum PlacementResource {
    /// Memory, in bytes.
    Memory,
    /// Virtual CPUs.
    Vcpus,
    /// Disk in the storage pool, in bytes.
    Disk,
}

/// Too little of something.
#[derive(SimpleObject)]
pub(crate) struct PlacementShortage {
    /// Of what.
    resource: PlacementResource,
    /// By how much: bytes, or virtual CPUs.
    missing: BigInt,
    /// The same for people.
    text: String,
}

impl PlacementShortage {
    pub(crate) fn of(shortage: &model::Shortage) -> Self {
        let (resource, missing) = match shortage {
            model::Shortage::Memory { missing } => (PlacementResource::Memory, *missing),
            model::Shortage::Vcpus { missing } => (PlacementResource::Vcpus, *missing),
            model::Shortage::Disk { missing } => (PlacementResource::Disk, *missing),
        };
        Self {
            resource,
            missing: BigInt(missing),
            text: shortage.text(),
        }
    }
}
