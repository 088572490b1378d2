//! Reads in batches. Built for each request and holding its context, so that a batch can't cross
//! tenants.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use async_trait::async_trait;
use berth_model::*;
use berth_store::{Cx, Store};

/// What the loaders read with.
pub(crate) struct Loaders {
    /// The database.
    pub store: Store,
    /// Who asks.
    pub cx: Cx,
}

/// `key => value, function of the store`.
macro_rules! loaders {
    ($( $key:ty => $value:ty, $function:ident; )+) => { $(
        #[async_trait]
        impl Loader<$key> for Loaders {
            type Value = $value;
            type Error = Arc<Error>;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, Arc<Error>> {
                self.store.$function(&self.cx, keys).await.map_err(Arc::new)
            }
        }
    )+ };
}

loaders! {
    AccountId => Account, account_by_ids;
    AddressId => Address, address_by_ids;
    ApplicationId => Application, application_by_ids;
    ApplicationVersionId => ApplicationVersion, application_version_by_ids;
    AuditEntryId => AuditEntry, audit_entry_by_ids;
    ClientId => Client, client_by_ids;
    DeploymentId => Deployment, deployment_by_ids;
    IdentityProviderId => IdentityProvider, identity_provider_by_ids;
    ImageId => Image, image_by_ids;
    InvitationId => Invitation, invitation_by_ids;
    MachineId => Machine, machine_by_ids;
    MemberId => Member, member_by_ids;
    NetworkId => Network, network_by_ids;
    OperationId => Operation, operation_by_ids;
    PlanId => Plan, plan_by_ids;
    RackId => Rack, rack_by_ids;
    ReservationId => Reservation, reservation_by_ids;
    SiteId => Site, site_by_ids;
    StoragePoolId => StoragePool, storage_pool_by_ids;
    StorefrontId => Storefront, storefront_by_ids;
    SupportGrantId => SupportGrant, support_grant_by_ids;
    TenantId => Tenant, tenant_by_ids;
    VirtualMachineId => VirtualMachine, virtual_machine_by_ids;
    VolumeId => Volume, volume_by_ids;
    WebhookDeliveryId => WebhookDelivery, webhook_delivery_by_ids;
    WebhookEndpointId => WebhookEndpoint, webhook_endpoint_by_ids;
}

/// `key(id) => value, function of the store`: what belongs to another noun.
macro_rules! loaders_of {
    ($( $(#[$meta:meta])* $key:ident($id:ty) => $value:ty, $function:ident; )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) struct $key(pub $id);

        #[async_trait]
        impl Loader<$key> for Loaders {
            type Value = $value;
            type Error = Arc<Error>;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, Arc<Error>> {
                let ids: Vec<$id> = keys.iter().map(|key| key.0).collect();
                let found = self.store.$function(&self.cx, &ids).await.map_err(Arc::new)?;
                Ok(found.into_iter().map(|(id, value)| ($key(id), value)).collect())
            }
        }
    )+ };
}

loaders_of! {
    /// The addresses of a virtual machine.
    AddressesOf(VirtualMachineId) => Vec<Address>, address_by_virtual_machine_ids;
    /// The attempts of a webhook delivery.
    AttemptsOf(WebhookDeliveryId) => Vec<WebhookAttempt>, webhook_attempt_by_delivery_ids;
    /// What is kept of the console with an operation.
    ConsoleTailOf(OperationId) => String, operation_console_by_ids;
    /// The data volume of a deployment.
    DataVolumeOf(DeploymentId) => Volume, volume_by_deployment_ids;
    /// The deployments of a virtual machine.
    DeploymentsOn(VirtualMachineId) => Vec<Deployment>, deployment_by_virtual_machine_ids;
    /// The moves of a rebalance.
    MovesOf(OperationId) => Vec<FleetMove>, fleet_move_by_operation_ids;
    /// The networks of a machine.
    NetworksOf(MachineId) => Vec<Network>, network_by_machine_ids;
    /// The newest event of an operation.
    NewestEventOf(OperationId) => OperationEvent, operation_event_newest;
    /// What a storefront sells.
    OffersOf(StorefrontId) => Offers, offers_by_storefront_ids;
    /// The tenant that owns a storefront.
    ResellerOf(StorefrontId) => Tenant, reseller_by_storefront_ids;
    /// What a virtual machine holds.
    ReservationOf(VirtualMachineId) => Reservation, reservation_by_virtual_machine_ids;
    /// The steps of an operation.
    StepsOf(OperationId) => Vec<OperationStep>, operation_steps;
    /// The storage pools of a machine.
    StoragePoolsOf(MachineId) => Vec<StoragePool>, storage_pool_by_machine_ids;
    /// The volumes of a virtual machine.
    VolumesOf(VirtualMachineId) => Vec<Volume>, volume_by_virtual_machine_ids;
}
