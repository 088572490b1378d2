//! Many refusals in few words: how many machines refuse for which reason.

use std::collections::BTreeMap;

use crate::{fleet::MachineNumber, rules::Refusal};

/// Machines that refuse for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The reason; where it is an amount, the least of them.
    pub by: Refusal,
    /// How many machines.
    pub machines: usize,
    /// The one where least is missing; of equal ones the first.
    pub nearest: MachineNumber,
}

impl Reason {
    /// By reason, what is nearest to a place first.
    pub fn all(refused: impl IntoIterator<Item = (MachineNumber, Refusal)>) -> Vec<Self> {
        let mut found: BTreeMap<(u8, Refusal), Self> = BTreeMap::new();
        for (nearest, by) in refused {
            let one = found.entry((by.distance(), by.kind())).or_insert(Self {
                by,
                machines: 0,
                nearest,
            });
            one.machines += 1;
            if by.amount() < one.by.amount() {
                (one.by, one.nearest) = (by, nearest);
            }
        }
        found.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_one_kind_are_told_once_with_the_nearest_machine() {
        let short = |missing| Refusal::Short {
            dimension: 0,
            missing,
        };
        let refusals = [
            short(5),
            Refusal::Site,
            short(2),
            Refusal::NoRestart,
            short(2),
        ];
        let refused = refusals.into_iter().enumerate();
        let reasons = Reason::all(refused.map(|(at, by)| (MachineNumber::at(at), by)));
        let told: Vec<_> = reasons
            .iter()
            .map(|one| (one.by, one.machines, one.nearest.0))
            .collect();
        let expected = [
            (Refusal::NoRestart, 1, 3),
            (short(2), 3, 2),
            (Refusal::Site, 1, 1),
        ];
        assert_eq!(told, expected);
    }
}
