//! `berth fleet`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `berth fleet`
#[derive(Debug, Subcommand)]
#[command(
    after_help = "All but check work on a file alone: JSON, or Ganeti's text format (hbal -S). Amounts \
are whole numbers in any unit. See docs/placement.md for the format and for examples.

Exit codes: 0 all is well; 1 the file or the question is wrong; 2 the command line is wrong; 3 a file \
can't be read; 7 the question was answered, and something would be lost, left or refused."
)]
pub enum Fleet {
    /// Compares what machines count as sold in the database with the sums of reservations; exit code 1
    /// if they differ.
    Check {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tells for every machine why a plan fits there or doesn't, which one would be chosen and why, and
    /// what would help.
    Explain(FleetExplain),
    /// Tells how many more of each plan and of their mix fit, what is stranded, when it ends, and what
    /// to buy.
    Forecast(FleetFile),
    /// Tells where several of a plan would go together, or what has no place yet; exit code 7 if
    /// something has no place.
    Place(FleetPlace),
    /// Tells what would happen if a machine, a rack or a site failed; exit code 7 if something would be
    /// lost.
    Survive(FleetSurvive),
    /// Plans moves in waves, each of which keeps all rules while it is carried out.
    #[command(subcommand)]
    Plan(FleetPlan),
    /// Runs a trace of arrivals through the machines, and tells what was refused and how many machines
    /// were in use.
    Simulate(FleetSimulate),
}

/// A fleet.
#[derive(Debug, Args)]
pub struct FleetFile {
    /// JSON (docs/placement.md), or Ganeti's text format; `-` is standard input.
    pub file: PathBuf,
    /// Prints JSON with the same content.
    #[arg(long)]
    pub json: bool,
    /// What is wanted of all decisions.
    #[command(flatten)]
    pub policy: FleetPolicy,
}

/// What is wanted of all decisions, in place of what the file says.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct FleetPolicy {
    /// Keep room so that everything has a place after the failure of any one of these.
    #[arg(long, value_name = "WHAT")]
    pub survive: Option<Domain>,
    /// After so many failures at once: 1 or 2.
    #[arg(long, value_name = "NUMBER")]
    pub failures: Option<u8>,
    /// At most so many virtual machines of one tenant on one machine.
    #[arg(long, value_name = "NUMBER")]
    pub tenant_cap: Option<u32>,
    /// Take the emptier machine instead of the fuller one.
    #[arg(long)]
    pub spread: bool,
}

/// `berth fleet explain`
#[derive(Debug, Args)]
#[command(after_help = "Example: berth fleet explain fleet.json small --group pair --brief")]
pub struct FleetExplain {
    /// The fleet.
    #[command(flatten)]
    pub fleet: FleetFile,
    /// One of its plans.
    pub plan: String,
    /// Whose it would be [default: a tenant that has nothing in the file].
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// A group that it would be in; can be given several times.
    #[arg(long = "group", value_name = "NAME")]
    pub groups: Vec<String>,
    /// Tells how many machines refuse it for which reason, not each machine.
    #[arg(long)]
    pub brief: bool,
}

/// `berth fleet place`
#[derive(Debug, Args)]
#[command(
    after_help = "Example: berth fleet place fleet.json small --count 3 --group pair --all-or-none"
)]
pub struct FleetPlace {
    /// The fleet.
    #[command(flatten)]
    pub fleet: FleetFile,
    /// One of its plans [default: what has no machine in the file].
    pub plan: Option<String>,
    /// How many of it.
    #[arg(long, default_value_t = 1, requires = "plan", value_parser = clap::value_parser!(u16).range(1..))]
    pub count: u16,
    /// Whose they would be [default: one tenant that has nothing in the file].
    #[arg(long, value_name = "NAME", requires = "plan")]
    pub tenant: Option<String>,
    /// A group that they would be in; can be given several times.
    #[arg(long = "group", value_name = "NAME", requires = "plan")]
    pub groups: Vec<String>,
    /// Places none where not all have a place; where their order doesn't work, the large ones first.
    #[arg(long)]
    pub all_or_none: bool,
}

