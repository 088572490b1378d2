//! Everything that is short on a machine, where a refusal tells the first of it.

use crate::{
    fleet::{Ask, Fleet, MachineNumber, Sizes},
    rules::Refusal,
};

impl Fleet {
    /// All dimensions that are short where this rule refused, with how much of each. Where NUMA nodes
    /// have no room, what is short on the nearest of those that would be needed too.
    #[must_use]
    pub fn missing(
        &self,
        ask: &Ask,
        machine: MachineNumber,
        refusal: &Refusal,
    ) -> Vec<(usize, i64)> {
        let need = self.need_of(ask.need);
        let short = |wanted: &[i64], there: &[i64]| -> Vec<(usize, i64)> {
            let missing = wanted.iter().zip(there);
            let missing =
                missing.map(|(wanted, there)| if *wanted > 0 { wanted - there } else { 0 });
            missing.enumerate().filter(|(_, one)| *one > 0).collect()
        };
        let whole = |there: &Sizes| short(&need.sizes, there);
        let room = &self.rooms[machine.index()];
        let count = usize::from(self.machines[machine.index()].node_count);
        let wanted = need.amounts(1);
        let nodes = |there: &[i64]| -> Vec<(usize, i64)> {
            let mut nodes: Vec<_> = there
                .chunks(2)
                .take(count)
                .map(|node| short(&wanted.nodes[..2], node))
                .collect();
            nodes.sort_by_key(|missing| (missing.len(), missing.clone()));
            let last = usize::from(need.nodes).checked_sub(1);
            last.and_then(|last| nodes.into_iter().nth(last))
                .unwrap_or_default()
        };
        match refusal {
            Refusal::Short { .. } => whole(&self.free(machine).whole),
            Refusal::Nodes { .. } => nodes(&self.free(machine).nodes),
            Refusal::Kept { .. } => {
                let missing = whole(&room.whole);
                if missing.is_empty() {
                    nodes(&room.nodes)
                } else {
                    missing
                }
            }
            _ => Vec::new(),
        }
    }
}
