//! A fleet as text: what `berth fleet` reads. See `docs/placement.md` for all fields and an example.
//!
//! Amounts are whole numbers in any unit, as long as it is the same everywhere: bytes, MiB, cores.

mod amounts;
mod check;
mod domain;
mod error;
mod even;
mod ganeti;
mod load;
mod names;
mod text;
mod trace;

use serde::{Deserialize, Serialize};

pub use amounts::Amounts;
pub use error::{FileError, Mistake};
pub use ganeti::{GANETI_BALANCE, from_ganeti};
pub use load::Loaded;
pub use trace::{Ends, Trace};

/// A fleet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FleetFile {
    /// After which failures everything must have a place.
    pub survive: Option<SurviveFile>,
    /// The most virtual machines of one tenant on one machine.
    pub tenant_cap: Option<u32>,
    /// Whether the load is spread instead of filling machines.
    #[serde(default)]
    pub spread: bool,
    /// The moment, on the scale of the ends that are expected; without it they count for nothing.
    pub now: Option<i64>,
    /// What is added to a measured use, in thousandths of it.
    #[serde(default)]
    pub usage_margin: i64,
    /// Whether it is Ganeti's format that was read.
    #[serde(skip)]
    pub is_ganeti: bool,
    /// Machines; ties break in this order.
    pub machines: Vec<MachineFile>,
    /// What is sold.
    #[serde(default)]
    pub plans: Vec<PlanFile>,
    /// Groups of virtual machines.
    #[serde(default)]
    pub groups: Vec<GroupFile>,
    /// What runs.
    #[serde(default)]
    pub vms: Vec<VmFile>,
    /// What could be bought; the racks may be new ones.
    #[serde(default)]
    pub machine_types: Vec<MachineFile>,
    /// How many of the mix there were at the end of each period, the oldest first.
    #[serde(default)]
    pub history: Vec<i64>,
}

/// Failures that are to be survived.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurviveFile {
    /// What fails as one.
    pub domain: DomainFile,
    /// How many at once: 1 or 2.
    #[serde(default = "one")]
    pub failures: u8,
}

/// A kind of failure domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DomainFile {
    /// Machines.
    Machine,
    /// Racks.
    Rack,
    /// Sites.
    Site,
}

/// A machine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MachineFile {
    /// Unique.
    pub name: String,
    /// Where it is.
    #[serde(default)]
    pub site: String,
    /// Unique within its site.
    #[serde(default)]
    pub rack: String,
    /// What is built in.
    #[serde(deserialize_with = "amounts::once")]
    pub physical: Amounts,
    /// How much may be sold, in thousandths of what is built in; 1,000 where nothing is said.
    #[serde(default, deserialize_with = "amounts::once")]
    pub overcommit: Amounts,
    /// What is kept for the host itself.
    #[serde(default, deserialize_with = "amounts::once")]
    pub reserve: Amounts,
    /// Memory and vCPUs of each NUMA node.
    #[serde(default)]
    pub nodes: Vec<NodeFile>,
    /// What plans can ask for.
    #[serde(default)]
    pub labels: Vec<String>,
    /// What plans must tolerate.
    #[serde(default)]
    pub taints: Vec<String>,
    /// `v1` to `v4`.
    #[serde(default)]
    pub cpu: CpuFile,
    /// Live moves work within one family.
    #[serde(default)]
    pub cpu_family: String,
    /// Images that are there.
    #[serde(default)]
    pub images: Vec<String>,
    /// Its state.
    #[serde(default)]
    pub state: StateFile,
}

/// A NUMA node.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFile {
    /// Memory that may be sold.
    pub memory: i64,
    /// vCPUs that may be sold.
    pub vcpus: i64,
}

/// What processors can do: x86-64's levels.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CpuFile {
    /// x86-64.
    #[default]
    V1,
    /// x86-64-v2.
    V2,
    /// x86-64-v3.
    V3,
    /// x86-64-v4.
    V4,
}

/// A machine's state.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StateFile {
    /// Takes whatever fits.
    #[default]
    Active,
    /// Is being emptied.
    Draining,
    /// Is worked on.
    Maintenance,
    /// Doesn't answer.
    Suspect,
    /// Is dead.
    Failed,
}

/// What is sold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanFile {
    /// Unique.
    pub name: String,
    /// What it needs.
    #[serde(deserialize_with = "amounts::once")]
    pub sizes: Amounts,
    /// Over how many NUMA nodes it is split; 0 where nodes don't matter.
    #[serde(default)]
    pub nodes: u8,
    /// In which site.
    pub site: Option<String>,
    /// What the machine must have.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Taints that don't matter.
    #[serde(default)]
    pub tolerations: Vec<String>,
    /// What the processors must be able to do.
    #[serde(default)]
    pub cpu: CpuFile,
    /// Better where this image is.
    pub image: Option<String>,
    /// Its part of the mix that is forecast; 1 where nothing is said.
    #[serde(default = "one_part")]
    pub weight: u32,
}

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupFile {
    /// Unique.
    pub name: String,
    /// Together or apart.
    pub relation: RelationFile,
    /// How many may be in one domain, if apart.
    #[serde(default = "one_part")]
    pub most: u32,
    /// In domains of which kind.
    pub domain: DomainFile,
    /// Whether a place that breaks it is refused.
    #[serde(default = "yes")]
    pub hard: bool,
}

/// How members stand to each other.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RelationFile {
    /// All in one domain.
    Together,
    /// At most so many in one.
    Apart,
}

/// A virtual machine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VmFile {
    /// Unique.
    pub name: String,
    /// What it is.
    pub plan: String,
    /// Where it runs; none if it has no place yet.
    pub machine: Option<String>,
    /// Where it is being moved to: it takes room on both machines until it has arrived.
    pub moving_to: Option<String>,
    /// Whether it is being deleted: it takes room until it is gone, and is neither moved nor restarted.
    #[serde(default)]
    pub deleting: bool,
    /// Whose it is; what says nothing is its own tenant.
    pub tenant: Option<String>,
    /// In which site it has to stay.
    pub site: Option<String>,
    /// Taints that don't matter to it, beside those that don't matter to its plan.
    #[serde(default)]
    pub tolerations: Vec<String>,
    /// Its groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The higher is restarted first.
    #[serde(default)]
    pub priority: u8,
    /// Whether it is to be restarted after a failure.
    #[serde(default = "yes")]
    pub restarts: bool,
    /// On which of the machine's NUMA nodes it is, if its plan asks for nodes; the first where
    /// nothing is said.
    #[serde(default)]
    pub nodes: Vec<u8>,
    /// When it is expected to be gone.
    pub until: Option<i64>,
    /// What it was measured to use at most: counts, with the margin, in place of what its plan says,
    /// where it is less.
    #[serde(default, deserialize_with = "amounts::once")]
    pub usage: Amounts,
}

fn one() -> u8 {
    1
}

fn one_part() -> u32 {
    1
}

fn yes() -> bool {
    true
}
