//! What is asked for.

use berth_model::{MachineId, SiteId, StoragePoolId};

/// Room for a virtual machine. Sizes are what it needs beyond what it holds already; what is zero
/// or less always fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// In which site.
    pub site_id: SiteId,
    /// In bytes.
    pub memory_bytes: i64,
    /// Virtual CPUs.
    pub vcpus: i64,
    /// In one storage pool, in bytes.
    pub disk_bytes: i64,
    /// Whether it needs addresses.
    pub network: NetworkNeed,
    /// It has a place already (data volumes, or what a broken-off creation left): only this one
    /// fits, also while the machine is draining.
    pub pinned: Option<(MachineId, StoragePoolId)>,
}

/// Whether addresses are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkNeed {
    /// One of each family of any of the machine's networks.
    Any,
    /// None: it has them.
    Held,
}
