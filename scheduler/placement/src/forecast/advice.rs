//! What one more machine would bring.

use crate::fleet::{Ask, Fleet, FleetError, MachineSpec};

/// What one more machine of a type would bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Of the types that were asked about, by position.
    pub which: usize,
    /// How many more of the mix would fit in all.
    pub more: usize,
    /// How many of those are due to it. Where room is kept for restarts, a machine that is larger
    /// than all others brings less than it holds.
    pub gained: usize,
    /// What fits no machine that is there and would fit this one, by its position in the mix; not
    /// counted, unless nothing fits any machine that is there.
    pub opens: Vec<usize>,
}

impl Fleet {
    /// For each of these types, the best first. Each is tried on a copy of the fleet.
    ///
    /// # Errors
    ///
    /// If a type has too many NUMA nodes.
    pub fn advice(
        &mut self,
        types: &[MachineSpec],
        mix: &[(Ask, u32)],
        most: usize,
    ) -> Result<Vec<Advice>, FleetError> {
        let before = self.more_of_mix(mix, most);
        // What fits nowhere would be the end of the mix with any machine that doesn't hold it.
        let mut counted = mix.to_vec();
        if before.misfits.len() < mix.iter().filter(|(_, part)| *part > 0).count() {
            before
                .misfits
                .iter()
                .for_each(|index| counted[*index].1 = 0);
        }
        let mut all = Vec::with_capacity(types.len());
        for (which, machine) in types.iter().enumerate() {
            let mut larger = self.clone();
            larger.machine_add(machine)?;
            larger.protect();
            let more = larger.more_of_mix(&counted, most).count;
            let misfits = larger.misfits(mix);
            let opens = before.misfits.iter().copied();
            all.push(Advice {
                which,
                more,
                gained: more.saturating_sub(before.count),
                opens: opens.filter(|index| !misfits.contains(index)).collect(),
            });
        }
        all.sort_by_key(|one| (std::cmp::Reverse(one.gained), one.which));
        Ok(all)
    }
}
