//! `berth fleet plan`

use berth_placement::{
    Balance, Domain, Limits, MachineNumber, Rebalance, State,
    file::{GANETI_BALANCE, Loaded},
    report::{PlanKind, PlanReport},
};

use super::tell::{open, tell};
use crate::{
    cli::{FleetFile, FleetPlan, FleetRecover, PlanLimits},
    failure::{Exit, Failure},
};

/// A move that brings less than a thousandth isn't worth it.
const LEAST_GAIN: i64 = Balance::ONE / 1_000;
/// Among more machines than this one move brings less, so less is worth it.
const USUAL: i64 = 40;

pub(super) fn run(command: &FleetPlan) -> Result<(), Failure> {
    match command {
        FleetPlan::Drain {
            fleet,
            machine,
            across_sites,
        } => drain(fleet, machine, *across_sites),
        FleetPlan::Recover(arguments) => recover(arguments),
        FleetPlan::Rebalance {
            fleet,
            limits,
            even,
        } => rebalance(fleet, limits, even.as_deref()),
        FleetPlan::Consolidate { fleet, limits } => consolidate(fleet, limits),
    }
}

fn drain(fleet: &FleetFile, name: &str, across_sites: bool) -> Result<(), Failure> {
    let mut loaded = open(fleet)?;
    let machine = loaded.machine(name)?;
    if loaded.fleet.state(machine) == State::Failed {
        let why = "nothing can be moved off it. Ask for `berth fleet plan recover`.";
        return Err(Failure::new(
            Exit::Failed,
            format!("{name} has failed: {why}"),
        ));
    }
    let limits = Limits {
        across_sites,
        ..Limits::default()
    };
    let plan = loaded.fleet.drain_plan(machine, limits);
    let kind = PlanKind::Drain(name.to_owned());
    tell(fleet, &PlanReport::new(&loaded, &kind, &plan))
}

fn recover(arguments: &FleetRecover) -> Result<(), Failure> {
    let mut loaded = open(&arguments.fleet)?;
    for machine in failing(&loaded, arguments)? {
        loaded.fleet.state_set(machine, State::Failed);
    }
    let plan = loaded.fleet.recover_plan(arguments.across_sites);
    tell(
        &arguments.fleet,
        &PlanReport::new(&loaded, &PlanKind::Recover, &plan),
    )
}

/// What is said to fail beside what the file says.
fn failing(loaded: &Loaded, arguments: &FleetRecover) -> Result<Vec<MachineNumber>, Failure> {
    let mut failing = Vec::new();
    for name in &arguments.machines {
        failing.push(loaded.machine(name)?);
    }
    for name in &arguments.racks {
        failing.extend(loaded.domain_machines(Domain::Rack, name)?);
    }
    for name in &arguments.sites {
        failing.extend(loaded.domain_machines(Domain::Site, name)?);
    }
    Ok(failing)
}

fn rebalance(fleet: &FleetFile, limits: &PlanLimits, even: Option<&str>) -> Result<(), Failure> {
    let mut loaded = open(fleet)?;
    let balance = match even {
        Some(text) => loaded.balance_of(text)?,
        None if loaded.is_ganeti => GANETI_BALANCE,
        None => loaded.balance(),
    };
    let machines = i64::try_from(loaded.machines.len()).unwrap_or(i64::MAX);
    let plan = loaded.fleet.rebalance_plan(&Rebalance {
        balance,
        limits: limits.into(),
        least_gain: LEAST_GAIN * USUAL / machines.max(USUAL),
    });
    let kind = PlanKind::Rebalance(balance);
    tell(fleet, &PlanReport::new(&loaded, &kind, &plan))
}

fn consolidate(fleet: &FleetFile, limits: &PlanLimits) -> Result<(), Failure> {
    let mut loaded = open(fleet)?;
    let plan = loaded.fleet.consolidate_plan(limits.into());
    tell(
        fleet,
        &PlanReport::new(&loaded, &PlanKind::Consolidate, &plan),
    )
}

impl From<&PlanLimits> for Limits {
    fn from(limits: &PlanLimits) -> Self {
        Self {
            moves: limits.moves.unwrap_or(usize::MAX),
            memory: limits.memory.unwrap_or(i64::MAX),
            across_sites: limits.across_sites,
            ..Self::default()
        }
    }
}
