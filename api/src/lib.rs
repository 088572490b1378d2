//! GraphQL, OAuth and GraphiQL over HTTP: records intent and answers questions.
//!
//! A request passes, in this order: the body's limit, the parser, limits that need no database
//! ([`Limits`]), the token, the cost with its buckets, and only then the resolvers. Authorisation
//! is the store's alone (DESIGN.md principles 4 and 5): nothing here decides who may see what.

mod charge;
mod config;
mod context;
mod error;
mod execution;
mod fleet;
mod gate;
mod graphql;
mod http;
mod label;
mod limits;
mod selected;

use std::sync::Arc;

use axum::Router;
use berth_model::{Clock, IdentityIssuers, Ids, WebhookDestinations};
use berth_pages::PagesState;
use berth_store::{OperationFeed, Store};

pub use berth_model::Bucket;
pub use config::{ApiConfig, Limits};
pub use graphql::sdl;
pub use http::metrics_describe;

/// What the API needs.
#[derive(Clone)]
pub struct ApiState {
    /// The database.
    pub store: Store,
    /// What tells subscriptions that an operation has news.
    pub feed: OperationFeed,
    /// What looks where webhooks would go, before a URL is saved: a live question, with a time limit.
    pub destinations: Arc<dyn WebhookDestinations>,
    /// What asks identity providers.
    pub issuers: Arc<dyn IdentityIssuers>,
    /// Settings.
    pub config: ApiConfig,
    /// The time, for the cost's buckets.
    pub clock: Arc<dyn Clock>,
    /// Where request ids come from.
    pub ids: Arc<Ids>,
}

impl ApiState {
    /// What the pages need of it.
    fn pages(&self) -> PagesState {
        PagesState {
            store: self.store.clone(),
            issuers: Arc::clone(&self.issuers),
            public_url: self.config.public_url.clone(),
            provider_name: self.config.provider_name.clone(),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
        }
    }
}

impl std::fmt::Debug for ApiState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiState")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Every route of the API: `/graphql`, `/graphql/ws`, `/graphiql`, `/oauth/token`, `/oauth/revoke`,
/// `/oauth/introspect`, `/.well-known/oauth-authorization-server`, and the pages of `berth_pages`.
/// Served with [`axum::extract::ConnectInfo`], so that it is known where a request comes from.
pub fn router(state: ApiState) -> Router {
    http::router(Arc::new(gate::Gate::new(state)))
}
