//! Who could be where: a light copy of the fleet on which moves cost nothing.

use std::collections::BTreeMap;

use super::balance::{Balance, MEASURES, Sums, root};
use crate::fleet::{
    Amounts, DIMENSIONS, Fleet, MachineNumber, NeedNumber, Relation, SiteNumber, State, VmNumber,
    WHOLE, share,
};

/// The copy.
pub(super) struct Sketch<'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) weights: [i64; MEASURES],
    /// Measures that have a weight.
    active: Vec<usize>,
    /// The active machines.
    pub(super) machines: Vec<MachineNumber>,
    /// By machine: what it has of each measure.
    values: Vec<[i64; MEASURES]>,
    pub(super) sums: Sums,
    rooms: Vec<Amounts>,
    /// By virtual machine.
    pub(super) at: Vec<Option<MachineNumber>>,
    /// By machine, in order.
    pub(super) vms: Vec<Vec<VmNumber>>,
    /// By need, and within it by kind of machine: what one more means for its measures.
    changes: Vec<[i64; MEASURES]>,
    /// By virtual machine: whether it may move at all.
    pub(super) is_movable: Vec<bool>,
    /// Whether it may move to another site.
    across_sites: bool,
}

impl<'a> Sketch<'a> {
    pub(super) fn new(fleet: &'a Fleet, balance: &Balance, across_sites: bool) -> Self {
        let machines: Vec<MachineNumber> = fleet
            .machines()
            .filter(|machine| fleet.state(*machine) == State::Active)
            .collect();
        let place = |vm: VmNumber| fleet.place_of(vm).map(|place| place.machine);
        let mut sketch = Self {
            fleet,
            weights: balance.weights(),
            // Counts first: they tell most moves apart.
            active: (0..MEASURES)
                .rev()
                .filter(|measure| balance.weights()[*measure] != 0)
                .collect(),
            machines,
            values: vec![[0; MEASURES]; fleet.machines.len()],
            sums: Sums::default(),
            rooms: fleet.rooms.clone(),
            at: fleet.vms().map(place).collect(),
            vms: fleet
                .machines
                .iter()
                .map(|machine| machine.vms.clone())
                .collect(),
            changes: changes(fleet, &balance.weights()),
            is_movable: fleet.vms().map(|vm| is_movable(fleet, vm)).collect(),
            across_sites: across_sites || fleet.sites < 2,
        };
        for vm in fleet.on_their_way() {
            sketch.is_movable[vm.index()] = false;
        }
        for machine in sketch.machines.clone() {
            for vm in sketch.vms[machine.index()].clone() {
                let change = *sketch.change_of(fleet.ask_of(vm).need, machine);
                for (value, change) in sketch.values[machine.index()].iter_mut().zip(change) {
                    *value += change;
                }
            }
            for measure in 0..MEASURES {
                let value = sketch.values[machine.index()][measure];
                sketch.sums.change(measure, 0, value);
            }
        }
        sketch
    }

    pub(super) fn deviation(&self) -> i64 {
        self.sums.deviation(&self.weights, self.count())
    }

    fn count(&self) -> i64 {
        i64::try_from(self.machines.len()).unwrap_or(1)
    }

    /// What one more with this need means for the machine's measures.
    fn change_of(&self, need: NeedNumber, machine: MachineNumber) -> &[i64; MEASURES] {
        let kind = self.fleet.kinds[machine.index()] as usize;
        &self.changes[need.index() * self.fleet.kind_machines.len() + kind]
    }

    /// The deviation if one with this need went from here to there.
    pub(super) fn deviation_if(
        &self,
        need: NeedNumber,
        from: MachineNumber,
        to: MachineNumber,
    ) -> i64 {
        let sums = self.without(need, from);
        let deviation = self.deviation_with(&sums, need, to, i64::MAX);
        deviation.unwrap_or(i64::MAX)
    }

    /// The sums if one with this need left; where it could go is asked of these again and again.
    pub(super) fn without(&self, need: NeedNumber, from: MachineNumber) -> Sums {
        let mut sums = self.sums;
        let less = self.change_of(need, from);
        for measure in self.active.iter().copied() {
            let value = self.values[from.index()][measure];
            sums.change(measure, value, value - less[measure]);
        }
        sums
    }

