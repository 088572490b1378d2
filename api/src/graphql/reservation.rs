//! Reservations: the capacity that virtual machines hold.

use async_graphql::{Context, ID, Object, Result};

use super::{
    machine::Machine,
    noun::{find, get, global, noun},
    scalars::Bytes,
    storage_pool::StoragePool,
    virtual_machine::VirtualMachine,
};

noun!(Reservation, ReservationId);

/// The capacity that a virtual machine holds on a machine.
#[Object]
impl Reservation {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// Of which virtual machine.
    async fn virtual_machine(&self, ctx: &Context<'_>) -> Result<VirtualMachine> {
        get(ctx, self.0.virtual_machine_id).await
    }

    /// On which machine.
    async fn machine(&self, ctx: &Context<'_>) -> Result<Option<Machine>> {
        find(ctx, self.0.machine_id).await
    }

    /// In which pool its disks are.
    async fn storage_pool(&self, ctx: &Context<'_>) -> Result<Option<StoragePool>> {
        find(ctx, self.0.storage_pool_id).await
    }

    /// Memory; 0 while its deployments are deleted and their data is kept.
    async fn memory_bytes(&self) -> Bytes {
        Bytes(self.0.memory_bytes)
    }

    /// Virtual CPUs; 0 while its deployments are deleted and their data is kept.
    async fn vcpus(&self) -> i32 {
        self.0.vcpus
    }

    /// What its volumes may grow to.
    async fn disk_bytes(&self) -> Bytes {
        Bytes(self.0.disk_bytes)
    }
}
