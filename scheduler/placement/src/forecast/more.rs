//! How many more fit.

use crate::fleet::{Ask, Fleet, TenantNumber};

impl Fleet {
    /// How many more of these fit, one after another, each as a tenant of its own; not counted beyond `most`.
    pub fn more(&mut self, ask: &Ask, most: usize) -> usize {
        self.more_of_mix(&[(*ask, 1)], most)
    }

    /// How many more fit if they come in these proportions, until one of them fits nowhere.
    pub fn more_of_mix(&mut self, mix: &[(Ask, u32)], most: usize) -> usize {
        let (mark, vms) = (self.mark(), self.vms.len());
        let mut rotation = Rotation::new(mix);
        let mut count = 0;
        while count < most {
            let Some(ask) = rotation.next_ask() else {
                break;
            };
            if self.place(&of_stranger(&ask, self.vms.len())).is_err() {
                break;
            }
            count += 1;
        }
        self.back(mark);
        self.vms.truncate(vms);
        count
    }
}

/// As a tenant of its own: customers to come are not one customer, whom a cap would stop.
pub(super) fn of_stranger(ask: &Ask, number: usize) -> Ask {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    Ask {
        tenant: TenantNumber(u32::MAX - number),
        ..*ask
    }
}

/// The asks of a mix in turn, so that after any number of them the proportions are as close as can
/// be.
pub(super) struct Rotation<'a> {
    mix: &'a [(Ask, u32)],
    given: Vec<u64>,
}

impl<'a> Rotation<'a> {
    pub(super) fn new(mix: &'a [(Ask, u32)]) -> Self {
        Self {
            mix,
            given: vec![0; mix.len()],
        }
    }

    pub(super) fn next_ask(&mut self) -> Option<Ask> {
        // Who would have least of its part with one more.
        let wanted = (0..self.mix.len()).filter(|index| self.mix[*index].1 > 0);
        let next = wanted.min_by(|one, other| {
            let (one_part, other_part) =
                (u64::from(self.mix[*one].1), u64::from(self.mix[*other].1));
            let left = (self.given[*one] + 1) * other_part;
            left.cmp(&((self.given[*other] + 1) * one_part))
                .then(one.cmp(other))
        })?;
        self.given[next] += 1;
        Some(self.mix[next].0)
    }
}
