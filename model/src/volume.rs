//! Volumes: disks of virtual machines.

use crate::{
    DeploymentId, StoragePoolId, TenantId, Timestamp, VirtualMachineId, VolumeId, states::states,
};

states! {
    /// What a volume is for.
    pub enum VolumeKind {
        /// A thin overlay on an image; can be replaced at any time.
        System = "SYSTEM",
        /// Everything of one deployment that must not be lost.
        Data = "DATA",
    }
}

states! {
    /// Whether a volume is on its machine.
    pub enum VolumeState {
        /// Not yet made.
        Planned = "PLANNED",
        /// There.
        Present = "PRESENT",
        /// Removed.
        Gone = "GONE",
    }
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its id; its name in libvirt is derived from it.
    pub id: VolumeId,
    /// Whose.
    pub tenant_id: TenantId,
    /// Of which virtual machine.
    pub virtual_machine_id: VirtualMachineId,
    /// Of which deployment; none for a system disk.
    pub deployment_id: Option<DeploymentId>,
    /// What it is for.
    pub kind: VolumeKind,
    /// Where it is.
    pub storage_pool_id: Option<StoragePoolId>,
    /// As the guest sees it, in bytes.
    pub size_bytes: i64,
    /// Whether it is there.
    pub state: VolumeState,
    /// When it was ordered.
    pub created_at: Timestamp,
}
