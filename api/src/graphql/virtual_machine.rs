//! Virtual machines: what deployments run on.

use async_graphql::{Context, ID, Object, Result};
use berth_model::{Hosting, Timestamp, VirtualMachineState};

use super::{
    address::Address,
    deployment::Deployment,
    image::Image,
    loaders::{AddressesOf, DeploymentsOn, ReservationOf, VolumesOf},
    machine::Machine,
    noun::{find, find_opt, get, global, noun},
    reservation::Reservation,
    site::Site,
    states::State,
    tenant::Tenant,
    volume::Volume,
};
use crate::context::request;

noun!(VirtualMachine, VirtualMachineId);

/// What deployments of one tenant run on.
#[Object]
impl VirtualMachine {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// Whose.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Tenant> {
        get(ctx, self.0.tenant_id).await
    }

    /// In which site.
    async fn site(&self, ctx: &Context<'_>) -> Result<Site> {
        get(ctx, self.0.site_id).await
    }

    /// Its system disk's base. For the provider.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        find(ctx, self.0.image_id).await
    }

    /// Whether deployments share it.
    async fn hosting(&self) -> State<Hosting> {
        State(self.0.hosting)
    }

    /// Where it is. For the provider.
    async fn machine(&self, ctx: &Context<'_>) -> Result<Option<Machine>> {
        find_opt(ctx, self.0.machine_id).await
    }

    /// What was last done with it.
    async fn state(&self) -> State<VirtualMachineState> {
        State(self.0.state)
    }

    /// Its network interface's address, `52:54:00:…`.
    async fn mac(&self) -> &str {
        &self.0.mac
    }

    /// Its addresses, once it has some.
    async fn addresses(&self, ctx: &Context<'_>) -> Result<Option<Vec<Address>>> {
        let found = request(ctx)
            .loaders
            .load_one(AddressesOf(self.0.id))
            .await?;
        Ok(Some(
            found.unwrap_or_default().into_iter().map(Address).collect(),
        ))
    }

    /// Its disks.
    async fn volumes(&self, ctx: &Context<'_>) -> Result<Option<Vec<Volume>>> {
        let found = request(ctx).loaders.load_one(VolumesOf(self.0.id)).await?;
        Ok(Some(
            found.unwrap_or_default().into_iter().map(Volume).collect(),
        ))
    }

    /// The deployments that it holds.
    async fn deployments(&self, ctx: &Context<'_>) -> Result<Option<Vec<Deployment>>> {
        let found = request(ctx)
            .loaders
            .load_one(DeploymentsOn(self.0.id))
            .await?;
        Ok(Some(
            found
                .unwrap_or_default()
                .into_iter()
                .map(Deployment)
                .collect(),
        ))
    }

    /// What it holds on its machine. For the provider.
    async fn reservation(&self, ctx: &Context<'_>) -> Result<Option<Reservation>> {
        let found = request(ctx)
            .loaders
            .load_one(ReservationOf(self.0.id))
            .await?;
        Ok(found.map(Reservation))
    }

    /// When it was last powered on.
    async fn started_at(&self) -> Option<Timestamp> {
        self.0.started_at
    }

    /// When it was ordered.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}