    /// The deviation if one with this need came, with these sums before; none if it is more than this.
    pub(super) fn deviation_with(
        &self,
        sums: &Sums,
        need: NeedNumber,
        to: MachineNumber,
        most: i64,
    ) -> Option<i64> {
        let (more, values) = (self.change_of(need, to), &self.values[to.index()]);
        let count = self.count();
        let mut total = 0;
        for measure in self.active.iter().copied() {
            let (more, value) = (more[measure], values[measure]);
            let squares = sums.squares[measure] + i128::from(more) * i128::from(2 * value + more);
            let sum = i128::from(sums.sum[measure] + more);
            let spread = squares * i128::from(count) - sum * sum;
            total += self.weights[measure] * root(spread) / count.max(1);
            if total > most {
                return None;
            }
        }
        Some(total)
    }

    /// The deviation if two that are on different machines changed places; none if that makes nothing
    /// evener, which is most often so and cheap to see: no spread gets less.
    pub(super) fn deviation_exchanged(&self, one: VmNumber, other: VmNumber) -> Option<i64> {
        let (at, there) = (self.at[one.index()]?, self.at[other.index()]?);
        let (one, other) = (self.fleet.ask_of(one).need, self.fleet.ask_of(other).need);
        let count = i128::from(self.count());
        let mut spreads = [0; MEASURES];
        let mut is_better = false;
        for measure in self.active.iter().copied() {
            let change = |machine: MachineNumber, less, more| {
                let change =
                    self.change_of(more, machine)[measure] - self.change_of(less, machine)[measure];
                let value = self.values[machine.index()][measure];
                (change, i128::from(change) * i128::from(2 * value + change))
            };
            let (here, there) = (change(at, one, other), change(there, other, one));
            let (sum, more) = (
                i128::from(self.sums.sum[measure]),
                i128::from(here.0 + there.0),
            );
            let grown = (here.1 + there.1) * count - more * (2 * sum + more);
            is_better |= grown < 0;
            spreads[measure] = self.sums.squares[measure] * count - sum * sum + grown;
        }
        let of = |measure: &usize| self.weights[*measure] * root(spreads[*measure]) / self.count();
        is_better.then(|| self.active.iter().map(of).sum())
    }

    /// Moves it, whether it may or not.
    pub(super) fn shift(&mut self, vm: VmNumber, to: MachineNumber) {
        let Some(from) = self.at[vm.index()] else {
            return;
        };
        let need = self.fleet.ask_of(vm).need;
        let (less, more) = (*self.change_of(need, from), *self.change_of(need, to));
        let amounts = Amounts {
            whole: self.fleet.needs[need.index()].sizes,
            ..Amounts::default()
        };
        for measure in 0..MEASURES {
            let value = self.values[from.index()][measure];
            self.sums.change(measure, value, value - less[measure]);
            self.values[from.index()][measure] -= less[measure];
            let value = self.values[to.index()][measure];
            self.sums.change(measure, value, value + more[measure]);
            self.values[to.index()][measure] += more[measure];
        }
        self.rooms[from.index()].add(&amounts);
        self.rooms[to.index()].subtract(&amounts);
        self.vms[from.index()].retain(|other| *other != vm);
        self.vms[to.index()].push(vm);
        self.at[vm.index()] = Some(to);
    }

    /// Whether it might go there, as far as can be seen here.
    pub(super) fn is_allowed(&self, vm: VmNumber, to: MachineNumber) -> bool {
        let fleet = self.fleet;
        let ask = fleet.ask_of(vm);
        let need = ask.need.index();
        let sizes = &fleet.needs[need].sizes;
        let home = fleet.place_of(vm).map(|place| place.machine);
        if !crate::fleet::has_sizes(&self.rooms[to.index()].whole, sizes)
            || home.is_none_or(|home| !fleet.is_movable(home, to) || !self.is_near(home, to))
        {
            return false;
        }
        let class = fleet.machines[to.index()].class;
        fleet.need_classes[need][class.index()] && self.groups_allow(vm, to)
    }

    fn is_near(&self, one: MachineNumber, other: MachineNumber) -> bool {
        self.across_sites || self.fleet.is_near(one, other)
    }

