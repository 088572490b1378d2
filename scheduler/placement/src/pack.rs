//! Static vector bin packing: all things are known, all bins are equal, as few bins as can be.
//!
//! First bins are filled one after another with what points where the bin is emptiest (Panigrahy and
//! others, "Heuristics for vector bin packing", 2011: bin-centric dot product with weights that follow
//! what is left). Then a few bins are emptied and filled anew, again and again, and kept where that
//! frees a bin or gathers what is empty in fewer of them.

/// Into which bins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Positions of the things in each bin.
    pub bins: Vec<Vec<usize>>,
    /// No packing has fewer bins than this.
    pub bound: usize,
}

const WHOLE: i64 = 1 << 16;
/// How many bins are emptied at once.
const EMPTIED: usize = 5;

/// Packs things of these sizes (each as many numbers as there are capacities; none larger than a bin)
/// with that many attempts to do better. Deterministic.
#[must_use]
pub fn pack(things: &[Vec<i64>], capacity: &[i64], attempts: usize) -> Packing {
    let shares: Vec<Vec<i64>> = things
        .iter()
        .map(|sizes| {
            sizes
                .iter()
                .zip(capacity)
                .map(|(size, of)| part(*size, *of))
                .collect()
        })
        .collect();
    let search = Search {
        things,
        capacity,
        shares: &shares,
    };
    let bound = bound(things, capacity);
    let mut dice = Dice(1);
    let all: Vec<usize> = (0..things.len()).collect();
    let mut bins = search.fill(&all, None);
    let mut empty: Vec<i64> = bins.iter().map(|bin| search.empty(bin)).collect();
    for _ in 0..attempts {
        if bins.len() <= bound || bins.len() < 2 {
            break;
        }
        search.attempt(&mut bins, &mut empty, &mut dice);
    }
    Packing { bins, bound }
}

/// In parts of `WHOLE`, with less detail where the numbers are so large that it can't matter.
fn part(size: i64, of: i64) -> i64 {
    if size < 1 << 46 {
        return size * WHOLE / of.max(1);
    }
    (size >> 16) * WHOLE / (of >> 16).max(1)
}

/// Of each dimension as many as hold the sum.
pub(crate) fn bound(things: &[Vec<i64>], capacity: &[i64]) -> usize {
    let whole = |(lane, of): (usize, &i64)| {
        let sum: i64 = things.iter().map(|sizes| sizes[lane]).sum();
        (sum + of - 1) / of.max(&1)
    };
    let most = capacity.iter().enumerate().map(whole).max().unwrap_or(0);
    usize::try_from(most).unwrap_or(0)
}

struct Search<'a> {
    things: &'a [Vec<i64>],
    capacity: &'a [i64],
    shares: &'a [Vec<i64>],
}

impl Search<'_> {
    /// Fills bins one after another; with dice things are valued a little differently each time.
    fn fill(&self, things: &[usize], mut dice: Option<&mut Dice>) -> Vec<Vec<usize>> {
        let mut left = things.to_vec();
        let noise: Vec<i64> = things
            .iter()
            .map(|_| dice.as_mut().map_or(64, |dice| 48 + dice.roll(33) as i64))
            .collect();
        let mut noise = noise;
        let mut bins = Vec::new();
        while !left.is_empty() {
            let mut room = self.capacity.to_vec();
            let mut bin = Vec::new();
            while let Some(at) = self.best(&left, &noise, &room) {
                let thing = left.swap_remove(at);
                noise.swap_remove(at);
                for (room, size) in room.iter_mut().zip(&self.things[thing]) {
                    *room -= size;
                }
                bin.push(thing);
            }
            if bin.is_empty() {
                // Larger than a bin: alone.
                bin.push(left.swap_remove(0));
                noise.swap_remove(0);
            }
            bins.push(bin);
        }
        bins
    }

    /// What fits and points most to where there is room, weighted by what is wanted most in all.
    fn best(&self, left: &[usize], noise: &[i64], room: &[i64]) -> Option<usize> {
        let count = left.len() as i64;
        let weights: Vec<i64> = (0..room.len())
            .map(|lane| {
                let wanted: i64 = left.iter().map(|thing| self.shares[*thing][lane]).sum();
                let room = part(room[lane], self.capacity[lane]);
                ((wanted / count.max(1)) * (room >> 4)) >> 8
            })
            .collect();
        let fits = |thing: &usize| {
            self.things[*thing]
                .iter()
                .zip(room)
                .all(|(size, room)| size <= room)
        };
        let value = |at: usize| -> i64 {
            let shares = &self.shares[left[at]];
            shares
                .iter()
                .zip(&weights)
                .map(|(share, weight)| share * weight)
                .sum::<i64>()
                / 64
                * noise[at]
        };
        let fitting = (0..left.len()).filter(|at| fits(&left[*at]));
        fitting.max_by_key(|at| (value(*at), std::cmp::Reverse(left[*at])))
    }

    /// How empty a bin is, squared: a few quite empty ones are better than many half empty.
    fn empty(&self, bin: &[usize]) -> i64 {
        let filled = |lane: usize| {
            bin.iter()
                .map(|thing| self.shares[*thing][lane])
                .sum::<i64>()
        };
        let empty: i64 = (0..self.capacity.len())
            .map(|lane| WHOLE - filled(lane))
            .sum();
        let empty = empty / self.capacity.len().max(1) as i64;
        empty * empty
    }

    /// Empties a few bins, the emptiest rather, and fills them anew.
    fn attempt(&self, bins: &mut Vec<Vec<usize>>, empty: &mut Vec<i64>, dice: &mut Dice) {
        let wanted = (2 + dice.roll(EMPTIED - 1)).min(bins.len());
        let mut chosen: Vec<usize> = Vec::with_capacity(wanted);
        while chosen.len() < wanted {
            let (one, other) = (dice.roll(bins.len()), dice.roll(bins.len()));
            let at = if chosen.is_empty() && empty[other] > empty[one] {
                other
            } else {
                one
            };
            if !chosen.contains(&at) {
                chosen.push(at);
            }
        }
        let things: Vec<usize> = chosen
            .iter()
            .flat_map(|at| bins[*at].iter().copied())
            .collect();
        let filled = self.fill(&things, Some(dice));
        let before: i64 = chosen.iter().map(|at| empty[*at]).sum();
        let after: Vec<i64> = filled.iter().map(|bin| self.empty(bin)).collect();
        let is_better = filled.len() < wanted
            || (filled.len() == wanted && after.iter().sum::<i64>() >= before);
        if !is_better {
            return;
        }
        chosen.sort_unstable_by(|one, other| other.cmp(one));
        for at in chosen {
            bins.swap_remove(at);
            empty.swap_remove(at);
        }
        bins.extend(filled);
        empty.extend(after);
    }
}

/// Numbers that look random and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }
}
