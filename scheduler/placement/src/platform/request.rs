//! What is asked, and what is decided.

use berth_model::{
    Explanation, MachineId, NetworkId, Reservation, RestartChange, Restarts, SiteId, StoragePoolId,
    TenantId,
};

/// Room on a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// In bytes.
    pub memory_bytes: i64,
    /// Virtual CPUs.
    pub vcpus: i64,
    /// In bytes.
    pub disk_bytes: i64,
}

/// A virtual machine that wants a place, or more room where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whose.
    pub tenant_id: TenantId,
    /// In which site.
    pub site_id: SiteId,
    /// All that it wants to hold.
    pub room: Room,
    /// Whether it needs addresses.
    pub network: NetworkNeed,
    /// What it holds already: it can't be anywhere else then.
    pub held: Option<Reservation>,
}

/// What it needs of networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkNeed {
    /// Addresses of one network that has some free.
    Any,
    /// It has addresses of these.
    Held(Vec<NetworkId>),
}

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where it goes; none if nothing fits.
    pub chosen: Option<Chosen>,
    /// Where none was chosen every machine with its verdict, else those that came closest and how many
    /// others there are; in the order of names.
    pub explanation: Explanation,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The machine.
    pub machine_id: MachineId,
    /// Its pool.
    pub storage_pool_id: StoragePoolId,
    /// Those that come next, the best first, where counters are all that the decision relied on.
    pub alternatives: Vec<(MachineId, StoragePoolId)>,
    /// One of its networks, if addresses are needed.
    pub network_id: Option<NetworkId>,
    /// Every machine that the decision relied on, with the version that it saw, in the order of
    /// their ids. None: the counters of the machine and its pool are all that it relied on.
    pub relied: Option<Vec<(MachineId, i64)>>,
    /// Where it would be restarted.
    pub restarts: Restarts,
    /// Where others would be restarted from now on.
    pub changes: Vec<RestartChange>,
}

impl Room {
    /// As the engine's first three dimensions.
    pub(super) fn sizes(self) -> crate::fleet::Sizes {
        let mut sizes = [0; crate::fleet::DIMENSIONS];
        sizes[..3].copy_from_slice(&[self.memory_bytes, self.vcpus, self.disk_bytes]);
        sizes
    }
}

impl From<&Reservation> for Room {
    fn from(held: &Reservation) -> Self {
        Self {
            memory_bytes: held.memory_bytes,
            vcpus: i64::from(held.vcpus),
            disk_bytes: held.disk_bytes,
        }
    }
}