/// `berth fleet survive`
#[derive(Debug, Args)]
#[command(
    after_help = "With \"failures\": 2 in the file all pairs are tried too; of very many domains those with \
most to restart, which is said then. What has failed already is restarted first.

Example: berth fleet survive fleet.json --domain rack"
)]
pub struct FleetSurvive {
    /// The fleet.
    #[command(flatten)]
    pub fleet: FleetFile,
    /// What fails as one [default: what the file says is to be survived, else machine].
    #[arg(long)]
    pub domain: Option<Domain>,
    /// Restarts in other sites too: their data is there.
    #[arg(long)]
    pub across_sites: bool,
}

/// What fails as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Domain {
    /// A machine.
    Machine,
    /// A rack.
    Rack,
    /// A site.
    Site,
}

/// `berth fleet plan`
#[derive(Debug, Subcommand)]
pub enum FleetPlan {
    /// Empties one machine; exit code 7 if something stays there.
    Drain {
        /// The fleet.
        #[command(flatten)]
        fleet: FleetFile,
        /// The machine's name.
        machine: String,
        /// Moves to other sites too.
        #[arg(long)]
        across_sites: bool,
    },
    /// Restarts what was on machines that failed, by priority; exit code 7 if something has no place.
    Recover(FleetRecover),
    /// Spreads the load evenly: most is gained with the first moves, and of alike ones those are taken
    /// that move less memory.
    Rebalance {
        /// The fleet.
        #[command(flatten)]
        fleet: FleetFile,
        /// What may be moved.
        #[command(flatten)]
        limits: PlanLimits,
        /// What should be even, with weights, such as memory=1,vcpus=1,count=4,disk:ssd=0.5; count is
        /// the number of virtual machines [default: every dimension that all machines have, alike; for
        /// Ganeti's format what hbal minds].
        #[arg(long, value_name = "WEIGHTS")]
        even: Option<String>,
    },
    /// Frees whole machines.
    Consolidate {
        /// The fleet.
        #[command(flatten)]
        fleet: FleetFile,
        /// What may be moved.
        #[command(flatten)]
        limits: PlanLimits,
    },
}

/// `berth fleet plan recover`
#[derive(Debug, Args)]
#[command(after_help = "Example: berth fleet plan recover fleet.json --rack r1 m7")]
pub struct FleetRecover {
    /// The fleet.
    #[command(flatten)]
    pub fleet: FleetFile,
    /// Machines that failed beside those that the file calls so.
    pub machines: Vec<String>,
    /// A rack that failed, as NAME or SITE/NAME; can be given several times.
    #[arg(long = "rack", value_name = "NAME")]
    pub racks: Vec<String>,
    /// A site that failed; can be given several times.
    #[arg(long = "site", value_name = "NAME")]
    pub sites: Vec<String>,
    /// Restarts in other sites too: their data is there.
    #[arg(long)]
    pub across_sites: bool,
}

/// What a plan may take.
#[derive(Debug, Args)]
pub struct PlanLimits {
    /// At most so many moves.
    #[arg(long, value_name = "NUMBER")]
    pub moves: Option<usize>,
    /// At most so much memory is copied in all, in the file's unit.
    #[arg(long, value_name = "AMOUNT", value_parser = clap::value_parser!(i64).range(0..))]
    pub memory: Option<i64>,
    /// Moves to other sites too.
    #[arg(long)]
    pub across_sites: bool,
}

/// `berth fleet simulate`
#[derive(Debug, Args)]
pub struct FleetSimulate {
    /// The fleet.
    #[command(flatten)]
    pub fleet: FleetFile,
    /// Lines of `start,end,plan`, in the order of starts; whole numbers, and no end for what stays. A
    /// first line may name other columns (docs/placement.md). `-` is standard input.
    pub trace: PathBuf,
    /// Whether decisions may know when something goes. In life nobody does.
    #[arg(long, value_name = "WHAT", default_value = "unknown")]
    pub ends: Ends,
    /// Writes a picture of machines over time to this file.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// Whether decisions may know when something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ends {
    /// As in life.
    Unknown,
    /// The trace's ends are told with each arrival.
    Known,
}
