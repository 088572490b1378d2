//! `webhookEndpointCreate`, `webhookEndpointUpdate`, `webhookEndpointDelete` and
//! `webhookEndpointSecretRotate`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{WebhookPattern, policy, policy::Action};

use super::{
    input::{id, parsed},
    noun::global,
    payload::{UserError, about, settle},
    webhook_endpoint::WebhookEndpoint,
};
use crate::context::{Request, request};

/// A new webhook endpoint: a storefront's is told of its own tenants, the provider's of all.
#[derive(InputObject)]
pub(crate) struct WebhookEndpointCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Where events are sent to: `https`, without user name and fragment, at a public address, 1000
    /// characters at most.
    url: String,
    /// 1 to 200 characters, for people.
    description: Option<String>,
    /// 1 to 20 of: a type (`operation.succeeded`), all of a noun (`deployment.*`), all (`*`). See
    /// `webhookEventTypes`.
    patterns: Vec<String>,
}

/// What `webhookEndpointCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct WebhookEndpointCreatePayload {
    /// The endpoint.
    webhook_endpoint: Option<WebhookEndpoint>,
    /// What deliveries are signed with (`whsec_…`). Told this once, and not in a replay.
    secret: Option<String>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Changes of a webhook endpoint; what isn't given stays.
#[derive(InputObject)]
pub(crate) struct WebhookEndpointUpdateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which endpoint.
    webhook_endpoint_id: ID,
    /// As in `webhookEndpointCreate`.
    url: Option<String>,
    /// 1 to 200 characters, for people.
    description: Option<String>,
    /// As in `webhookEndpointCreate`.
    patterns: Option<Vec<String>>,
    /// Switches it off, or on again, also after it was disabled because it failed.
    enabled: Option<bool>,
}

/// What `webhookEndpointUpdate` changed, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct WebhookEndpointUpdatePayload {
    /// The endpoint.
    webhook_endpoint: Option<WebhookEndpoint>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// Which webhook endpoint to delete.
#[derive(InputObject)]
pub(crate) struct WebhookEndpointDeleteInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which endpoint.
    webhook_endpoint_id: ID,
}

/// What `webhookEndpointDelete` deleted, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct WebhookEndpointDeletePayload {
    /// The id of the endpoint, which is gone with everything that was or is to be delivered to it.
    webhook_endpoint_id: Option<ID>,
    /// Why nothing was deleted.
    user_errors: Vec<UserError>,
}

/// Which webhook endpoint gets a new secret.
#[derive(InputObject)]
pub(crate) struct WebhookEndpointSecretRotateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which endpoint.
    webhook_endpoint_id: ID,
}

/// What `webhookEndpointSecretRotate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct WebhookEndpointSecretRotatePayload {
    /// The endpoint.
    webhook_endpoint: Option<WebhookEndpoint>,
    /// The new secret (`whsec_…`). Told this once, and not in a replay. The one before it signs
    /// beside it for a day.
    secret: Option<String>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Changes of webhook endpoints.
#[derive(Default)]
pub(crate) struct WebhookEndpointMutation;

#[Object]
impl WebhookEndpointMutation {
    /// Makes a webhook endpoint. For storefronts and the provider.
    async fn webhook_endpoint_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new endpoint.")] input: WebhookEndpointCreateInput,
    ) -> Result<WebhookEndpointCreatePayload> {
        let (made, user_errors) = settle(create(request(ctx), input).await)?;
        let (endpoint, secret) = made.unzip();
        Ok(WebhookEndpointCreatePayload {
            webhook_endpoint: endpoint.map(WebhookEndpoint),
            secret: secret.flatten(),
            user_errors,
        })
    }

    /// Changes a webhook endpoint, or switches it off or on. For storefronts and the provider.
    async fn webhook_endpoint_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: WebhookEndpointUpdateInput,
    ) -> Result<WebhookEndpointUpdatePayload> {
        let (endpoint, user_errors) = settle(update(request(ctx), input).await)?;
        Ok(WebhookEndpointUpdatePayload {
            webhook_endpoint: endpoint.map(WebhookEndpoint),
            user_errors,
        })
    }

    /// Deletes a webhook endpoint. For storefronts and the provider.
    async fn webhook_endpoint_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookEndpointDeleteInput,
    ) -> Result<WebhookEndpointDeletePayload> {
        let (deleted, user_errors) = settle(delete(request(ctx), &input).await)?;
        Ok(WebhookEndpointDeletePayload {
            webhook_endpoint_id: deleted.map(global),
            user_errors,
        })
    }

    /// Gives a webhook endpoint a new secret. For storefronts and the provider.
    async fn webhook_endpoint_secret_rotate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookEndpointSecretRotateInput,
    ) -> Result<WebhookEndpointSecretRotatePayload> {
        let (rotated, user_errors) = settle(rotate(request(ctx), &input).await)?;
        let (endpoint, secret) = rotated.unzip();
        Ok(WebhookEndpointSecretRotatePayload {
            webhook_endpoint: endpoint.map(WebhookEndpoint),
            secret: secret.flatten(),
            user_errors,
        })
    }
}

async fn create(
    request: &Request,
    input: WebhookEndpointCreateInput,
) -> model::Result<(model::WebhookEndpoint, Option<String>)> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = model::WebhookEndpointCreate {
        url: url(request, &input.url).await?,
        description: input.description,
        patterns: patterns(&input.patterns)?,
    };
    request.store.webhook_endpoint_create(&cx, create).await
}

async fn update(
    request: &Request,
    input: WebhookEndpointUpdateInput,
) -> model::Result<model::WebhookEndpoint> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let update = model::WebhookEndpointUpdate {
        id: id("webhookEndpointId", &input.webhook_endpoint_id)?,
        url: match &input.url {
            Some(text) => Some(url(request, text).await?),
            None => None,
        },
        description: input.description,
        patterns: input.patterns.as_deref().map(patterns).transpose()?,
        enabled: input.enabled,
    };
    let updated = request.store.webhook_endpoint_update(&cx, update).await;
    updated.map_err(about("webhookEndpointId"))
}

async fn delete(
    request: &Request,
    input: &WebhookEndpointDeleteInput,
) -> model::Result<model::WebhookEndpointId> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let endpoint = id("webhookEndpointId", &input.webhook_endpoint_id)?;
    let deleted = request.store.webhook_endpoint_delete(&cx, endpoint).await;
    deleted.map_err(about("webhookEndpointId"))
}

async fn rotate(
    request: &Request,
    input: &WebhookEndpointSecretRotateInput,
) -> model::Result<(model::WebhookEndpoint, Option<String>)> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let endpoint = id("webhookEndpointId", &input.webhook_endpoint_id)?;
    let store = &request.store;
    let rotated = store.webhook_endpoint_secret_rotate(&cx, endpoint).await;
    rotated.map_err(about("webhookEndpointId"))
}

/// A URL whose host was looked at. Not for those who may not save one: nobody has us ask name
/// servers for nothing.
async fn url(request: &Request, text: &str) -> model::Result<model::WebhookUrl> {
    policy::check(&request.cx.actor, Action::WebhookWrite)?;
    request.destinations.check(text).await
}

fn patterns(texts: &[String]) -> model::Result<Vec<WebhookPattern>> {
    texts.iter().map(|text| parsed("patterns", text)).collect()
}
