//! The least of many numbers that change one at a time.

/// How many children a node has: as many as a processor compares in a few instructions.
const FAN: usize = 16;
/// In place of a number: not to be had.
pub(crate) const NEVER: i64 = i64::MAX;

/// Numbers as leaves; every node above is the least of its children.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// The leaves first; each level is filled up with `NEVER`.
    levels: Vec<Vec<i64>>,
    count: usize,
}

impl Tree {
    pub(crate) fn new(leaves: impl Iterator<Item = i64>) -> Self {
        let mut level: Vec<i64> = leaves.collect();
        let count = level.len();
        let mut levels = Vec::new();
        loop {
            level.resize(level.len().next_multiple_of(FAN).max(FAN), NEVER);
            let above: Vec<i64> = level.chunks(FAN).map(least).collect();
            levels.push(level);
            if above.len() == 1 {
                return Self { levels, count };
            }
            level = above;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn set(&mut self, at: usize, value: i64) {
        let mut at = at;
        let mut value = value;
        for level in &mut self.levels {
            if level[at] == value {
                return;
            }
            level[at] = value;
            at /= FAN;
            value = least(&level[at * FAN..(at + 1) * FAN]);
        }
    }

    /// The same, without the nodes above: those are wrong until `rise`.
    pub(crate) fn put(&mut self, at: usize, value: i64) {
        self.levels[0][at] = value;
    }

    /// Looks at every node above once, which is cheaper than again and again where many have changed.
    pub(crate) fn rise(&mut self) {
        for level in 1..self.levels.len() {
            let (below, above) = self.levels.split_at_mut(level);
            for (node, children) in above[0].iter_mut().zip(below[level - 1].chunks(FAN)) {
                *node = least(children);
            }
        }
    }

    /// Whether so many changes are better put in first, and all nodes above looked at afterwards. Most of
    /// the changes change nothing further up.
    pub(crate) fn are_many(&self, changes: u64) -> bool {
        changes > self.count as u64
    }

    /// The least, and where it is; the first of equals.
    pub(crate) fn least(&self) -> Option<(i64, usize)> {
        let value = least(self.levels.last()?);
        if value == NEVER {
            return None;
        }
        let mut node = 0;
        for level in self.levels.iter().rev() {
            let children = &level[node * FAN..(node + 1) * FAN];
            node = node * FAN + children.iter().position(|child| *child == value)?;
        }
        Some((value, node))
    }
}

fn least(numbers: &[i64]) -> i64 {
    numbers.iter().copied().fold(NEVER, i64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_least_is_found_after_every_change(
            leaves in prop::collection::vec(0..40i64, 1..700),
            changes in prop::collection::vec((any::<prop::sample::Index>(), 0..50i64), 0..60),
        ) {
            let mut plain = leaves;
            let mut tree = Tree::new(plain.iter().copied());
            for (at, value) in changes {
                let at = at.index(plain.len());
                plain[at] = if value > 40 { NEVER } else { value };
                tree.set(at, plain[at]);
                let had = plain.iter().copied().enumerate().map(|(at, value)| (value, at));
                let least = had.filter(|one| one.0 != NEVER).min();
                prop_assert_eq!(tree.least(), least);
                let mut again = tree.clone();
                again.put(at, NEVER);
                again.put(at, plain[at]);
                again.rise();
                prop_assert_eq!(again.least(), least);
            }
        }
    }
}
