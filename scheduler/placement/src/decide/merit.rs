//! Why one machine is better than another that fits too.

use crate::{
    fleet::{Ask, Fleet, MachineNumber, WHOLE},
    rules::Frame,
};

/// The parts of a score: of each the lower is the better. See `docs/placement.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merit {
    /// How many soft groups a place there would break.
    pub broken: usize,
    /// Whether the image would have to be copied.
    pub is_copied: bool,
    /// What is unsold there now, in thousandths of a machine, on average over its dimensions.
    pub unsold: i64,
    /// How lopsided what would be left there is: the distance between the dimension with most and the one
    /// with least of it, in thousandths.
    pub crooked: i64,
    /// All of the score.
    pub score: i64,
}

impl Fleet {
    /// Of a machine on which it would fit.
    #[must_use]
    pub fn merit(&self, ask: &Ask, machine: MachineNumber) -> Merit {
        let frame = Frame::new(self, ask, None);
        let of = &self.machines[machine.index()];
        let is_there = |image| of.images.binary_search(&image).is_ok();
        let limit = &of.limit.whole;
        let sold = limit.iter().filter(|limit| **limit > 0).count();
        let sold = i64::try_from(sold).unwrap_or(1).max(1);
        let shares: i64 = self.shares[machine.index()].iter().sum();
        Merit {
            broken: frame.broken(self, machine, false).count(),
            is_copied: frame.need.image.is_some_and(|image| !is_there(image)),
            unsold: shares * 1_000 / sold / WHOLE,
            crooked: frame.crooked(self, machine) * 1_000 / WHOLE,
            score: frame.score(self, machine),
        }
    }
}
