//! Room on NUMA nodes.

use crate::fleet::{Amounts, NODES, Need};

/// The nodes (bits) that are filled best: those that would keep the least; the first of equals.
/// None if too few have room; how many are missing then.
pub(crate) fn nodes_pick(need: &Need, free: &Amounts, count: u8) -> Result<u8, u32> {
    if need.nodes == 0 {
        return Ok(0);
    }
    let one = need.amounts(1);
    let mut fitting: [(i64, i64, usize); NODES] = [(i64::MAX, 0, 0); NODES];
    let mut found = 0;
    for node in 0..usize::from(count) {
        let (memory, vcpus) = (free.nodes[node * 2], free.nodes[node * 2 + 1]);
        if memory >= one.nodes[0] && vcpus >= one.nodes[1] {
            fitting[found] = (vcpus - one.nodes[1], memory - one.nodes[0], node);
            found += 1;
        }
    }
    let wanted = usize::from(need.nodes);
    if found < wanted {
        return Err(u32::try_from(wanted - found).unwrap_or(0));
    }
    fitting[..found].sort_unstable();
    Ok(fitting[..wanted]
        .iter()
        .fold(0, |bits, (_, _, node)| bits | 1 << node))
}
