//! Volumes: disks of virtual machines.

use async_graphql::{Context, ID, Object, Result};
use berth_model::{Timestamp, VolumeKind, VolumeState};

use super::{
    deployment::Deployment,
    noun::{find_opt, get, global, noun},
    scalars::Bytes,
    states::State,
    virtual_machine::VirtualMachine,
};

noun!(Volume, VolumeId);

/// A disk of a virtual machine.
#[Object]
impl Volume {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// Of which virtual machine.
    async fn virtual_machine(&self, ctx: &Context<'_>) -> Result<VirtualMachine> {
        get(ctx, self.0.virtual_machine_id).await
    }

    /// The deployment whose data it holds; none for a system disk.
    async fn deployment(&self, ctx: &Context<'_>) -> Result<Option<Deployment>> {
        find_opt(ctx, self.0.deployment_id).await
    }

    /// What it is for.
    async fn kind(&self) -> State<VolumeKind> {
        State(self.0.kind)
    }

    /// As the guest sees it.
    async fn size_bytes(&self) -> Bytes {
        Bytes(self.0.size_bytes)
    }

    /// Whether it is there.
    async fn state(&self) -> State<VolumeState> {
        State(self.0.state)
    }

    /// When it was ordered.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}
