//! Where it could be instead. Workers that don't know of each other choose the same machine, queue for its
//! row, and lose their claims when it is full.
//!
//! There is nearly always one machine that is clearly best, the one that is being filled. Its neighbours in
//! the order are filled next in any case, so that one of them comes before its turn leaves at most as many
//! machines half filled as there are claims at the same moment.

use berth_model::{MachineId, StoragePoolId};

use super::{Chosen, Platform, found::Found};

impl Platform {
    /// Of those that came closest, in their order.
    pub(super) fn alternatives(
        &self,
        chosen: &Chosen,
        found: &[Found],
        closest: &[usize],
    ) -> Vec<(MachineId, StoragePoolId)> {
        let mut alternatives = Vec::with_capacity(closest.len());
        for index in closest {
            let known = &self.facts.machines[*index];
            let is_on = chosen.network_id.is_none_or(|wanted| {
                let mut networks = known.networks.iter();
                networks.any(|network| network.id == wanted)
            });
            let is_other = known.machine.id != chosen.machine_id;
            if let Some(pool) = &known.pool
                && found[*index].fits()
                && is_other
                && is_on
            {
                alternatives.push((known.machine.id, pool.id));
            }
        }
        alternatives
    }
}
