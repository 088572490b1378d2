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
                prop_assert_eq!(tree.least(), had.filter(|one| one.0 != NEVER).min());
            }
        }
    }
}
