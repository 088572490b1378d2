//! What a resolver finds: who asks, the store, and loaders that live as long as the request.

use std::sync::Arc;

use async_graphql::{Context, dataloader::DataLoader};
use berth_model::{IdentityIssuers, WebhookDestinations};
use berth_store::{Cx, IdempotencyKey, OperationFeed, Store};

use crate::{
    config::Limits,
    graphql::{Loaders, line},
};

/// One request.
pub(crate) struct Request {
    /// Who asks, and the request's id.
    pub cx: Cx,
    /// The database.
    pub store: Store,
    /// By-id reads in batches. They hold `cx`, so that a batch can't cross tenants.
    pub loaders: DataLoader<Loaders>,
    /// For subscriptions.
    pub feed: OperationFeed,
    /// Where webhooks may go.
    pub destinations: Arc<dyn WebhookDestinations>,
    /// Who answers to the names of identity providers.
    pub issuers: Arc<dyn IdentityIssuers>,
    /// The token, to look at again while a subscription lasts.
    pub token: Arc<str>,
    /// For subscriptions.
    pub limits: Limits,
}

impl Request {
    /// The context for a mutation with this idempotency key.
    pub fn cx_with_key(&self, key: &str) -> berth_model::Result<Cx> {
        Ok(Cx {
            audit: line(),
            ..self.cx.clone().with_key(IdempotencyKey::parse(key)?)
        })
    }
}

/// The request that a field is resolved for.
pub(crate) fn request<'a>(ctx: &Context<'a>) -> &'a Request {
    // The gate is the only way to the schema, and puts it there.
    ctx.data_unchecked::<Request>()
}
