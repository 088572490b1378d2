//! `Node`: anything with a global id, asked for by it.
//!
//! The interface has `id` and nothing else. async-graphql skips field guards when a field is read
//! through an interface, so there are none: rows that the caller can't see are not read in the
//! first place.

use async_graphql::{Context, ID, Interface, Object, Result};
use berth_model::{Error, ErrorCode, GlobalId, message};
use futures::future::try_join_all;

use super::{
    account::Account, address::Address, application::Application,
    application_version::ApplicationVersion, audit_entry::AuditEntry, client::Client,
    deployment::Deployment, identity_provider::IdentityProvider, image::Image,
    invitation::Invitation, machine::Machine, member::Member, network::Network, noun::find,
    operation::Operation, plan::Plan, rack::Rack, reservation::Reservation, site::Site,
    storage_pool::StoragePool, storefront::Storefront, support_grant::SupportGrant, tenant::Tenant,
    virtual_machine::VirtualMachine, volume::Volume, webhook_delivery::WebhookDelivery,
    webhook_endpoint::WebhookEndpoint,
};

/// The most ids of one question.
const NODES_MAX: usize = 100;

macro_rules! nodes {
    ($($name:ident),+ $(,)?) => {
        /// Anything with a global id.
        #[derive(Interface)]
        #[graphql(field(name = "id", ty = "ID", desc = "Its global id: opaque, unique, for ever."))]
        pub(crate) enum Node {
            $(
                #[doc = concat!("A ", stringify!($name), ".")]
                $name($name),
            )+
        }

        /// Reads what an id names, if the caller can see it.
        async fn read(ctx: &Context<'_>, id: GlobalId) -> Result<Option<Node>> {
            match id.noun {
                $( stringify!($name) => {
                    Ok(find::<$name>(ctx, id.uuid.into()).await?.map(Node::$name))
                } )+
                _ => Ok(None),
            }
        }
    };
}

nodes!(
    Account,
    Address,
    Application,
    ApplicationVersion,
    AuditEntry,
    Client,
    Deployment,
    IdentityProvider,
    Image,
    Invitation,
    Machine,
    Member,
    Network,
    Operation,
    Plan,
    Rack,
    Reservation,
    Site,
    StoragePool,
    Storefront,
    SupportGrant,
    Tenant,
    VirtualMachine,
    Volume,
    WebhookDelivery,
    WebhookEndpoint,
);

/// Questions by id.
#[derive(Default)]
pub(crate) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// What an id names; nothing when it doesn't exist or isn't yours: the two look the same.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id.")] id: ID,
    ) -> Result<Option<Node>> {
        let id = GlobalId::parse(&id).map_err(|error| error.at("id"))?;
        read(ctx, id).await
    }

    /// The same for several ids, in their order.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, 100 at most.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > NODES_MAX {
            let message = message!(
                "Ask for {most} ids at most, not {count}.",
                most = NODES_MAX,
                count = ids.len()
            );
            return Err(Error::new(ErrorCode::LimitExceeded, message)
                .at("ids")
                .into());
        }
        let ids: berth_model::Result<Vec<GlobalId>> = ids
            .iter()
            .map(|id| GlobalId::parse(id).map_err(|error| error.at("ids")))
            .collect();
        try_join_all(ids?.into_iter().map(|id| read(ctx, id))).await
    }
}
