//! Webhook deliveries: what was told, and telling it again.

use std::collections::HashMap;

use berth_model::{
    Error, ErrorCode, Page, PageRequest, Result, TenantId, Timestamp, WebhookAttempt,
    WebhookDelivery, WebhookDeliveryId, WebhookDeliveryState, WebhookEndpointId, policy,
    policy::Action,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    courier::TRIED_FOR_HOURS,
    error::{internal, not_found},
    idempotency::Begun,
    reads::{keyset, page_of, reads, row_read, uuids},
    schema::{webhook_attempts, webhook_deliveries},
    tx::Tx,
    webhook_endpoint::WebhookEndpointRow,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries)]
struct WebhookDeliveryRow {
    id: Uuid,
    endpoint_id: Uuid,
    tenant_id: Uuid,
    event_type: String,
    body: String,
    state: String,
    attempts: i32,
    next_attempt_at: Timestamp,
    give_up_at: Timestamp,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl TryFrom<WebhookDeliveryRow> for WebhookDelivery {
    type Error = Error;

    fn try_from(row: WebhookDeliveryRow) -> Result<Self> {
        let state: WebhookDeliveryState = row.state.parse()?;
        let is_pending = state == WebhookDeliveryState::Pending;
        Ok(Self {
            id: row.id.into(),
            endpoint_id: row.endpoint_id.into(),
            tenant_id: row.tenant_id.into(),
            event_type: row.event_type,
            body: row.body,
            state,
            attempts: row.attempts,
            next_attempt_at: is_pending.then_some(row.next_attempt_at),
            give_up_at: row.give_up_at,
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    }
}

reads!(
    "webhook delivery", WebhookRead, webhook_deliveries, WebhookDeliveryRow => WebhookDelivery,
    webhook_delivery_get, webhook_delivery_by_ids, WebhookDeliveryId
);
row_read!(
    "webhook delivery", webhook_deliveries, WebhookDeliveryRow => WebhookDelivery, WebhookDeliveryId
);

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_attempts)]
struct WebhookAttemptRow {
    delivery_id: Uuid,
    number: i32,
    at: Timestamp,
    duration_ms: i32,
    response_status: Option<i32>,
    error: Option<String>,
}

impl Store {
    /// What was or is to be delivered to an endpoint; with `states` only what is in one of them.
    pub async fn webhook_delivery_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        endpoint_id: WebhookEndpointId,
        states: &[WebhookDeliveryState],
    ) -> Result<Page<WebhookDelivery>> {
        policy::check(&cx.actor, Action::WebhookRead)?;
        let mut query = webhook_deliveries::table
            .filter(webhook_deliveries::endpoint_id.eq(endpoint_id.0))
            .select(WebhookDeliveryRow::as_select())
            .into_boxed();
        if !states.is_empty() {
            let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
            query = query.filter(webhook_deliveries::state.eq_any(states));
        }
        let query = keyset!(query, webhook_deliveries::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// The attempts of each of these deliveries that the caller can see, in order: the newest 50.
    pub async fn webhook_attempt_by_delivery_ids(
        &self,
        cx: &Cx,
        ids: &[WebhookDeliveryId],
    ) -> Result<HashMap<WebhookDeliveryId, Vec<WebhookAttempt>>> {
        policy::check(&cx.actor, Action::WebhookRead)?;
        let query = webhook_attempts::table
            .filter(webhook_attempts::delivery_id.eq_any(uuids(ids)))
            .order((webhook_attempts::delivery_id, webhook_attempts::number))
            .select(WebhookAttemptRow::as_select());
        let rows: Vec<WebhookAttemptRow> = self.rows(cx, query).await?;
        let mut found: HashMap<WebhookDeliveryId, Vec<WebhookAttempt>> = HashMap::new();
        for row in rows {
            let all = found.entry(row.delivery_id.into()).or_default();
            all.push(WebhookAttempt {
                number: row.number,
                at: row.at,
                duration_ms: row.duration_ms,
                response_status: row.response_status,
                error: row.error,
            });
        }
        Ok(found)
    }

    /// Delivers once more, from now on for three days: what failed, what is there already, and what
    /// waits, at once. `WRONG_STATE` when the endpoint is switched off.
    pub async fn webhook_delivery_redeliver(
        &self,
        cx: &Cx,
        id: WebhookDeliveryId,
    ) -> Result<WebhookDelivery> {
        policy::check(&cx.actor, Action::WebhookWrite)?;
        let mut tx = self.begin(cx).await?;
        let again = self.webhook_redeliver_in(&mut tx, cx, id).await;
        tx.end(again).await
    }

    async fn webhook_redeliver_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: WebhookDeliveryId,
    ) -> Result<WebhookDelivery> {
        const NAME: &str = "webhookDeliveryRedeliver";
        let kept_by = TenantId::PLATFORM;
        let begun: Begun<WebhookDeliveryId> =
            self.idempotency_begin(tx, cx, kept_by, NAME, &id).await?;
        if let Begun::Replay(_) = begun {
            return WebhookDeliveryRow::read(tx, id).await;
        }
        // Waits for a worker that writes down right now what came of an attempt.
        let (endpoint_id, lease_until): (Uuid, Option<Timestamp>) = webhook_deliveries::table
            .find(id.0)
            .select((
                webhook_deliveries::endpoint_id,
                webhook_deliveries::lease_until,
            ))
            .for_update()
            .first(&mut **tx)
            .await
            .map_err(not_found("webhook delivery"))?;
        let endpoint = WebhookEndpointRow::read(tx, endpoint_id.into()).await?;
        if endpoint.disabled_at.is_some() {
            return Err(Error::new(
                ErrorCode::WrongState,
                "Its endpoint is switched off. Switch it on first: webhookEndpointUpdate.",
            ));
        }
        let now = self.clock.now();
        // One that a worker has is due when the worker is done with it, or dead.
        let due = lease_until.filter(|until| *until > now).unwrap_or(now);
        diesel::update(webhook_deliveries::table.find(id.0))
            .set((
                webhook_deliveries::state.eq(WebhookDeliveryState::Pending.as_str()),
                webhook_deliveries::tries.eq(0),
                webhook_deliveries::next_attempt_at.eq(due),
                webhook_deliveries::give_up_at.eq(now + TimeDelta::hours(TRIED_FOR_HOURS)),
                webhook_deliveries::finished_at.eq(None::<Timestamp>),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.wake_couriers(tx).await?;
        self.mutation_end(tx, cx, kept_by, NAME, &id, id).await?;
        WebhookDeliveryRow::read(tx, id).await
    }
}
