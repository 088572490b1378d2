//! Who asks.

use async_graphql::{Context, Object, Result};
use berth_model::{Actor, Caller, Role, ViewerKind};

use super::{account::Account, noun::find, states::State, storefront::Storefront, tenant::Tenant};
use crate::context::request;

/// Who asks, as GraphQL shows it.
pub(crate) struct Viewer(Actor);

/// Who asks: whom the token acts for.
#[Object]
impl Viewer {
    /// What the token acts as.
    async fn kind(&self) -> State<ViewerKind> {
        State(ViewerKind::of(&self.0.caller))
    }

    /// The person who gave it, if one did.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let Some(id) = self.0.account_id else {
            return Ok(None);
        };
        let request = request(ctx);
        let found = request.store.account_own(&request.cx, id).await?;
        Ok(Some(Account(found)))
    }

    /// The storefront, if it acts for one or visits one.
    async fn storefront(&self, ctx: &Context<'_>) -> Result<Option<Storefront>> {
        match self.0.caller {
            Caller::Storefront(id) | Caller::Visitor(id) => find(ctx, id).await,
            _ => Ok(None),
        }
    }

    /// The tenant, if it acts for one.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        match self.0.caller {
            Caller::Tenant(id, _) => find(ctx, id).await,
            _ => Ok(None),
        }
    }

    /// Its role: in the tenant, or as the provider.
    async fn role(&self) -> Option<State<Role>> {
        match self.0.caller {
            Caller::Tenant(_, role) => Some(State(role)),
            Caller::Platform(role) => Some(State(role.role())),
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
        Viewer(request(ctx).cx.actor.clone())
    }
}
