//! How many more fit.

use crate::{
    fleet::{Ask, Fleet, TenantNumber},
    rules::Frame,
};

/// How many more of a mix fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// How many, in its proportions.
    pub count: usize,
    /// Which fits nowhere then, by its position in the mix; none if nothing was asked, or if no more
    /// were counted.
    pub full: Option<usize>,
    /// What no machine could hold if it were empty, by position. It is left out of the count: it would
    /// be the end of any mix.
    pub misfits: Vec<usize>,
}

impl Fleet {
    /// How many more of these fit, one after another, each as a tenant of its own; not counted beyond `most`.
    pub fn more(&mut self, ask: &Ask, most: usize) -> usize {
        self.more_of_mix(&[(*ask, 1)], most).count
    }

    /// How many more fit if they come in these proportions, until one of them fits nowhere.
    pub fn more_of_mix(&mut self, mix: &[(Ask, u32)], most: usize) -> More {
        let misfits = self.misfits(mix);
        let (mark, vms) = (self.mark(), self.vms.len());
        let mut rotation = Rotation::new(mix, &misfits);
        let mut more = More {
            misfits,
            ..More::default()
        };
        while more.count < most {
            let Some(next) = rotation.next() else { break };
            let stranger = of_stranger(&mix[next].0, self.vms.len());
            if self.place(&stranger).is_err() {
                more.full = Some(next);
                break;
            }
            more.count += 1;
        }
        self.back(mark);
        self.vms.truncate(vms);
        more
    }

    /// Those of a mix that no machine could hold if it were empty, by position.
    pub(super) fn misfits(&self, mix: &[(Ask, u32)]) -> Vec<usize> {
        let fits = |ask: &Ask| {
            let frame = Frame::bare(self, ask, None);
            let mut machines = self.machines();
            machines.any(|machine| frame.could_fit(self, machine))
        };
        let wanted = mix.iter().enumerate().filter(|(_, (_, part))| *part > 0);
        wanted
            .filter(|(_, (ask, _))| !fits(ask))
            .map(|(index, _)| index)
            .collect()
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

/// The positions of a mix in turn, so that after any number of them the proportions are as close as
/// can be.
struct Rotation {
    /// With their parts, and how often each was given.
    wanted: Vec<(usize, u64, u64)>,
}

impl Rotation {
    fn new(mix: &[(Ask, u32)], without: &[usize]) -> Self {
        let parts = mix.iter().map(|(_, part)| u64::from(*part)).enumerate();
        let wanted = parts.filter(|(index, part)| *part > 0 && !without.contains(index));
        Self {
            wanted: wanted.map(|(index, part)| (index, part, 0)).collect(),
        }
    }

    fn next(&mut self) -> Option<usize> {
        // Who would have least of its part with one more.
        let next = self.wanted.iter_mut().min_by(|one, other| {
            let left = (one.2 + 1) * other.1;
            left.cmp(&((other.2 + 1) * one.1)).then(one.0.cmp(&other.0))
        })?;
        next.2 += 1;
        Some(next.0)
    }
}
