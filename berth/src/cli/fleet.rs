//! `berth fleet`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `berth fleet`
#[derive(Debug, Subcommand)]
pub enum Fleet {
    /// Compares what machines count as sold with the sums of reservations; exit code 1 if they
    /// differ.
    Check,
    /// Tells for every machine of a file why a plan fits there or doesn't, and what would help.
    Explain(FleetExplain),
    /// Tells how many more of each plan of a file fit, what is stranded, when it ends, and what to
    /// buy.
    Forecast(FleetFile),
    /// Tells what would happen if a machine or a rack of a file failed; exit code 1 if something
    /// would be lost.
    Survive(FleetSurvive),
    /// Plans moves in waves on a file.
    #[command(subcommand)]
    Plan(FleetPlan),
    /// Runs a trace of arrivals through the machines of a file.
    Simulate(FleetSimulate),
}

/// A fleet.
#[derive(Debug, Args)]
pub struct FleetFile {
    /// JSON (docs/placement.md), or Ganeti's text format; `-` is standard input.
    pub file: PathBuf,
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
pub struct FleetExplain {
    /// The fleet.
    #[command(flatten)]
    pub fleet: FleetFile,
    /// One of its plans.
    pub plan: String,
}

/// `berth fleet survive`
#[derive(Debug, Args)]
pub struct FleetSurvive {
    /// The fleet.
    #[command(flatten)]
    pub fleet: FleetFile,
    /// What fails as one.
    #[arg(long, default_value = "machine")]
    pub domain: Domain,
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
    /// Empties one machine.
    Drain {
        /// The fleet.
        #[command(flatten)]
        fleet: FleetFile,
        /// The machine's name.
        machine: String,
    },
    /// Restarts what was on machines that failed.
    Recover {
        /// The fleet.
        #[command(flatten)]
        fleet: FleetFile,
        /// Machines that failed beside those that the file calls so.
        machines: Vec<String>,
    },
    /// Spreads the load evenly with few moves, by Ganeti's measure: numbers of virtual machines
    /// first, then memory and vCPUs.
    Rebalance {
        /// The fleet.
        #[command(flatten)]
        fleet: FleetFile,
        /// At most so many moves.
        #[arg(long)]
        moves: Option<usize>,
    },
    /// Frees whole machines.
    Consolidate {
        /// The fleet.
        #[command(flatten)]
        fleet: FleetFile,
        /// At most so many moves.
        #[arg(long)]
        moves: Option<usize>,
    },
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
