//! From the outbox to deliveries: an event for each endpoint that chose it.

use berth_model::{
    Result, StorefrontId, TenantId, Timestamp, WebhookData, WebhookDeliveryId, WebhookPattern,
    webhook_body,
};
use chrono::TimeDelta;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::TRIED_FOR_HOURS;
use crate::{
    Store,
    error::internal,
    schema::{webhook_deliveries, webhook_endpoints, webhook_outbox},
    tx::Tx,
};

/// Deliveries that one statement writes: PostgreSQL takes 65,535 values, and each has 10.
const CHUNK: usize = 1000;

/// What a part of the outbox became.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookFannedOut {
    /// Events that were taken out.
    pub events: usize,
    /// Deliveries that were made of them.
    pub deliveries: usize,
}

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    storefront_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    event_type: String,
    #[diesel(sql_type = Jsonb)]
    data: serde_json::Value,
    #[diesel(sql_type = Timestamptz)]
    at: Timestamp,
}

struct Endpoint {
    id: Uuid,
    storefront_id: Option<StorefrontId>,
    patterns: Vec<String>,
}

#[derive(Insertable)]
#[diesel(table_name = webhook_deliveries)]
struct NewDelivery {
    id: Uuid,
    tenant_id: Uuid,
    storefront_id: Option<Uuid>,
    owner_id: Uuid,
    endpoint_id: Uuid,
    event_type: String,
    body: String,
    state: &'static str,
    next_attempt_at: Timestamp,
    give_up_at: Timestamp,
    created_at: Timestamp,
}

/// What another courier works on now is skipped. Not a cursor over numbers: a lower one can be
/// committed after a higher one.
const TAKE: &str = "\
SELECT o.number, o.tenant_id, t.storefront_id, o.event_type, o.data, o.at
FROM webhook_outbox o JOIN tenants t ON t.id = o.tenant_id
ORDER BY o.number LIMIT $1 FOR UPDATE OF o SKIP LOCKED";

impl Store {
    /// Makes deliveries of up to `limit` events, the oldest first, and takes these out of the
    /// outbox. Nobody loses one: both is one transaction.
    pub async fn webhook_fan_out(&self, limit: i64) -> Result<WebhookFannedOut> {
        let mut tx = self.begin_courier().await?;
        let done = self.fan_out_in(&mut tx, limit).await;
        tx.end(done).await
    }

    async fn fan_out_in(&self, tx: &mut Tx, limit: i64) -> Result<WebhookFannedOut> {
        let events: Vec<EventRow> = sql_query(TAKE)
            .bind::<BigInt, _>(limit)
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        if events.is_empty() {
            return Ok(WebhookFannedOut::default());
        }
        let endpoints = endpoints(tx).await?;
        let mut deliveries = Vec::new();
        for event in &events {
            deliveries.extend(self.deliveries_of(event, &endpoints)?);
        }
        for chunk in deliveries.chunks(CHUNK) {
            diesel::insert_into(webhook_deliveries::table)
                .values(chunk)
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
        }
        let numbers: Vec<i64> = events.iter().map(|event| event.number).collect();
        diesel::delete(webhook_outbox::table)
            .filter(webhook_outbox::number.eq_any(numbers))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(WebhookFannedOut {
            events: events.len(),
            deliveries: deliveries.len(),
        })
    }

    fn deliveries_of(&self, event: &EventRow, endpoints: &[Endpoint]) -> Result<Vec<NewDelivery>> {
        let chosen: Vec<&Endpoint> = endpoints
            .iter()
            .filter(|endpoint| endpoint.is_told_of(event))
            .collect();
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let data: WebhookData =
            serde_json::from_value(event.data.clone()).map_err(berth_model::Error::internal)?;
        let tenant_id = TenantId(event.tenant_id);
        let body = webhook_body(&event.event_type, event.at, tenant_id, &data)?;
        let now = self.clock.now();
        let delivery = |endpoint: &&Endpoint| {
            let storefront_id = endpoint.storefront_id.map(|id| id.0);
            NewDelivery {
                id: self.ids.next::<WebhookDeliveryId>().0,
                tenant_id: event.tenant_id,
                storefront_id,
                owner_id: storefront_id.unwrap_or(TenantId::PLATFORM.0),
                endpoint_id: endpoint.id,
                event_type: event.event_type.clone(),
                body: body.clone(),
                state: "PENDING",
                next_attempt_at: now,
                give_up_at: now + TimeDelta::hours(TRIED_FOR_HOURS),
                created_at: now,
            }
        };
        Ok(chosen.iter().map(delivery).collect())
    }
}

impl Endpoint {
    fn is_told_of(&self, event: &EventRow) -> bool {
        let own = match self.storefront_id {
            None => true,
            Some(id) => event.storefront_id == Some(id.0),
        };
        let chooses = |pattern: &String| WebhookPattern::chooses(pattern, &event.event_type);
        own && self.patterns.iter().any(chooses)
    }
}

/// Every endpoint that is told anything. They stay until the deliveries to them are written.
async fn endpoints(tx: &mut Tx) -> Result<Vec<Endpoint>> {
    let rows: Vec<(Uuid, Option<Uuid>, Vec<String>)> = webhook_endpoints::table
        .filter(webhook_endpoints::disabled_at.is_null())
        .order(webhook_endpoints::id)
        .select((
            webhook_endpoints::id,
            webhook_endpoints::storefront_id,
            webhook_endpoints::patterns,
        ))
        .for_key_share()
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let endpoint = |(id, storefront_id, patterns): (Uuid, Option<Uuid>, Vec<String>)| Endpoint {
        id,
        storefront_id: storefront_id.map(StorefrontId),
        patterns,
    };
    Ok(rows.into_iter().map(endpoint).collect())
}
