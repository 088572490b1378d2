//! Webhook deliveries.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{Timestamp, WebhookDeliveryState};

use super::{
    input::id,
    loaders::AttemptsOf,
    noun::{find, get, global, noun},
    payload::{UserError, about, settle},
    states::State,
    tenant::Tenant,
    webhook_endpoint::WebhookEndpoint,
};
use crate::context::{Request, request};

noun!(WebhookDelivery, WebhookDeliveryId);

/// An event on its way to a webhook endpoint, or there. It comes at least once: an endpoint knows
/// one that it had already by its id.
#[Object]
impl WebhookDelivery {
    /// Its global id, which is the header `webhook-id` of every attempt too.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// To where.
    async fn webhook_endpoint(&self, ctx: &Context<'_>) -> Result<WebhookEndpoint> {
        get(ctx, self.0.endpoint_id).await
    }

    /// The tenant that the event tells of.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        find(ctx, self.0.tenant_id).await
    }

    /// What happened, such as `deployment.running`.
    async fn event_type(&self) -> &str {
        &self.0.event_type
    }

    /// What is sent, as JSON: `type`, `timestamp` and `data`.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Where it is.
    async fn state(&self) -> State<WebhookDeliveryState> {
        State(self.0.state)
    }

    /// Attempts that were begun.
    async fn attempt_count(&self) -> i32 {
        self.0.attempts
    }

    /// What came of each attempt, in order: of the newest 50.
    async fn attempts(&self, ctx: &Context<'_>) -> Result<Vec<WebhookAttempt>> {
        let loaders = &request(ctx).loaders;
        let found = loaders.load_one(AttemptsOf(self.0.id)).await?;
        let found = found.unwrap_or_default();
        Ok(found.into_iter().map(WebhookAttempt::from).collect())
    }

    /// When the next attempt is due, while it is pending.
    async fn next_attempt_at(&self) -> Option<Timestamp> {
        self.0.next_attempt_at
    }

    /// When the last attempt is made.
    async fn give_up_at(&self) -> Timestamp {
        self.0.give_up_at
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When it was delivered or given up.
    async fn finished_at(&self) -> Option<Timestamp> {
        self.0.finished_at
    }
}

/// What came of an attempt to deliver.
#[derive(SimpleObject)]
pub(crate) struct WebhookAttempt {
    /// From 1. One is missing where a worker died before it could write down what came of it.
    number: i32,
    /// When it ended.
    at: Timestamp,
    /// How long it took, in milliseconds.
    duration_ms: i32,
    /// The HTTP status of the answer, if there was one.
    response_status: Option<i32>,
    /// Why it failed, for people.
    error: Option<String>,
}

impl From<model::WebhookAttempt> for WebhookAttempt {
    fn from(attempt: model::WebhookAttempt) -> Self {
        Self {
            number: attempt.number,
            at: attempt.at,
            duration_ms: attempt.duration_ms,
            response_status: attempt.response_status,
            error: attempt.error,
        }
    }
}

/// What to deliver again.
#[derive(InputObject)]
pub(crate) struct WebhookDeliveryRedeliverInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which delivery, in whatever state.
    webhook_delivery_id: ID,
}

/// What came of the request to deliver again.
#[derive(SimpleObject)]
pub(crate) struct WebhookDeliveryRedeliverPayload {
    /// The delivery, pending: it is attempted at once, and then for three days.
    webhook_delivery: Option<WebhookDelivery>,
    /// Why it isn't delivered again.
    user_errors: Vec<UserError>,
}

/// Changes of webhook deliveries.
#[derive(Default)]
pub(crate) struct WebhookDeliveryMutation;

#[Object]
impl WebhookDeliveryMutation {
    /// Delivers an event once more, under the same id. For storefronts and the provider.
    async fn webhook_delivery_redeliver(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookDeliveryRedeliverInput,
    ) -> Result<WebhookDeliveryRedeliverPayload> {
        let (again, user_errors) = settle(redeliver(request(ctx), &input).await)?;
        Ok(WebhookDeliveryRedeliverPayload {
            webhook_delivery: again.map(WebhookDelivery),
            user_errors,
        })
    }
}

async fn redeliver(
    request: &Request,
    input: &WebhookDeliveryRedeliverInput,
) -> model::Result<model::WebhookDelivery> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let delivery = id("webhookDeliveryId", &input.webhook_delivery_id)?;
    let again = request
        .store
        .webhook_delivery_redeliver(&cx, delivery)
        .await;
    again.map_err(about("webhookDeliveryId"))
}
