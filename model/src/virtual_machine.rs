//! Virtual machines and the capacity that they hold.

use crate::{
    Hosting, ImageId, MachineId, ReservationId, SiteId, StoragePoolId, TenantId, Timestamp,
    VirtualMachineId, states::states,
};

states! {
    /// What was last done with a virtual machine.
    pub enum VirtualMachineState {
        /// Ordered; holds nothing.
        Planned = "PLANNED",
        /// Holds capacity and addresses; its guest may not be there yet.
        Reserved = "RESERVED",
        /// Its guest was started.
        Running = "RUNNING",
        /// Its guest was stopped; it keeps its capacity.
        Stopped = "STOPPED",
        /// Its guest is gone. Kept data volumes stay where they are.
        Gone = "GONE",
    }
}

/// What deployments run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualMachine {
    /// Its id, and its guest's UUID.
    pub id: VirtualMachineId,
    /// Whose.
    pub tenant_id: TenantId,
    /// In which site.
    pub site_id: SiteId,
    /// Its system disk's base.
    pub image_id: ImageId,
    /// Whether deployments share it.
    pub hosting: Hosting,
    /// Where it is.
    pub machine_id: Option<MachineId>,
    /// Where its volumes are.
    pub storage_pool_id: Option<StoragePoolId>,
    /// What was last done with it.
    pub state: VirtualMachineState,
    /// Of its network interface, `52:54:00:…`.
    pub mac: String,
    /// Of its last seed.
    pub revision: i64,
    /// Which system disk it should have.
    pub system_revision: i32,
    /// A restart was asked for at this time.
    pub restart_requested_at: Option<Timestamp>,
    /// When it was last powered on.
    pub started_at: Option<Timestamp>,
    /// When it was ordered.
    pub created_at: Timestamp,
}

/// The capacity that a virtual machine holds on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Its id.
    pub id: ReservationId,
    /// Whose.
    pub tenant_id: TenantId,
    /// Of which virtual machine.
    pub virtual_machine_id: VirtualMachineId,
    /// On which machine.
    pub machine_id: MachineId,
    /// In which pool.
    pub storage_pool_id: StoragePoolId,
    /// In bytes; 0 after a delete.
    pub memory_bytes: i64,
    /// 0 after a delete.
    pub vcpus: i32,
    /// What its volumes may grow to, in bytes.
    pub disk_bytes: i64,
}
