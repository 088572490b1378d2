//! What a fleet would go through: arrivals and departures in the order of a trace.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{
    decide::Explained,
    fleet::{Ask, DIMENSIONS, Fleet, Sizes, VmNumber},
    rules::Refusal,
};

/// Something that comes, and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When, on any scale.
    pub at: i64,
    /// When it goes; none if it stays.
    pub until: Option<i64>,
    /// What it asks for.
    pub ask: Ask,
}

/// The fleet after one moment of the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub at: i64,
    /// How many machines held anything, at most at that moment.
    pub machines: usize,
    /// As few as the sums of what was there would need, with what was there before.
    pub bound: usize,
}

/// Something that fitted nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its position among the arrivals.
    pub which: usize,
    /// What was in the way on the machine that came closest.
    pub by: Option<Refusal>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// By time.
    pub samples: Vec<Sample>,
    /// What fitted nowhere. The bounds are of what did.
    pub refused: Vec<Rejected>,
    /// The most machines at once.
    pub peak: usize,
    /// The most that the sums needed.
    pub peak_bound: usize,
    /// Machines over time, in thousandths.
    pub mean: i64,
    /// What the sums needed over time, in thousandths.
    pub mean_bound: i64,
}

impl Fleet {
    /// Places what comes and removes what goes; the arrivals are in the order of time. The fleet is
    /// as it is in the end, afterwards.
    pub fn simulate(&mut self, arrivals: &[Arrival]) -> Simulation {
        let mut run = Run::new(self);
        for (position, arrival) in arrivals.iter().enumerate() {
            run.until(arrival.at);
            run.arrive(position, arrival);
        }
        run.end()
    }
}

struct Run<'a> {
    fleet: &'a mut Fleet,
    leaving: BinaryHeap<Reverse<(i64, VmNumber)>>,
    simulation: Simulation,
    /// The most that any machine can hold, or holds already, by dimension.
    largest: Sizes,
    used: Sizes,
    machines: usize,
    now: Option<i64>,
    areas: (i128, i128),
    first: i64,
}

impl<'a> Run<'a> {
    fn new(fleet: &'a mut Fleet) -> Self {
        let (mut largest, mut used) = ([0; DIMENSIONS], [0; DIMENSIONS]);
        for machine in fleet.machines() {
            for lane in 0..DIMENSIONS {
                let there = fleet.used(machine)[lane];
                // What was found overfull holds more than it may.
                largest[lane] = largest[lane].max(fleet.limit(machine)[lane]).max(there);
                used[lane] += there;
            }
        }
        Self {
            machines: fleet.machines_used(),
            fleet,
            leaving: BinaryHeap::new(),
            simulation: Simulation::default(),
            largest,
            used,
            now: None,
            areas: (0, 0),
            first: 0,
        }
    }

    fn bound(&self) -> usize {
        let whole = |lane: usize| match self.largest[lane] {
            0 => 0,
            largest => (self.used[lane] + largest - 1) / largest,
        };
        let most = (0..DIMENSIONS).map(whole).max().unwrap_or(0);
        usize::try_from(most).unwrap_or(0)
    }

    /// Everything that goes before or at this time goes.
    fn until(&mut self, at: i64) {
        while let Some(Reverse((ends, vm))) = self.leaving.peek().copied() {
            if ends > at {
                break;
            }
            self.leaving.pop();
            self.pass(ends);
            self.change(vm, -1);
            self.fleet.vm_remove(vm);
            self.note();
        }
        self.pass(at);
    }

    fn pass(&mut self, at: i64) {
        if let Some(now) = self.now {
            let time = i128::from(at) - i128::from(now);
            self.areas.0 += time * self.machines as i128;
            self.areas.1 += time * self.bound() as i128;
        } else {
            self.first = at;
        }
        self.now = Some(at);
    }

    fn arrive(&mut self, position: usize, arrival: &Arrival) {
        self.fleet.time_set(arrival.at);
        match self.fleet.place(&arrival.ask) {
            Ok(placed) => {
                self.change(placed.vm, 1);
                if let Some(until) = arrival.until {
                    self.leaving.push(Reverse((until, placed.vm)));
                }
            }
            Err(refused) => {
                let by = refused
                    .nearest
                    .or_else(|| nearest(self.fleet, &arrival.ask));
                self.simulation.refused.push(Rejected {
                    which: position,
                    by,
                });
            }
        }
        self.note();
    }

    /// One came, or is about to go.
    fn change(&mut self, vm: VmNumber, sign: i64) {
        let sizes = self.fleet.need_of(self.fleet.ask_of(vm).need).sizes;
        for (used, size) in self.used.iter_mut().zip(sizes) {
            *used += size * sign;
        }
        let place = self.fleet.place_of(vm);
        if place.is_some_and(|place| self.fleet.vms_of(place.machine).len() == 1) {
            self.machines = self.machines.saturating_add_signed(sign as isize);
        }
    }

    fn note(&mut self) {
        let (at, machines, bound) = (self.now.unwrap_or(0), self.machines, self.bound());
        let simulation = &mut self.simulation;
        simulation.peak = simulation.peak.max(machines);
        simulation.peak_bound = simulation.peak_bound.max(bound);
        match simulation.samples.last_mut() {
            Some(last) if last.at == at => {
                last.machines = last.machines.max(machines);
                last.bound = last.bound.max(bound);
            }
            _ => simulation.samples.push(Sample {
                at,
                machines,
                bound,
            }),
        }
    }

    fn end(mut self) -> Simulation {
        let time = i128::from(self.now.unwrap_or(0)) - i128::from(self.first);
        let (machines, bound) = (self.machines as i128, self.bound() as i128);
        // Where all happens at one moment, that moment counts.
        let mean = |area: i128, at_once: i128| match time {
            0 => i64::try_from(at_once * 1_000).unwrap_or(i64::MAX),
            _ => i64::try_from(area * 1_000 / time).unwrap_or(i64::MAX),
        };
        self.simulation.mean = mean(self.areas.0, machines);
        self.simulation.mean_bound = mean(self.areas.1, bound);
        self.simulation
    }
}

/// What refuses it where it comes furthest, and where that is an amount, where least is missing.
fn nearest(fleet: &mut Fleet, ask: &Ask) -> Option<Refusal> {
    let explained = fleet.explain(ask).into_iter();
    let refusals = explained.filter_map(|one| match one {
        Explained::Refused(refusal) => Some(refusal),
        Explained::Fits { .. } => None,
    });
    refusals.max_by_key(|refusal| {
        let (rule, missing) = bare(*refusal);
        (rule, Reverse(missing))
    })
}

/// The rule, in the order in which rules are asked, and how much is missing.
fn bare(refusal: Refusal) -> (Refusal, i64) {
    match refusal {
        Refusal::Short { missing, .. } => {
            let none = Refusal::Short {
                dimension: 0,
                missing: 0,
            };
            (none, missing)
        }
        Refusal::Kept { missing, .. } => {
            let none = Refusal::Kept {
                dimension: 0,
                missing: 0,
            };
            (none, missing)
        }
        Refusal::Nodes { missing } => (Refusal::Nodes { missing: 0 }, missing.into()),
        other => (other, 0),
    }
}
