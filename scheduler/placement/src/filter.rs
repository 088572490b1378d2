//! Which machines fit, and why each other doesn't. The first reason that no amount of room would
//! cure is told alone; else everything that is short.

use berth_model::{MachineState, NetworkId, Shortage, Verdict};

use crate::{MachineSnapshot, NetworkNeed, PoolSnapshot, Request};

/// Where on the machine it would go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    pub(crate) pool: PoolSnapshot,
    pub(crate) network: Option<NetworkId>,
}

/// The place on this machine, or why there is none.
pub(crate) fn fit(request: &Request, machine: &MachineSnapshot) -> Result<Fit, Verdict> {
    if machine.site_id != request.site_id {
        return Err(Verdict::OtherSite);
    }
    if request
        .pinned
        .is_some_and(|(pinned, _)| pinned != machine.id)
    {
        return Err(Verdict::DataElsewhere);
    }
    if !takes(request, machine.state) {
        return Err(Verdict::State {
            state: machine.state,
        });
    }
    if !machine.is_reachable {
        return Err(Verdict::Unreachable);
    }
    let network = network(request, machine)?;
    let (shortages, pool) = room(request, machine);
    match pool {
        Some(pool) if shortages.is_empty() => Ok(Fit { pool, network }),
        _ => Err(Verdict::Short { shortages }),
    }
}

/// What is there may grow while a machine is being emptied; it can't go anywhere else.
fn takes(request: &Request, state: MachineState) -> bool {
    match state {
        MachineState::Active => true,
        MachineState::Draining => request.pinned.is_some(),
        MachineState::Enrolling | MachineState::Maintenance | MachineState::Failed => false,
    }
}

fn network(request: &Request, machine: &MachineSnapshot) -> Result<Option<NetworkId>, Verdict> {
    match request.network {
        NetworkNeed::Held => Ok(None),
        NetworkNeed::Any => {
            let free = machine.networks.iter().filter(|network| network.has_free);
            free.map(|network| network.id)
                .min()
                .map(Some)
                .ok_or(Verdict::NoNetwork)
        }
    }
}

fn room(request: &Request, machine: &MachineSnapshot) -> (Vec<Shortage>, Option<PoolSnapshot>) {
    let mut shortages = Vec::new();
    if let Some(missing) = missing(request.memory_bytes, machine.memory_free()) {
        shortages.push(Shortage::Memory { missing });
    }
    if let Some(missing) = missing(request.vcpus, machine.vcpus_free()) {
        shortages.push(Shortage::Vcpus { missing });
    }
    let pool = pool(request, machine);
    let disk_free = pool.map_or(0, |pool| pool.free());
    match missing(request.disk_bytes, disk_free) {
        Some(missing) => shortages.push(Shortage::Disk { missing }),
        // A machine without the pool: nothing would help but the pool itself.
        None if pool.is_none() => shortages.push(Shortage::Disk { missing: 0 }),
        None => {}
    }
    (shortages, pool)
}

/// The pool with the most room; where several have as much, the first by id.
fn pool(request: &Request, machine: &MachineSnapshot) -> Option<PoolSnapshot> {
    let allowed = |pool: &&PoolSnapshot| request.pinned.is_none_or(|(_, pinned)| pinned == pool.id);
    machine
        .pools
        .iter()
        .filter(allowed)
        .min_by_key(|pool| (-i128::from(pool.free()), pool.id))
        .copied()
}

fn missing(needed: i64, free: i64) -> Option<i64> {
    let missing = needed.saturating_sub(free);
    (needed > 0 && missing > 0).then_some(missing)
}
