//! Virtual machines between two machines, and whether one may set out.

use berth_model::{Hindrance, MachineId, VirtualMachineId};

use super::{Chosen, Platform};
use crate::{
    fleet::{Place, VmNumber},
    plan::{Stale, Step},
};

/// Why a move can't be begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveRefused {
    /// It isn't there any more, or the machine is none of the site.
    Stale,
    /// A rule is in the way.
    By(Hindrance),
}

impl Platform {
    /// Whether a virtual machine may go to a machine now, with what the claim needs; it is there
    /// afterwards, and holds what it had until it has arrived. The same rules as for a plan's steps:
    /// capacity on both machines, caps, and the room for restarts.
    ///
    /// # Errors
    ///
    /// What is in the way. Nothing is changed then.
    pub fn move_begin(
        &mut self,
        vm: VirtualMachineId,
        to: MachineId,
    ) -> Result<Chosen, MoveRefused> {
        let numbers = self.vm(vm).zip(self.number(to));
        let (vm, to) = numbers.ok_or(MoveRefused::Stale)?;
        let from = self.fleet.place_of(vm).ok_or(MoveRefused::Stale)?;
        if self.is_out_of_reach(from.machine) {
            return Err(MoveRefused::By(Hindrance::Unreachable));
        }
        let mark = self.fleet.mark();
        self.fleet.protect();
        let step = Step {
            vm,
            from,
            to: Place {
                machine: to,
                nodes: 0,
            },
            gain: 0,
            is_detour: false,
        };
        if let Err(stale) = self.fleet.step_begin(&step) {
            self.fleet.back(mark);
            return Err(match stale {
                Stale::Moved => MoveRefused::Stale,
                Stale::Refused(refusal) => MoveRefused::By(Hindrance::from(&refusal)),
            });
        }
        let known = self.known(to);
        let pool = known.pool.as_ref().ok_or(MoveRefused::Stale)?.id;
        let machine_id = known.machine.id;
        let (mut relied, changes) = self.relied(vm, &mark);
        if !self.facts.policy.looks_at_reservations() {
            relied = None;
        }
        if let Some(relied) = &mut relied {
            let left = self.known(from.machine);
            relied.push((left.machine.id, left.version));
            relied.sort_unstable();
            relied.dedup();
        }
        let restarts = self.restarts(self.fleet.vms[vm.index()].backups);
        self.fleet.keep(mark);
        Ok(Chosen {
            machine_id,
            storage_pool_id: pool,
            network_id: None,
            alternatives: Vec::new(),
            relied,
            restarts,
            changes,
        })
    }

    /// What is being moved is where it goes, and holds a place where it comes from.
    pub(super) fn transits_add(&mut self) {
        let held = self.facts.reservations.iter().flatten();
        let holds: Vec<(VmNumber, MachineId)> = held
            .enumerate()
            .filter_map(|(index, held)| {
                let transit = held.transit?;
                let other = match transit.has_left {
                    true => transit.machine_id,
                    false => held.reservation.machine_id,
                };
                Some((VmNumber::at(index), other))
            })
            .collect();
        for (vm, machine) in holds {
            if let Some(machine) = self.number(machine) {
                self.fleet.hold_add(vm, Place { machine, nodes: 0 });
            }
        }
    }
}
