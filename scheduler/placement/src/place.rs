//! The decision.

use berth_model::{Candidate, Explanation, MachineId, NetworkId, StoragePoolId, Verdict};

use crate::{FleetSnapshot, MachineSnapshot, Request, filter::fit, score::score};

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where it goes; none if nothing fits.
    pub chosen: Option<Chosen>,
    /// Every machine with its verdict, in the order of names.
    pub explanation: Explanation,
}

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The machine.
    pub machine_id: MachineId,
    /// One of its pools.
    pub storage_pool_id: StoragePoolId,
    /// One of its networks, if addresses are needed.
    pub network_id: Option<NetworkId>,
}

/// Chooses the machine with the lowest score of those that fit; of equal ones the first by id.
#[must_use]
pub fn place(request: &Request, fleet: &FleetSnapshot) -> Decision {
    let mut machines: Vec<&MachineSnapshot> = fleet.machines.iter().collect();
    machines.sort_by_key(|machine| (machine.name.as_str(), machine.id));
    let mut best: Option<(i64, Chosen)> = None;
    let mut candidates = Vec::with_capacity(machines.len());
    for machine in machines {
        let verdict = match fit(request, machine) {
            Err(verdict) => verdict,
            Ok(fit) => {
                let score = score(request, machine, &fit.pool);
                let chosen = Chosen {
                    machine_id: machine.id,
                    storage_pool_id: fit.pool.id,
                    network_id: fit.network,
                };
                if best.is_none_or(|(least, other)| (score, machine.id) < (least, other.machine_id))
                {
                    best = Some((score, chosen));
                }
                Verdict::Fits { score }
            }
        };
        let machine_name = machine.name.clone();
        candidates.push(Candidate {
            machine_id: machine.id,
            machine: machine_name,
            verdict,
        });
    }
    let chosen = best.map(|(_, chosen)| chosen);
    let explanation = Explanation {
        chosen: chosen.map(|chosen| chosen.machine_id),
        candidates,
    };
    Decision {
        chosen,
        explanation,
    }
}
