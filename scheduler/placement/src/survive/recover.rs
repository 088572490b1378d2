//! Restarts what was on failed machines: what is important first, in the place that was kept for it
//! if that is still free, else wherever there is room. Room that is kept for other failures is used
//! too: this is what it was kept for.
//!
//! Where something is left without a place, one that was restarted before it goes elsewhere; and all
//! is tried again with what was left before the others of its priority ("squeaky wheel", Joslin and
//! Clements 1999). What has no place while nothing else is restarted is lost for certain.

use std::{cmp::Reverse, collections::BTreeMap};

use super::Lost;
use crate::{
    fleet::{
        FAILURES, Fleet, MachineNumber, NeedNumber, Place, Relation, SiteNumber, State, VmNumber,
    },
    rules::Frame,
};

/// How often it is tried in another order.
const ROUNDS: usize = 16;
/// How many tries that may cost in all, beside one for each.
const EFFORT: usize = 1_000;

/// What was restarted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recovered {
    /// With where it was.
    pub(crate) moves: Vec<(VmNumber, Place, Place)>,
    pub(crate) kept: usize,
    pub(crate) found: usize,
    pub(crate) lost: Vec<Lost>,
}

/// Something that is to be restarted.
#[derive(Clone, Copy, Debug)]
struct Dead {
    vm: VmNumber,
    place: Place,
    backups: [Option<Place>; FAILURES],
    priority: u8,
    /// On how many machines it could be if they were empty.
    options: usize,
    size: (i64, i64),
    /// How often it was left.
    left: usize,
    /// It has no place even if nothing else is restarted.
    is_hopeless: bool,
}

/// Where something may be restarted.
struct Reach {
    /// By machine; none if sites don't matter.
    sites: Option<Vec<SiteNumber>>,
}

impl Reach {
    fn new(fleet: &Fleet, across_sites: bool) -> Self {
        let sites = || fleet.machines.iter().map(|machine| machine.site).collect();
        let is_bound = !across_sites && !fleet.is_data_everywhere();
        Self {
            sites: is_bound.then(sites),
        }
    }

    /// What was on this machine.
    fn from(&self, machine: MachineNumber) -> impl Fn(MachineNumber) -> bool {
        move |to: MachineNumber| {
            let sites = self.sites.as_ref();
            sites.is_none_or(|sites| sites[machine.index()] == sites[to.index()])
        }
    }
}

/// What a round came to; the lower, the better.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Round {
    /// Priorities of what is lost, the highest first.
    lost: Vec<u8>,
    places: Vec<(VmNumber, Place)>,
}

impl Fleet {
    /// Everything that is to be restarted and is on a failed machine: in its site, where its data is, unless
    /// it may go to others.
    pub(crate) fn recover_now(&mut self, across_sites: bool) -> Recovered {
        let reach = Reach::new(self, across_sites);
        let mut dead = self.dead(&reach);
        // After one failure of the kind that is to be survived, all go where a place was kept.
        let mark = self.mark();
        if dead.iter().all(|one| self.restart_kept(one)) {
            self.keep(mark);
        } else {
            self.back(mark);
            self.recovering_set(true);
            self.restart_anywhere(&mut dead, &reach);
            self.recovering_set(false);
        }
        self.recovered(&dead)
    }

    /// Everything that is to be restarted, in the order in which it is tried first.
    fn dead(&self, reach: &Reach) -> Vec<Dead> {
        let mut options: BTreeMap<(NeedNumber, SiteNumber), usize> = BTreeMap::new();
        let mut dead = Vec::new();
        let is_dead = |machine: &MachineNumber| self.state(*machine) == State::Failed;
        for vm in self
            .machines()
            .filter(is_dead)
            .flat_map(|machine| self.vms_of(machine))
        {
            let of = &self.vms[vm.index()];
            let Some(place) = of.place.filter(|_| of.ask.restarts && of.hold_of.is_none()) else {
                continue;
            };
            let sizes = &self.needs[of.ask.need.index()].sizes;
            let options = *options
                .entry((of.ask.need, self.machines[place.machine.index()].site))
                .or_insert_with(|| self.options(*vm, reach.from(place.machine)));
            dead.push(Dead {
                vm: *vm,
                place,
                backups: of.backups,
                priority: of.ask.priority,
                options,
                size: (sizes[0], sizes[1]),
                left: 0,
                is_hopeless: false,
            });
        }
        order(&mut dead);
        dead
    }

    /// On how many machines it could be if they were empty.
    fn options(&self, vm: VmNumber, takes: impl Fn(MachineNumber) -> bool) -> usize {
        let frame = Frame::bare(self, &self.vms[vm.index()].ask, Some(vm));
        let could = |machine: &MachineNumber| takes(*machine) && frame.could_fit(self, *machine);
        self.machines().filter(could).count()
    }

    /// In several orders, until nothing is lost that need not be.
    fn restart_anywhere(&mut self, dead: &mut [Dead], reach: &Reach) {
        for one in dead.iter_mut() {
            let mark = self.mark();
            one.is_hopeless = !self.restart(one, reach);
            self.back(mark);
        }
        let hopeless = dead.iter().filter(|one| one.is_hopeless).count();
        let mut best: Option<Round> = None;
        let mut effort = EFFORT;
        for _ in 0..ROUNDS {
            let mark = self.mark();
            let round = self.restart_round(dead, reach, &mut effort);
            self.back(mark);
            let lost = round.lost.len();
            if best.as_ref().is_none_or(|best| round < *best) {
                best = Some(round);
            }
            effort = effort.saturating_sub(dead.len());
            if lost == hopeless || effort == 0 {
                break;
            }
            order(dead);
        }
        for (vm, place) in best.into_iter().flat_map(|best| best.places) {
            self.place_set(vm, Some(place));
        }
    }

