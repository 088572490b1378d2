//! Plans and failures, with ids.

use berth_model::{
    FailureDomain, FleetReservation, Hindrance, MachineId, MachineState, VirtualMachineId,
};

use super::Platform;
use crate::{
    fleet::{Domain, MachineNumber, VmNumber},
    plan::{Balance, Limits, Plan, Rebalance},
};

/// One virtual machine goes to another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Which.
    pub virtual_machine_id: VirtualMachineId,
    /// Where it is.
    pub from: MachineId,
    /// Where it goes.
    pub to: MachineId,
    /// By how much the load is more even afterwards, in millionths; negative for a detour, and for
    /// what only makes room for moves that come after it. Nothing in a drain.
    pub gain: i64,
    /// What it holds of memory, which is copied if it runs.
    pub memory_bytes: i64,
    /// What it holds of disk, of which is copied what was ever written.
    pub disk_bytes: i64,
    /// Whether it goes there only to make room, and on from there.
    pub is_detour: bool,
}

/// Moves in waves: those of one wave can run at the same time, in any order, and every state in
/// between keeps all rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moves {
    /// One after another.
    pub waves: Vec<Vec<Move>>,
    /// What can't be moved, and what the nearest machine refuses it for.
    pub left: Vec<(VirtualMachineId, Option<Hindrance>)>,
    /// How many would have no place to be restarted when all is done.
    pub unprotected: usize,
    /// How uneven it is before, in millionths: the sum of the standard deviations of what is used
    /// of memory and of vCPUs. Or how many virtual machines there are to move.
    pub before: i64,
    /// The same afterwards.
    pub after: i64,
    /// No plan can reach less than this; none where nothing is known.
    pub bound: Option<i64>,
}

/// What unevenness is told in.
const MILLION: i128 = 1_000_000;

/// What would happen if some machines failed at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurvivalOf {
    /// These.
    pub machines: Vec<MachineId>,
    /// How many virtual machines would have to be restarted.
    pub restarts: usize,
    /// How many of those have a place that is kept for them.
    pub kept: usize,
    /// How many more would find one.
    pub found: usize,
    /// Which wouldn't.
    pub lost: Vec<VirtualMachineId>,
}

impl Platform {
    /// Every machine, or every rack.
    pub fn survival(&mut self, domain: FailureDomain) -> Vec<SurvivalOf> {
        let domain = match domain {
            FailureDomain::Machine => Domain::Machine,
            FailureDomain::Rack => Domain::Rack,
        };
        let survivals = self.fleet.survives(domain);
        let ids = |machines: Vec<MachineNumber>| {
            let ids = machines.into_iter().map(|one| self.known(one).machine.id);
            ids.collect()
        };
        survivals
            .into_iter()
            .map(|survival| SurvivalOf {
                machines: ids(survival.machines),
                restarts: survival.restarts,
                kept: survival.kept,
                found: survival.found,
                lost: survival
                    .lost
                    .iter()
                    .filter_map(|lost| self.vm_id(lost.vm))
                    .collect(),
            })
            .collect()
    }

    /// How the machine would be emptied.
    pub fn drain(&mut self, machine: MachineId, limits: Limits) -> Option<Moves> {
        let machine = self.number(machine)?;
        let unprotected = self.fleet.protect();
        if self.is_out_of_reach(machine) {
            return Some(self.stuck(machine, unprotected));
        }
        let mut plan = self.fleet.drain_plan(machine, limits);
        // A move's gain is told in evenness here, of which a drain promises none.
        for step in plan.waves.iter_mut().flatten() {
            step.gain = 0;
        }
        // What is left has no place that was found, which is no proof that there is none.
        let bound = Some(0).filter(|_| plan.after == 0);
        Some(self.moves(&plan, bound))
    }

    /// Nothing leaves a machine that nobody can ask: where its guests are, it tells itself.
    pub(super) fn is_out_of_reach(&self, machine: MachineNumber) -> bool {
        let of = &self.known(machine).machine;
        of.unreachable_since.is_some() || of.state == MachineState::Failed
    }

    fn stuck(&self, machine: MachineNumber, unprotected: usize) -> Moves {
        let there = self.fleet.vms_of(machine).iter();
        let left: Vec<_> = there
            .filter(|vm| self.fleet.vms[vm.index()].hold_of.is_none())
            .filter_map(|vm| self.vm_id(*vm))
            .map(|vm| (vm, Some(Hindrance::Unreachable)))
            .collect();
        let all = i64::try_from(left.len()).unwrap_or(i64::MAX);
        Moves {
            waves: Vec::new(),
            left,
            unprotected,
            before: all,
            after: all,
            bound: Some(all),
        }
    }

    /// How the load would be made even.
    pub fn rebalance(&mut self, wanted: &Rebalance) -> Moves {
        self.fleet.protect();
        let mut plan = self.fleet.rebalance_plan(wanted);
        for step in plan.waves.iter_mut().flatten() {
            step.gain = millionths(step.gain);
        }
        plan.before = millionths(plan.before);
        plan.after = millionths(plan.after);
        // Shares of memory and vCPUs have no bound but evenness itself, which whole virtual machines
        // seldom reach.
        let bound = Some(millionths(plan.bound)).filter(|bound| *bound > 0 || plan.after == 0);
        self.moves(&plan, bound)
    }

    fn moves(&self, plan: &Plan, bound: Option<i64>) -> Moves {
        let id = |machine| self.known(machine).machine.id;
        let step = |step: &crate::plan::Step| {
            let held = &self.held(step.vm)?.reservation;
            Some(Move {
                virtual_machine_id: held.virtual_machine_id,
                from: id(step.from.machine),
                to: id(step.to.machine),
                gain: step.gain,
                memory_bytes: held.memory_bytes,
                disk_bytes: held.disk_bytes,
                is_detour: step.is_detour,
            })
        };
        let left = plan.left.iter();
        let left = left.filter_map(|left| {
            let by = left.nearest().as_ref().map(Hindrance::from);
            self.vm_id(left.vm).map(|vm| (vm, by))
        });
        Moves {
            waves: plan
                .waves
                .iter()
                .map(|wave| wave.iter().filter_map(step).collect())
                .collect(),
            left: left.collect(),
            unprotected: plan.unprotected,
            before: plan.before,
            after: plan.after,
            bound,
        }
    }

    /// What has a reservation; not what only sums others up.
    fn held(&self, vm: VmNumber) -> Option<&FleetReservation> {
        self.facts.reservations.as_ref()?.get(vm.index())
    }

    fn vm_id(&self, vm: VmNumber) -> Option<VirtualMachineId> {
        self.held(vm)
            .map(|held| held.reservation.virtual_machine_id)
    }
}

/// From parts of [`Balance::ONE`].
fn millionths(of: i64) -> i64 {
    let parts = i128::from(of) * MILLION / i128::from(Balance::ONE);
    i64::try_from(parts).unwrap_or(i64::MAX)
}
