//! Storage pools of machines.

use async_graphql::{Context, ID, Object, Result};

use super::{
    machine::Machine,
    noun::{get, global, noun},
    scalars::Bytes,
};

noun!(StoragePool, StoragePoolId);

/// A libvirt storage pool of a machine that Berth keeps volumes in.
#[Object]
impl StoragePool {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// On which machine.
    async fn machine(&self, ctx: &Context<'_>) -> Result<Machine> {
        get(ctx, self.0.machine_id).await
    }

    /// As libvirt knows it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How much it holds; nothing until it was looked at.
    async fn capacity_bytes(&self) -> Option<Bytes> {
        (self.0.capacity_bytes > 0).then_some(Bytes(self.0.capacity_bytes))
    }

    /// Taken by what isn't Berth's, as last observed.
    async fn foreign_bytes(&self) -> Bytes {
        Bytes(self.0.foreign_bytes)
    }

    /// What Berth's volumes may grow to.
    async fn used_bytes(&self) -> Bytes {
        Bytes(self.0.used_bytes)
    }
}
