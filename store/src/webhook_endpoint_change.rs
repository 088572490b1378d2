//! Webhook endpoints: making, changing and removing them.

use berth_model::{
    Caller, Error, ErrorCode, Result, StorefrontId, TenantId, Timestamp, WebhookDisabledReason,
    WebhookEndpoint, WebhookEndpointCreate, WebhookEndpointId, WebhookEndpointUpdate,
    WebhookPattern, message, policy, policy::Action,
};
use diesel::{prelude::*, sql_types::Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::{internal, not_found},
    idempotency::Begun,
    schema::webhook_endpoints,
    tx::Tx,
    webhook_endpoint::WebhookEndpointRow,
};

/// Endpoints of one owner at most: each is sent everything that it asks for.
const ENDPOINTS_MOST: i64 = 20;
/// Patterns of an endpoint at most.
const PATTERNS_MOST: usize = 20;

/// Keys and the audit log of what an owner does for itself are the platform's.
const KEPT_BY: TenantId = TenantId::PLATFORM;

impl Store {
    /// Makes an endpoint: a storefront's is its own, the provider's is told of all tenants. The
    /// secret (`whsec_…`) is given this once; a replay by idempotency key gives none.
    pub async fn webhook_endpoint_create(
        &self,
        cx: &Cx,
        input: WebhookEndpointCreate,
    ) -> Result<(WebhookEndpoint, Option<String>)> {
        policy::check(&cx.actor, Action::WebhookWrite)?;
        check::text_opt("description", input.description.as_deref(), 200)?;
        patterns_check(&input.patterns)?;
        let mut tx = self.begin(cx).await?;
        let made = self.webhook_endpoint_create_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn webhook_endpoint_create_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &WebhookEndpointCreate,
    ) -> Result<(WebhookEndpoint, Option<String>)> {
        const NAME: &str = "webhookEndpointCreate";
        let begun = self.idempotency_begin(tx, cx, KEPT_BY, NAME, input).await?;
        if let Begun::Replay(id) = begun {
            return Ok((WebhookEndpointRow::read(tx, id).await?, None));
        }
        let storefront_id = match cx.actor.caller {
            Caller::Storefront(id) => Some(id),
            _ => None,
        };
        let owner_id = limit_check(tx, storefront_id).await?;
        let id: WebhookEndpointId = self.ids.next();
        let now = self.clock.now();
        diesel::insert_into(webhook_endpoints::table)
            .values((
                webhook_endpoints::id.eq(id.0),
                webhook_endpoints::storefront_id.eq(storefront_id.map(|id| id.0)),
                webhook_endpoints::owner_id.eq(owner_id),
                webhook_endpoints::url.eq(input.url.as_str()),
                webhook_endpoints::description.eq(&input.description),
                webhook_endpoints::patterns.eq(texts(&input.patterns)),
                webhook_endpoints::created_at.eq(now),
                webhook_endpoints::updated_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let secret = self.webhook_secret_make(tx, id).await?;
        self.mutation_end(tx, cx, KEPT_BY, NAME, &id, id).await?;
        Ok((WebhookEndpointRow::read(tx, id).await?, Some(secret)))
    }

    /// Changes an endpoint. Switched on again, it gets what happens from then on, and what still
    /// waits for it.
    pub async fn webhook_endpoint_update(
        &self,
        cx: &Cx,
        input: WebhookEndpointUpdate,
    ) -> Result<WebhookEndpoint> {
        policy::check(&cx.actor, Action::WebhookWrite)?;
        check::text_opt("description", input.description.as_deref(), 200)?;
        if let Some(patterns) = &input.patterns {
            patterns_check(patterns)?;
        }
        let mut tx = self.begin(cx).await?;
        let changed = self.webhook_endpoint_update_in(&mut tx, cx, &input).await;
        tx.end(changed).await
    }

    async fn webhook_endpoint_update_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &WebhookEndpointUpdate,
    ) -> Result<WebhookEndpoint> {
        const NAME: &str = "webhookEndpointUpdate";
        let id = input.id;
        let begun: Begun<WebhookEndpointId> =
            self.idempotency_begin(tx, cx, KEPT_BY, NAME, input).await?;
        if let Begun::Fresh = begun {
            lock(tx, id).await?;
            let changes = Changes::new(input, self.clock.now());
            diesel::update(webhook_endpoints::table.find(id.0))
                .set(changes)
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
            self.mutation_end(tx, cx, KEPT_BY, NAME, &id, id).await?;
        }
        WebhookEndpointRow::read(tx, id).await
    }

    /// Removes an endpoint with its secrets and everything that was or is to be delivered to it.
    pub async fn webhook_endpoint_delete(
        &self,
        cx: &Cx,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpointId> {
        policy::check(&cx.actor, Action::WebhookWrite)?;
        let mut tx = self.begin(cx).await?;
        let deleted = self.webhook_endpoint_delete_in(&mut tx, cx, id).await;
        tx.end(deleted).await
    }

    async fn webhook_endpoint_delete_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpointId> {
        const NAME: &str = "webhookEndpointDelete";
        let begun = self.idempotency_begin(tx, cx, KEPT_BY, NAME, &id).await?;
        if let Begun::Replay(id) = begun {
            return Ok(id);
        }
        lock(tx, id).await?;
        diesel::delete(webhook_endpoints::table.find(id.0))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.mutation_end(tx, cx, KEPT_BY, NAME, &id, id).await?;
        Ok(id)
    }

    /// Gives an endpoint a new secret, which is told this once; a replay by idempotency key tells
    /// none. The secret before it signs beside it for a day.
    pub async fn webhook_endpoint_secret_rotate(
        &self,
        cx: &Cx,
        id: WebhookEndpointId,
    ) -> Result<(WebhookEndpoint, Option<String>)> {
        policy::check(&cx.actor, Action::WebhookWrite)?;
        let mut tx = self.begin(cx).await?;
        let rotated = self.webhook_secret_rotate_in(&mut tx, cx, id).await;
        tx.end(rotated).await
    }

    async fn webhook_secret_rotate_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: WebhookEndpointId,
    ) -> Result<(WebhookEndpoint, Option<String>)> {
        const NAME: &str = "webhookEndpointSecretRotate";
        let begun: Begun<WebhookEndpointId> =
            self.idempotency_begin(tx, cx, KEPT_BY, NAME, &id).await?;
        let secret = match begun {
            Begun::Replay(_) => None,
            Begun::Fresh => {
                lock(tx, id).await?;
                self.webhook_secret_retire(tx, id).await?;
                let secret = self.webhook_secret_make(tx, id).await?;
                self.mutation_end(tx, cx, KEPT_BY, NAME, &id, id).await?;
                Some(secret)
            }
        };
        Ok((WebhookEndpointRow::read(tx, id).await?, secret))
    }
}

/// What an update writes; what isn't given stays.
#[derive(AsChangeset)]
#[diesel(table_name = webhook_endpoints)]
struct Changes {
    url: Option<String>,
    description: Option<String>,
    patterns: Option<Vec<String>>,
    disabled_at: Option<Option<Timestamp>>,
    disabled_reason: Option<Option<&'static str>>,
    failing_since: Option<Option<Timestamp>>,
    updated_at: Timestamp,
}

impl Changes {
    fn new(input: &WebhookEndpointUpdate, now: Timestamp) -> Self {
        let off = input.enabled.map(|enabled| !enabled);
        let owner = WebhookDisabledReason::Owner.as_str();
        Self {
            url: input.url.as_ref().map(ToString::to_string),
            description: input.description.clone(),
            patterns: input.patterns.as_deref().map(texts),
            disabled_at: off.map(|off| off.then_some(now)),
            disabled_reason: off.map(|off| off.then_some(owner)),
            // Three days begin anew.
            failing_since: (input.enabled == Some(true)).then_some(None),
            updated_at: now,
        }
    }
}

fn texts(patterns: &[WebhookPattern]) -> Vec<String> {
    patterns.iter().map(ToString::to_string).collect()
}

fn patterns_check(patterns: &[WebhookPattern]) -> Result<()> {
    check::range("patterns", patterns.len(), 1, PATTERNS_MOST, " patterns")
}

/// Whether the owner may have one more; its id. Two at once wait for each other here.
async fn limit_check(tx: &mut Tx, storefront_id: Option<StorefrontId>) -> Result<Uuid> {
    let owner = storefront_id.map_or(KEPT_BY.0, |id| id.0);
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    diesel::sql_query(lock)
        .bind::<Text, _>(format!("webhook_endpoints/{owner}"))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    let count: i64 = webhook_endpoints::table
        .filter(webhook_endpoints::owner_id.eq(owner))
        .count()
        .get_result(&mut **tx)
        .await
        .map_err(internal)?;
    if count < ENDPOINTS_MOST {
        return Ok(owner);
    }
    Err(Error::new(
        ErrorCode::LimitExceeded,
        message!(
            "There are {count} webhook endpoints, and {most} is the most. Delete one.",
            count,
            most = ENDPOINTS_MOST
        ),
    ))
}

/// Locks it; `NOT_FOUND` when the scope can't see it.
async fn lock(tx: &mut Tx, id: WebhookEndpointId) -> Result<()> {
    webhook_endpoints::table
        .find(id.0)
        .select(webhook_endpoints::id)
        .for_update()
        .first::<Uuid>(&mut **tx)
        .await
        .map(drop)
        .map_err(not_found("webhook endpoint"))
}
