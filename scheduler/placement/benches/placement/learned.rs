//! Ends that are expected from what has ended before: the median of how long those of the same tenant
//! and size lasted, else those of the same size, else all.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use crate::data::Request;

/// With fewer that have ended, nothing is known of them.
const ENOUGH: usize = 5;
/// If nothing is known of any.
const HOUR: i64 = 3_600;

type Key = (Option<u32>, Option<(i64, i64)>);

/// The latest lifetimes of a kind, as a median that moves with them.
#[derive(Default)]
struct Lasted {
    sorted: Vec<i64>,
}

impl Lasted {
    fn note(&mut self, lasted: i64) {
        let at = self.sorted.partition_point(|other| *other < lasted);
        self.sorted.insert(at, lasted);
    }

    fn median(&self) -> Option<i64> {
        (self.sorted.len() >= ENOUGH).then(|| self.sorted[self.sorted.len() / 2])
    }
}

/// By request; nothing is known that wasn't at its time.
pub fn ends(trace: &[Request]) -> Vec<i64> {
    let mut known: BTreeMap<Key, Lasted> = BTreeMap::new();
    let mut leaving: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let mut ends = Vec::with_capacity(trace.len());
    for (position, request) in trace.iter().enumerate() {
        while let Some(Reverse((at, gone))) = leaving.peek().copied() {
            if at > request.at {
                break;
            }
            leaving.pop();
            for key in keys(&trace[gone]) {
                known.entry(key).or_default().note(at - trace[gone].at);
            }
        }
        let mut medians = keys(request)
            .into_iter()
            .filter_map(|key| known.get(&key)?.median());
        ends.push(request.at + medians.next().unwrap_or(HOUR));
        leaving.extend(request.until.map(|until| Reverse((until, position))));
    }
    ends
}

fn keys(request: &Request) -> [Key; 3] {
    let size = Some((request.cores, request.memory));
    [(Some(request.tenant), size), (None, size), (None, None)]
}
