//! How good a place is: the lower, the better.
//!
//! What would be unsold on the machine decides: the fuller is filled first, so that others stay
//! empty. What would be left over crookedly counts too: a machine with memory left and no vCPUs is
//! as good as full. A soft group that is broken outweighs both; an image that would have to be
//! copied is worth a hundredth of a machine.
//!
//! A machine on which something has run long is better than one with young ones only, since it will be
//! used anyway. Where an end is expected, the machine that is used until about then is better: keeping
//! one in use for longer is worse, in doublings of time; being gone earlier is a little worse.
//!
//! What others will have to follow to the same machine goes to the emptiest one that is used.

use super::Frame;
use crate::fleet::{Block, DIMENSIONS, Fleet, MachineNumber, WHOLE, logarithm, share_by};

/// More than all shares of a machine.
const SOFT: i64 = WHOLE * 16 * DIMENSIONS as i64;
const IMAGE: i64 = WHOLE / 100;
/// To be gone before the others on a machine is better than to keep it in use for longer by this factor.
const EARLIER: i64 = 8;
/// What else makes a machine better counts for so much less where an end is expected.
const TIMED: i64 = 2;

impl Frame<'_> {
    /// For a machine that fits.
    pub(crate) fn score(&self, fleet: &Fleet, machine: MachineNumber) -> i64 {
        let alone = self.score_alone(fleet, machine);
        let company = self.score_company(fleet, machine);
        let Some((until, now)) = self.until else {
            return alone + company;
        };
        let (wanted, there) = (
            logarithm(until.saturating_sub(now)),
            fleet.remaining(machine, now),
        );
        let apart = if wanted > there {
            wanted - there
        } else {
            (there - wanted) / EARLIER
        };
        apart + alone / TIMED + company
    }

    /// What machines of one kind that have the same used have alike.
    pub(crate) fn score_alone(&self, fleet: &Fleet, machine: MachineNumber) -> i64 {
        let index = machine.index();
        let unsold = fleet.unsold[index];
        let is_used = || !fleet.used[index].is_zero();
        let is_spread = fleet.policy.spread || (self.is_leading && is_used());
        let fill = if is_spread {
            -unsold
        } else {
            fleet.fills[index]
        };
        let of = fleet.kind_of(machine);
        let is_there = |image| of.images.binary_search(&image).is_ok();
        let is_copied = self.need.image.is_some_and(|image| !is_there(image));
        fill + if is_copied { IMAGE } else { 0 } + self.crooked(fleet, machine) / 2
    }

    /// What soft groups add.
    pub(crate) fn score_company(&self, fleet: &Fleet, machine: MachineNumber) -> i64 {
        if self.bounds.is_empty() {
            return 0;
        }
        let broken = self.broken(fleet, machine, false).count();
        i64::try_from(broken).unwrap_or(0) * SOFT
    }

    /// The distance between the most and the least that would be left, as shares.
    pub(crate) fn crooked(&self, fleet: &Fleet, machine: MachineNumber) -> i64 {
        let index = machine.index();
        let inverses = &fleet.inverses[fleet.kinds[index] as usize];
        let shares = &fleet.shares[index];
        let (mut most, mut least) = (0, WHOLE);
        for (lane, size) in self.asked() {
            if inverses[lane] > 0 {
                let left = shares[lane] - share_by(size, inverses[lane]);
                most = most.max(left);
                least = least.min(left);
            }
        }
        (most - least).max(0)
    }

    /// The machine's score is not lower than this.
    pub(crate) fn least_score_of(&self, fleet: &Fleet, machine: MachineNumber) -> i64 {
        if fleet.policy.spread || self.is_leading {
            i64::MIN
        } else {
            self.timed(fleet.fills[machine.index()])
        }
    }

    fn timed(&self, fill: i64) -> i64 {
        self.until.map_or(fill, |_| fill / TIMED)
    }

    /// No machine of the block has a lower score than this.
    pub(crate) fn least_score(&self, fleet: &Fleet, block: &Block) -> i64 {
        if fleet.policy.spread || self.is_leading {
            i64::MIN
        } else {
            self.timed(block.fill)
        }
    }
}
