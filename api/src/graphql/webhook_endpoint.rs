//! Webhook endpoints.

use async_graphql::{Context, ID, Object, Result};
use berth_model::{
    Timestamp, WebhookDeliveryId, WebhookDeliveryState, WebhookDisabledReason, WebhookEndpointId,
    webhook_event_types,
};

use super::{
    noun::{find_opt, global, noun},
    page::{Connection, PageArguments, connection},
    states::State,
    storefront::Storefront,
    webhook_delivery::WebhookDelivery,
};
use crate::context::request;

noun!(WebhookEndpoint, WebhookEndpointId);

/// Where a storefront is told of its own tenants, or the provider of all: events are sent there by
/// POST, signed as Standard Webhooks says (<https://www.standardwebhooks.com>).
#[Object]
impl WebhookEndpoint {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// The storefront that owns it; nothing for the provider's own.
    async fn storefront(&self, ctx: &Context<'_>) -> Result<Option<Storefront>> {
        find_opt(ctx, self.0.storefront_id).await
    }

    /// Where events are sent to.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// For people.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Which events are sent: types (`operation.succeeded`), nouns (`deployment.*`), or all (`*`).
    async fn patterns(&self) -> &[String] {
        &self.0.patterns
    }

    /// Since when it gets nothing; nothing while it is on.
    async fn disabled_at(&self) -> Option<Timestamp> {
        self.0.disabled_at
    }

    /// Why it gets nothing. `webhookEndpointUpdate` switches it on again.
    async fn disabled_reason(&self) -> Option<State<WebhookDisabledReason>> {
        self.0.disabled_reason.map(State)
    }

    /// Since when every attempt failed; nothing after one that went well. After three days it is
    /// disabled.
    async fn failing_since(&self) -> Option<Timestamp> {
        self.0.failing_since
    }

    /// What was or is to be delivered to it, for 30 days after it is over.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in one of these states.")] states: Option<
            Vec<State<WebhookDeliveryState>>,
        >,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<WebhookDelivery>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<WebhookDeliveryId>()?;
        let states: Vec<_> = states
            .unwrap_or_default()
            .into_iter()
            .map(|state| state.0)
            .collect();
        let found = request
            .store
            .webhook_delivery_list(&request.cx, page, self.0.id, &states)
            .await?;
        Ok(connection(page, found))
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When it was last changed or disabled.
    async fn updated_at(&self) -> Timestamp {
        self.0.updated_at
    }
}

/// Questions about webhook endpoints.
#[derive(Default)]
pub(crate) struct WebhookEndpointQuery;

#[Object]
impl WebhookEndpointQuery {
    /// The webhook endpoints that the caller may see: a storefront its own, the provider all.
    async fn webhook_endpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<WebhookEndpoint>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<WebhookEndpointId>()?;
        let found = request
            .store
            .webhook_endpoint_list(&request.cx, page)
            .await?;
        Ok(connection(page, found))
    }

    /// Every type of event that webhooks tell, sorted.
    async fn webhook_event_types(&self) -> Vec<String> {
        webhook_event_types()
    }
}
