//! What a resolver finds: who asks, the store, and loaders that live as long as the request.

use std::sync::Arc;

use async_graphql::{Context, dataloader::DataLoader};
use berth_model::{IdentityIssuers, Locale, WebhookDestinations};
use berth_store::{Cx, IdempotencyKey, OperationFeed, Store};
use tokio::sync::OnceCell;

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
    /// Where clients reach the API, without a slash at the end.
    pub public_url: Arc<str>,
    /// The token, to look at again while a subscription lasts.
    pub token: Arc<str>,
    /// For subscriptions.
    pub limits: Limits,
    /// The language that the reader likes best, if the request says, or the person who asks has chosen one.
    pub locale: Option<Locale>,
    /// The language of the caller's storefront, once somebody asked for it.
    pub storefront_locale: OnceCell<Locale>,
}

impl Request {
    /// The language of sentences that tell what is wrong.
    pub fn language(&self) -> Locale {
        self.locale.unwrap_or(Locale::En)
    }

    /// The language to answer in: what was asked for, what the reader likes best, or the storefront's.
    pub async fn locale_of(&self, asked: Option<Locale>) -> berth_model::Result<Locale> {
        if let Some(locale) = asked.or(self.locale) {
            return Ok(locale);
        }
        let known = self.storefront_locale.get_or_try_init(async || {
            let found = self.store.storefront_locale(&self.cx).await?;
            Ok::<_, berth_model::Error>(found.unwrap_or(Locale::En))
        });
        known.await.copied()
    }

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
