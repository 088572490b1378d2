//! Frees a machine where emptying one after another doesn't: what is on several is packed anew into
//! fewer, and the bins become those machines that hold most of them already.

use super::wave::Planner;
use crate::{
    fleet::{Fleet, MachineNumber, Sizes, State, VmNumber},
    pack::{bound as sums, pack},
};

/// Of how many machines at once, the emptiest of a kind, what runs is packed anew.
const SEVERAL: [usize; 3] = [6, 12, 24];
/// How often the packer tries to do better.
const ATTEMPTS: usize = 500;

impl Planner<'_> {
    /// Until no machine more gets free, or as few are used as this.
    pub(super) fn repack(&mut self, bound: usize) {
        let kinds = u32::try_from(self.fleet.kind_machines.len()).unwrap_or(0);
        for kind in 0..kinds {
            while self.fleet.machines_used() > bound && self.repack_kind(kind) {}
        }
    }

    /// Whether that freed one.
    fn repack_kind(&mut self, kind: u32) -> bool {
        let all = self.emptiest(kind);
        let mut tried = 1;
        for several in SEVERAL {
            let several = several.min(all.len());
            if several > tried && self.repack_some(&all[..several]) {
                return true;
            }
            tried = tried.max(several);
        }
        false
    }

    fn repack_some(&mut self, machines: &[MachineNumber]) -> bool {
        let vms: Vec<VmNumber> = machines
            .iter()
            .flat_map(|machine| self.fleet.vms_of(*machine).iter().copied())
            .collect();
        let Some(moves) = packed(self.fleet, machines, &vms) else {
            return false;
        };
        let used = self.fleet.machines_used();
        self.all_or_none(|planner| {
            planner.carry_out(moves);
            planner.fleet.machines_used() < used
        })
    }

    /// Those that are used, take something new, and hold nothing that is on its way; the emptiest first.
    fn emptiest(&self, kind: u32) -> Vec<MachineNumber> {
        let fleet = &*self.fleet;
        let is_still = |vm: &VmNumber| fleet.vms[vm.index()].hold_of.is_none();
        let mut machines: Vec<MachineNumber> = fleet
            .machines()
            .filter(|machine| {
                let of = &fleet.machines[machine.index()];
                fleet.kinds[machine.index()] == kind
                    && fleet.state(*machine) == State::Active
                    && !of.vms.is_empty()
                    && of.vms.iter().all(is_still)
            })
            .collect();
        machines.sort_by_key(|machine| (-fleet.unsold[machine.index()], *machine));
        machines
    }
}

/// Who goes where, if fewer machines hold them all. NUMA nodes, groups and failures are not looked at
/// here: the moves are carried out with all rules, or not at all.
fn packed(
    fleet: &Fleet,
    machines: &[MachineNumber],
    vms: &[VmNumber],
) -> Option<Vec<(VmNumber, MachineNumber)>> {
    let lanes = 0..fleet.dimensions.len();
    let capacity: Vec<i64> = lanes
        .clone()
        .map(|lane| least_room(fleet, machines, lane))
        .collect();
    let sizes = |vm: &VmNumber| -> &Sizes { &fleet.needs[fleet.ask_of(*vm).need.index()].sizes };
    let things: Vec<Vec<i64>> = vms
        .iter()
        .map(|vm| lanes.clone().map(|lane| sizes(vm)[lane]).collect())
        .collect();
    // What was found on an overfull machine may be larger than a bin.
    let is_larger = |sizes: &Vec<i64>| sizes.iter().zip(&capacity).any(|(size, of)| size > of);
    if things.iter().any(is_larger) || sums(&things, &capacity) >= machines.len() {
        return None;
    }
    let packing = pack(&things, &capacity, ATTEMPTS);
    if packing.bins.len() >= machines.len() {
        return None;
    }
    let at = |thing: &usize| fleet.place_of(vms[*thing]).map(|place| place.machine);
    let mut pairs = Vec::new();
    for (bin, things) in packing.bins.iter().enumerate() {
        for machine in machines {
            let here = things.iter().filter(|thing| at(thing) == Some(*machine));
            let memory: i64 = here.map(|thing| sizes(&vms[*thing])[0]).sum();
            pairs.push((-memory, bin, *machine));
        }
    }
    // What is there already needn't move.
    pairs.sort_unstable();
    let mut homes: Vec<Option<MachineNumber>> = vec![None; packing.bins.len()];
    for (_, bin, machine) in pairs {
        if homes[bin].is_none() && !homes.contains(&Some(machine)) {
            homes[bin] = Some(machine);
        }
    }
    let mut moves = Vec::new();
    for (things, home) in packing.bins.iter().zip(homes) {
        let home = home?;
        let away = things.iter().filter(|thing| at(thing) != Some(home));
        moves.extend(away.map(|thing| (vms[*thing], home)));
    }
    Some(moves)
}

/// Of what each of them may sell, beside what is kept on it.
fn least_room(fleet: &Fleet, machines: &[MachineNumber], lane: usize) -> i64 {
    let room =
        |machine: &MachineNumber| fleet.limit(*machine)[lane] - fleet.reserve(*machine)[lane];
    machines.iter().map(room).min().unwrap_or(0)
}
