//! What is free and can't be sold.

use std::collections::BTreeMap;

use super::more::of_stranger;
use crate::{
    decide::Explained,
    fleet::{Ask, DIMENSIONS, Fleet, Sizes},
    rules::Refusal,
};

/// What is left when nothing fits any more, by what is in the way of the ask that came closest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stranded {
    /// What is in the way; amounts are those of the machine where least is missing.
    pub by: Refusal,
    /// On how many machines.
    pub machines: usize,
    /// What is free on them, in all.
    pub free: Sizes,
}

impl Fleet {
    /// Fills the fleet with these, each in turn until it doesn't fit any more, and tells why what is
    /// still free can't be sold, of the dimensions that any of them asks for. The machine that a mix of
    /// them fits best has nothing stranded. Where so many as `most` fit, nothing is stranded yet.
    pub fn stranded(&mut self, asks: &[Ask], most: usize) -> Vec<Stranded> {
        let (mark, vms) = (self.mark(), self.vms.len());
        let is_full = self.fill(asks, most);
        let found = if is_full {
            self.left_over(asks)
        } else {
            Vec::new()
        };
        self.back(mark);
        self.vms.truncate(vms);
        found
    }

    /// Until nothing fits; false if it is too much.
    fn fill(&mut self, asks: &[Ask], most: usize) -> bool {
        let full = self.vms.len().saturating_add(most);
        asks.iter().all(|ask| {
            while self.vms.len() < full {
                if self.place(&of_stranger(ask, self.vms.len())).is_err() {
                    return true;
                }
            }
            false
        })
    }

    fn left_over(&mut self, asks: &[Ask]) -> Vec<Stranded> {
        let asks: Vec<Ask> = asks
            .iter()
            .map(|ask| of_stranger(ask, self.vms.len()))
            .collect();
        let is_asked: [bool; DIMENSIONS] = std::array::from_fn(|lane| {
            let sizes = |ask: &Ask| self.needs[ask.need.index()].sizes[lane];
            asks.iter().any(|ask| sizes(ask) > 0)
        });
        let explained: Vec<Vec<Explained>> = asks.iter().map(|ask| self.explain(ask)).collect();
        let far = |refusal: &Refusal| (refusal.distance(), refusal.amount());
        let mut found: BTreeMap<(u8, Refusal), Stranded> = BTreeMap::new();
        for machine in self.machines() {
            let refusal = |all: &Vec<Explained>| match all[machine.index()] {
                Explained::Refused(refusal) => Some(refusal),
                Explained::Fits { .. } => None,
            };
            let nearest = explained.iter().filter_map(refusal).min_by_key(far);
            let Some(by) = nearest else { continue };
            let mut free = self.free(machine).whole.map(|lane| lane.max(0));
            for (lane, free) in free.iter_mut().enumerate() {
                *free *= i64::from(is_asked[lane]);
            }
            if free == [0; DIMENSIONS] {
                continue;
            }
            let entry = found.entry((by.distance(), by.kind())).or_insert(Stranded {
                by,
                machines: 0,
                free: [0; DIMENSIONS],
            });
            entry.machines += 1;
            if by.amount() < entry.by.amount() {
                entry.by = by;
            }
            for (sum, free) in entry.free.iter_mut().zip(free) {
                *sum += free;
            }
        }
        found.into_values().collect()
    }
}
