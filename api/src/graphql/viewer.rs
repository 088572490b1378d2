//! Who asks.

use async_graphql::{Context, Object, Result};
use berth_model::{Caller, ClientKind, Role};

use super::{noun::find, states::State, storefront::Storefront, tenant::Tenant};
use crate::context::request;

/// Who asks, as GraphQL shows it.
pub(crate) struct Viewer(Caller);

/// Who asks: whom the token acts for.
#[Object]
impl Viewer {
    /// What the token acts as.
    async fn kind(&self) -> State<ClientKind> {
        State(match self.0 {
            Caller::Storefront(_) => ClientKind::Storefront,
            Caller::Tenant(..) => ClientKind::Tenant,
            // No token makes a worker; it would see what the provider sees.
            Caller::Platform | Caller::Worker(_) => ClientKind::Platform,
        })
    }

    /// The storefront, if it acts for one.
    async fn storefront(&self, ctx: &Context<'_>) -> Result<Option<Storefront>> {
        match self.0 {
            Caller::Storefront(id) => find(ctx, id).await,
            _ => Ok(None),
        }
    }

    /// The tenant, if it acts for one.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        match self.0 {
            Caller::Tenant(id, _) => find(ctx, id).await,
            _ => Ok(None),
        }
    }

    /// Its role in the tenant.
    async fn role(&self) -> Option<State<Role>> {
        match self.0 {
            Caller::Tenant(_, role) => Some(State(role)),
            _ => None,
        }
    }
}

/// The question who asks.
#[derive(Default)]
pub(crate) struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who asks.
    async fn viewer(&self, ctx: &Context<'_>) -> Viewer {
        Viewer(request(ctx).cx.actor.caller.clone())
    }
}
