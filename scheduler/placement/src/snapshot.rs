//! What is there.

use berth_model::{MachineId, MachineState, NetworkId, SiteId, StoragePoolId};

/// The fleet at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetSnapshot {
    /// In any order.
    pub machines: Vec<MachineSnapshot>,
}

/// A machine in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineSnapshot {
    /// It.
    pub id: MachineId,
    /// For the explanation.
    pub name: String,
    /// Where it is.
    pub site_id: SiteId,
    /// What the provider wants of it.
    pub state: MachineState,
    /// Whether it answered when it was last asked.
    pub is_reachable: bool,
    /// What may be reserved in all, in bytes: less the host's own and what isn't Berth's.
    pub memory_limit_bytes: i64,
    /// What is reserved, in bytes.
    pub memory_used_bytes: i64,
    /// What may be reserved in all.
    pub vcpu_limit: i64,
    /// What is reserved.
    pub vcpus_used: i64,
    /// Its storage pools, in any order.
    pub pools: Vec<PoolSnapshot>,
    /// Its networks, in any order.
    pub networks: Vec<NetworkSnapshot>,
    /// Whether the image is on it already.
    pub has_image: bool,
}

/// A storage pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSnapshot {
    /// It.
    pub id: StoragePoolId,
    /// What may be reserved in all, in bytes: less what isn't Berth's.
    pub limit_bytes: i64,
    /// What is reserved, in bytes.
    pub used_bytes: i64,
}

/// A network that a machine is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkSnapshot {
    /// It.
    pub id: NetworkId,
    /// Whether each of its families has a free address.
    pub has_free: bool,
}

impl MachineSnapshot {
    /// In bytes; negative where what isn't Berth's has grown into what is reserved.
    pub(crate) fn memory_free(&self) -> i64 {
        self.memory_limit_bytes
            .saturating_sub(self.memory_used_bytes)
    }

    pub(crate) fn vcpus_free(&self) -> i64 {
        self.vcpu_limit.saturating_sub(self.vcpus_used)
    }
}

impl PoolSnapshot {
    pub(crate) fn free(&self) -> i64 {
        self.limit_bytes.saturating_sub(self.used_bytes)
    }
}
