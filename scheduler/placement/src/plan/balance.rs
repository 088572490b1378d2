//! How evenly a fleet is loaded, as one number.

use crate::fleet::{DIMENSIONS, Sizes, WHOLE};

/// What should be even between machines, with weights in thousandths. The measure is the weighted
/// sum of standard deviations over the active machines: of what is used as a share of what may be
/// sold, and of how many virtual machines there are. It is counted in whole numbers, in parts of
/// `Balance::ONE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Of each dimension.
    pub dimensions: Sizes,
    /// Of how many virtual machines there are.
    pub count: i64,
}

impl Default for Balance {
    /// Memory and vCPUs alike.
    fn default() -> Self {
        let mut dimensions = [0; DIMENSIONS];
        dimensions[0] = 1_000;
        dimensions[1] = 1_000;
        Self {
            dimensions,
            count: 0,
        }
    }
}

/// How many measures there can be.
pub(super) const MEASURES: usize = DIMENSIONS + 1;

impl Balance {
    /// What the measure counts in: a standard deviation of 1 with a weight of 1.
    pub const ONE: i64 = WHOLE * 1_000;

    pub(super) fn weights(&self) -> [i64; MEASURES] {
        let mut weights = [0; MEASURES];
        weights[..DIMENSIONS].copy_from_slice(&self.dimensions);
        weights[DIMENSIONS] = self.count;
        weights
    }
}

/// Sums and sums of squares, from which deviations follow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) sum: [i64; MEASURES],
    pub(super) squares: [i128; MEASURES],
}

impl Sums {
    /// A value changes.
    #[inline]
    pub(super) fn change(&mut self, measure: usize, before: i64, after: i64) {
        self.sum[measure] += after - before;
        let square = |value: i64| i128::from(value) * i128::from(value);
        self.squares[measure] += square(after) - square(before);
    }

    /// The weighted sum of the deviations of that many values.
    pub(super) fn deviation(&self, weights: &[i64; MEASURES], count: i64) -> i64 {
        let mut total = 0;
        for (measure, weight) in weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight != 0)
        {
            let (sum, squares) = (self.sum[measure], self.squares[measure]);
            let spread = squares * i128::from(count) - i128::from(sum) * i128::from(sum);
            total += weight * root(spread) / count.max(1);
        }
        total
    }
}

/// Up to here the root of a double is next to the whole root or is it.
const NEAR: u128 = 1 << 100;

/// The whole root, rounded down. A float says where to look and integers decide, so that the answer is
/// exact; this is asked a million times for a plan, and is ten times as fast.
pub(super) fn root(square: i128) -> i64 {
    let square = u128::try_from(square).unwrap_or(0);
    if square >= NEAR {
        let root = u64::try_from(square.isqrt()).unwrap_or(u64::MAX);
        return i64::try_from(root).unwrap_or(i64::MAX);
    }
    if let Ok(square) = i64::try_from(square) {
        return root_small(square);
    }
    let mut root = (square as f64).sqrt() as u64;
    let squared = |root: u64| u128::from(root) * u128::from(root);
    while squared(root) > square {
        root -= 1;
    }
    while squared(root + 1) <= square {
        root += 1;
    }
    i64::try_from(root).unwrap_or(i64::MAX)
}

/// The same with numbers that a processor has itself.
#[inline]
fn root_small(square: i64) -> i64 {
    let mut root = (square as f64).sqrt() as i64;
    // Beside the greatest root there is; its square would not fit.
    root = root.min(3_037_000_499);
    while root * root > square {
        root -= 1;
    }
    while root < 3_037_000_499 && (root + 1) * (root + 1) <= square {
        root += 1;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_root_is_the_whole_root(root_of in 0..1i128 << 126, bits in 0..127u32) {
            for square in [root_of >> bits, (root_of >> bits).isqrt().pow(2)] {
                for square in [square.saturating_sub(1), square, square + 1] {
                    let expected = square.max(0).isqrt();
                    prop_assert_eq!(i128::from(root(square)), expected.min(i64::MAX.into()));
                }
            }
        }
    }
}
