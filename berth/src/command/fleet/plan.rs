//! `berth fleet plan`

use berth_placement::{
    Balance, Limits, Plan, Rebalance, State,
    file::{GANETI_BALANCE, Loaded},
};

use super::read;
use crate::{cli::FleetPlan, failure::Failure, output};

/// A move that brings less than a thousandth isn't worth it.
const LEAST_GAIN: i64 = Balance::ONE / 1_000;

pub(super) fn run(command: &FleetPlan) -> Result<(), Failure> {
    let limits = |moves: Option<usize>| Limits {
        moves: moves.unwrap_or(usize::MAX),
        ..Limits::default()
    };
    let (loaded, plan, unit) = match command {
        FleetPlan::Drain { fleet, machine } => {
            let mut loaded = read::fleet(fleet)?;
            let machine = loaded.machine(machine)?;
            let plan = loaded.fleet.drain_plan(machine, Limits::default());
            (loaded, plan, None)
        }
        FleetPlan::Recover { fleet, machines } => {
            let mut loaded = read::fleet(fleet)?;
            for name in machines {
                let machine = loaded.machine(name)?;
                loaded.fleet.state_set(machine, State::Failed);
            }
            let plan = loaded.fleet.recover_plan();
            (loaded, plan, None)
        }
        FleetPlan::Rebalance { fleet, moves } => {
            let mut loaded = read::fleet(fleet)?;
            let plan = loaded.fleet.rebalance_plan(&Rebalance {
                balance: GANETI_BALANCE,
                limits: limits(*moves),
                least_gain: LEAST_GAIN,
            });
            (loaded, plan, Some(Balance::ONE))
        }
        FleetPlan::Consolidate { fleet, moves } => {
            let mut loaded = read::fleet(fleet)?;
            let plan = loaded.fleet.consolidate_plan(limits(*moves));
            (loaded, plan, Some(1))
        }
    };
    show(&loaded, &plan, unit);
    Ok(())
}

/// The waves, what is left, and what it brings in this unit.
fn show(loaded: &Loaded, plan: &Plan, unit: Option<i64>) {
    for (number, wave) in plan.waves.iter().enumerate() {
        output::line(format!("wave {}", number + 1));
        for step in wave {
            let (from, to) = (step.from.machine.index(), step.to.machine.index());
            let detour = if step.is_detour {
                " (to make room)"
            } else {
                ""
            };
            let name = loaded.vm_name(step.vm);
            let (from, to) = (&loaded.machines[from], &loaded.machines[to]);
            output::line(format!("  {name}: {from} -> {to}{detour}"));
        }
    }
    for (vm, why) in &plan.left {
        let name = loaded.vm_name(*vm);
        let why = why.map_or("no room".to_owned(), |refusal| {
            loaded.refusal_text(&refusal)
        });
        output::line(format!("left: {name} ({why})"));
    }
    output::line(format!(
        "{} moves in {} waves",
        plan.moves(),
        plan.waves.len()
    ));
    if !plan.freed.is_empty() {
        let freed: Vec<&str> = plan
            .freed
            .iter()
            .map(|one| loaded.machines[one.index()].as_str())
            .collect();
        output::line(format!("empty then: {}", freed.join(", ")));
    }
    if plan.unprotected > 0 {
        output::line(format!(
            "without a place after a failure then: {}",
            plan.unprotected
        ));
    }
    if let Some(unit) = unit {
        let parts = |amount: i64| format!("{}.{:04}", amount / unit, amount % unit * 10_000 / unit);
        let (before, after, bound) = (parts(plan.before), parts(plan.after), parts(plan.bound));
        output::line(format!(
            "from {before} to {after}; no plan can reach less than {bound}"
        ));
    }
}
