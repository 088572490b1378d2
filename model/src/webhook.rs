//! Webhooks: where a storefront or the provider wants to be told what changes, and what was told.

use serde::Serialize;

use crate::{
    StorefrontId, TenantId, Timestamp, WebhookDeliveryId, WebhookEndpointId, WebhookPattern,
    WebhookUrl, states::states,
};

states! {
    /// Where a webhook delivery is.
    pub enum WebhookDeliveryState {
        /// Waits for its first or its next attempt.
        Pending = "PENDING",
        /// The endpoint answered with a status from 200 to 299.
        Delivered = "DELIVERED",
        /// Given up after three days. It can be delivered again by hand.
        Failed = "FAILED",
    }
}

states! {
    /// Why a webhook endpoint gets nothing.
    pub enum WebhookDisabledReason {
        /// Its owner switched it off.
        Owner = "OWNER",
        /// For three days every attempt failed.
        Failing = "FAILING",
        /// It answered 410 Gone.
        Gone = "GONE",
    }
}

/// Where a storefront or the provider wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// The storefront that owns it: it is told of that storefront's tenants. Without one it is the
    /// provider's, and told of all.
    pub storefront_id: Option<StorefrontId>,
    /// Where events are sent to, by POST.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Which events are sent: see [`WebhookPattern`].
    pub patterns: Vec<String>,
    /// Since when it gets nothing.
    pub disabled_at: Option<Timestamp>,
    /// Why it gets nothing.
    pub disabled_reason: Option<WebhookDisabledReason>,
    /// Since when every attempt failed; none after one that went well.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner last changed it, or it was disabled.
    pub updated_at: Timestamp,
}

/// What `webhookEndpointCreate` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookEndpointCreate {
    /// Checked by a [`crate::WebhookDestinations`].
    pub url: WebhookUrl,
    /// 1 to 200 characters.
    pub description: Option<String>,
    /// 1 to 20.
    pub patterns: Vec<WebhookPattern>,
}

/// What `webhookEndpointUpdate` takes: what isn't given stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookEndpointUpdate {
    /// Which.
    pub id: WebhookEndpointId,
    /// Checked by a [`crate::WebhookDestinations`].
    pub url: Option<WebhookUrl>,
    /// 1 to 200 characters.
    pub description: Option<String>,
    /// 1 to 20.
    pub patterns: Option<Vec<WebhookPattern>>,
    /// Switches it on, also after Berth disabled it, or off.
    pub enabled: Option<bool>,
}

/// An event on its way to an endpoint, or there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// Its id, which is the header `webhook-id` of every attempt.
    pub id: WebhookDeliveryId,
    /// To where.
    pub endpoint_id: WebhookEndpointId,
    /// Of whom the event tells.
    pub tenant_id: TenantId,
    /// Such as `deployment.running`.
    pub event_type: String,
    /// What is sent, as JSON, the same in every attempt.
    pub body: String,
    /// Where it is.
    pub state: WebhookDeliveryState,
    /// Attempts that were begun.
    pub attempts: i32,
    /// When the next attempt is due, as long as it is pending.
    pub next_attempt_at: Option<Timestamp>,
    /// After this no attempt is made any more.
    pub give_up_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
}

/// What came of an attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookAttempt {
    /// From 1. A number is missing where a worker died before it could write down what came of it.
    pub number: i32,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: i32,
    /// The status of the answer (RFC 9110 section 15), if there was one.
    pub response_status: Option<i32>,
    /// Why it failed, for people.
    pub error: Option<String>,
}
