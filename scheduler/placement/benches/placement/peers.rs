//! First fit and best fit (least Euclidean distance to full), written down plainly, on the same trace. Both
//! open a machine only if none that is used fits.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::data::Request;

#[derive(Clone, Copy)]
pub enum Fit {
    First,
    Best,
}

struct Machines<'a> {
    trace: &'a [Request],
    size: [i64; 2],
    used: Vec<[i64; 2]>,
    count: Vec<usize>,
    sum: [i64; 2],
    in_use: i64,
}

impl Machines<'_> {
    fn bound(&self) -> i64 {
        let whole = |lane: usize| (self.sum[lane] + self.size[lane] - 1) / self.size[lane];
        whole(0).max(whole(1))
    }

    fn find(&self, request: &Request, fit: Fit) -> usize {
        let wanted = [request.cores, request.memory];
        let fits =
            |at: &usize| (0..2).all(|lane| self.used[*at][lane] + wanted[lane] <= self.size[lane]);
        let left = |at: &usize| -> i64 {
            let share = |lane: usize| {
                let left = self.size[lane] - self.used[*at][lane] - wanted[lane];
                left * 10_000 / self.size[lane]
            };
            share(0).pow(2) + share(1).pow(2)
        };
        let fitting = (0..self.used.len()).filter(fits);
        let is_empty = |at: &usize| self.count[*at] == 0;
        let found = match fit {
            Fit::First => fitting.min_by_key(|at| (is_empty(at), *at)),
            Fit::Best => fitting.min_by_key(|at| (is_empty(at), left(at), *at)),
        };
        found.expect("there are machines enough")
    }

    fn change(&mut self, position: usize, at: usize, sign: i64) {
        let request = &self.trace[position];
        for (lane, size) in [request.cores, request.memory].into_iter().enumerate() {
            self.used[at][lane] += sign * size;
            self.sum[lane] += sign * size;
        }
        let was_empty = self.count[at] == 0;
        self.count[at] = self.count[at].saturating_add_signed(sign as isize);
        self.in_use += i64::from(was_empty) - i64::from(self.count[at] == 0);
    }
}

/// Peak and mean over what the sums need, in hundredths.
pub fn over(trace: &[Request], size: [i64; 2], fit: Fit) -> String {
    let mut machines = Machines {
        trace,
        size,
        used: vec![[0; 2]; 2_000],
        count: vec![0; 2_000],
        sum: [0; 2],
        in_use: 0,
    };
    let mut leaving: BinaryHeap<Reverse<(i64, usize, usize)>> = BinaryHeap::new();
    let (mut now, mut peak, mut area) = (trace[0].at, (0, 0), (0, 0));
    for (position, request) in trace.iter().enumerate() {
        loop {
            let next = leaving.peek().filter(|next| next.0.0 <= request.at);
            let at = next.map_or(request.at, |next| next.0.0);
            area.0 += (at - now) * machines.in_use;
            area.1 += (at - now) * machines.bound();
            now = at;
            if next.is_none() {
                break;
            }
            if let Some(Reverse((_, gone, machine))) = leaving.pop() {
                machines.change(gone, machine, -1);
            }
        }
        let at = machines.find(request, fit);
        machines.change(position, at, 1);
        leaving.extend(request.until.map(|until| Reverse((until, position, at))));
        peak = (peak.0.max(machines.in_use), peak.1.max(machines.bound()));
    }
    let percent = |reached: i64, bound: i64| (reached as f64 / bound as f64 - 1.0) * 100.0;
    format!(
        "{:+.2}/{:+.2}",
        percent(peak.0, peak.1),
        percent(area.0, area.1)
    )
}