    /// All of them in this order.
    fn restart_round(&mut self, dead: &mut [Dead], reach: &Reach, effort: &mut usize) -> Round {
        let (mut restarted, mut lost) = (Vec::with_capacity(dead.len()), Vec::new());
        for one in dead {
            let is_restarted = !one.is_hopeless
                && (self.restart_kept(one)
                    || self.restart(one, reach)
                    || self.make_room(one, &restarted, reach, effort)
                    || self.lead(one, &restarted, reach, effort));
            if is_restarted {
                restarted.push(*one);
            } else {
                one.left += 1;
                lost.push(one.priority);
            }
        }
        lost.sort_unstable_by_key(|priority| Reverse(*priority));
        let place = |one: Dead| self.place_of(one.vm).map(|place| (one.vm, place));
        let places = restarted.into_iter().filter_map(place).collect();
        Round { lost, places }
    }

    /// Wherever there is room.
    fn restart(&mut self, one: &Dead, reach: &Reach) -> bool {
        let takes = reach.from(one.place.machine);
        self.place_vm(one.vm, &takes).is_ok()
    }

    /// In the place that was kept for it, if that is still free.
    fn restart_kept(&mut self, one: &Dead) -> bool {
        let frame = Frame::new(self, &self.vms[one.vm.index()].ask, Some(one.vm));
        let fits = |place: &Place| {
            let amounts = frame.need.amounts(place.nodes);
            frame.is_open(self, place.machine)
                && self.free(place.machine).has(&amounts)
                && frame.is_allowed(self, place.machine)
        };
        let kept = one.backups.iter().flatten().copied().find(fits);
        if let Some(place) = kept {
            self.place_set(one.vm, Some(place));
        }
        kept.is_some()
    }

    /// Where one was restarted that finds another place.
    fn make_room(
        &mut self,
        one: &Dead,
        restarted: &[Dead],
        reach: &Reach,
        effort: &mut usize,
    ) -> bool {
        let takes = reach.from(one.place.machine);
        for other in restarted.iter().rev() {
            let place = self.place_of(other.vm);
            let Some(place) = place.filter(|place| takes(place.machine)) else {
                continue;
            };
            if *effort == 0 {
                return false;
            }
            *effort -= 1;
            let mark = self.mark();
            self.place_set(other.vm, None);
            if self.restart_on(one.vm, place.machine) && self.restart(other, reach) {
                self.keep(mark);
                return true;
            }
            self.back(mark);
        }
        false
    }

    /// Where those find a place that were restarted before it and belong together with it.
    fn lead(&mut self, one: &Dead, restarted: &[Dead], reach: &Reach, effort: &mut usize) -> bool {
        let together = |other: &&Dead| self.belong_together(one.vm, other.vm);
        let with: Vec<Dead> = restarted.iter().filter(together).copied().collect();
        if with.is_empty() {
            return false;
        }
        let takes = reach.from(one.place.machine);
        for machine in self.machines().filter(|machine| takes(*machine)) {
            if *effort == 0 {
                return false;
            }
            *effort -= 1;
            let mark = self.mark();
            for other in &with {
                self.place_set(other.vm, None);
            }
            let is_led = self.restart_on(one.vm, machine)
                && with.iter().all(|other| self.restart(other, reach));
            if is_led {
                self.keep(mark);
                return true;
            }
            self.back(mark);
        }
        false
    }

    /// Whether a hard group wants both in one domain.
    fn belong_together(&self, one: VmNumber, other: VmNumber) -> bool {
        let groups = |vm: VmNumber| self.vms[vm.index()].ask.groups.into_iter().flatten();
        groups(one).any(|group| {
            let spec = self.groups[group.index()].spec;
            spec.is_hard
                && spec.relation == Relation::Together
                && groups(other).any(|known| known == group)
        })
    }

    fn restart_on(&mut self, vm: VmNumber, machine: MachineNumber) -> bool {
        let frame = Frame::new(self, &self.vms[vm.index()].ask, Some(vm));
        let is_open = frame.is_open(self, machine) && frame.is_allowed(self, machine);
        let place = frame.room(self, machine).filter(|_| is_open);
        if place.is_some() {
            self.place_set(vm, place);
        }
        place.is_some()
    }

    fn recovered(&self, dead: &[Dead]) -> Recovered {
        let mut recovered = Recovered::default();
        for one in dead {
            match self.place_of(one.vm).filter(|place| *place != one.place) {
                Some(place) => {
                    recovered.moves.push((one.vm, one.place, place));
                    let is_kept = one.backups.contains(&Some(place));
                    recovered.kept += usize::from(is_kept);
                    recovered.found += usize::from(!is_kept);
                }
                None => recovered.lost.push(Lost {
                    vm: one.vm,
                    place: one.place,
                }),
            }
        }
        recovered
    }
}

/// What is important first; of those what was left before, then what could be on few machines, then
/// what is large.
fn order(dead: &mut [Dead]) {
    dead.sort_by_key(|one| {
        let (priority, left, size) = (Reverse(one.priority), Reverse(one.left), Reverse(one.size));
        (priority, left, one.options, size, one.vm)
    });
}