    /// How much memory has to be copied to move it.
    pub(super) fn memory_of(&self, vm: VmNumber) -> i64 {
        self.fleet.needs[self.fleet.ask_of(vm).need.index()].sizes[0]
    }

    /// Machines between which things can move, each by pressure: those of a site, or all.
    pub(super) fn neighbourhoods(&self) -> Vec<Vec<MachineNumber>> {
        let all = self.by_pressure();
        if self.across_sites {
            return vec![all];
        }
        let mut sites: BTreeMap<SiteNumber, Vec<MachineNumber>> = BTreeMap::new();
        for machine in all {
            let site = self.fleet.machines[machine.index()].site;
            sites.entry(site).or_default().push(machine);
        }
        sites.into_values().collect()
    }

    fn groups_allow(&self, vm: VmNumber, to: MachineNumber) -> bool {
        let ask = self.fleet.ask_of(vm);
        for group in ask.groups.into_iter().flatten() {
            let of = &self.fleet.groups[group.index()];
            let Relation::Apart { most } = of.spec.relation else {
                continue;
            };
            let domain = self.fleet.domain_of(to, of.spec.domain);
            let is_near = |member: &&VmNumber| {
                **member != vm
                    && self.at[member.index()].is_some_and(|machine| {
                        self.fleet.domain_of(machine, of.spec.domain) == domain
                    })
            };
            if of.members.iter().filter(is_near).count() >= most as usize {
                return false;
            }
        }
        let cap = self.fleet.policy.tenant_cap.unwrap_or(u32::MAX) as usize;
        cap > self.vms[to.index()].len() || {
            let of_tenant = |other: &&VmNumber| self.fleet.ask_of(**other).tenant == ask.tenant;
            self.vms[to.index()].iter().filter(of_tenant).count() < cap
        }
    }

    /// Machines by how much they have too much, the most first: by what it would bring if a usual one
    /// of their virtual machines were gone.
    fn by_pressure(&self) -> Vec<MachineNumber> {
        // Where no machine is active there is nothing to compare.
        let count = self.count().max(1);
        let vms = (self.sums.sum[DIMENSIONS] / WHOLE).max(1);
        let mut only = [0; MEASURES];
        let mut deviations = [1; MEASURES];
        for measure in 0..MEASURES {
            only[measure] = 1;
            deviations[measure] = self.sums.deviation(&only, count).max(1);
            only[measure] = 0;
        }
        let mean = self.sums.sum.map(|sum| sum / count);
        let usual = self.sums.sum.map(|sum| sum / vms);
        let pressure = |machine: &MachineNumber| -> i64 {
            let values = &self.values[machine.index()];
            let far = |measure: &usize| {
                let measure = *measure;
                let far = self.weights[measure] * (values[measure] - mean[measure]);
                far / deviations[measure] * usual[measure]
            };
            self.active.iter().map(far).sum()
        };
        let mut machines: Vec<(i64, MachineNumber)> = self
            .machines
            .iter()
            .map(|machine| (-pressure(machine), *machine))
            .collect();
        machines.sort_unstable();
        machines.into_iter().map(|(_, machine)| machine).collect()
    }
}

fn changes(fleet: &Fleet, weights: &[i64; MEASURES]) -> Vec<[i64; MEASURES]> {
    let mut changes = Vec::with_capacity(fleet.needs.len() * fleet.kind_machines.len());
    for need in &fleet.needs {
        for machine in &fleet.kind_machines {
            let limit = &fleet.machines[machine.index()].limit.whole;
            let mut change = [0; MEASURES];
            for lane in (0..DIMENSIONS).filter(|lane| weights[*lane] != 0 && limit[*lane] > 0) {
                change[lane] = share(need.sizes[lane], limit[lane]);
            }
            change[DIMENSIONS] = WHOLE;
            changes.push(change);
        }
    }
    changes
}

/// What has to stay with others stays where it is.
fn is_movable(fleet: &Fleet, vm: VmNumber) -> bool {
    let groups = fleet.ask_of(vm).groups.into_iter().flatten();
    let mut together = groups.filter(|group| {
        let of = &fleet.groups[group.index()];
        of.spec.relation == Relation::Together && of.spec.is_hard && of.members.len() > 1
    });
    fleet.vms[vm.index()].hold_of.is_none() && together.next().is_none()
}
