//! Claims of deliveries: which courier makes the next attempt.
//!
//! Claims are made one at a time in the whole cluster, under an advisory lock: only so is the limit
//! per endpoint exact. Endpoints that fail have a lane of their own, so that their time limits keep
//! nobody else waiting.

use berth_model::{Result, TenantId, Timestamp, WebhookDeliveryId, WebhookEndpointId};
use chrono::TimeDelta;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Integer, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use crate::{Store, error::internal, tx::Tx};

/// A number of ours for advisory locks: one claim of deliveries at a time in a database.
const LOCK: i64 = 0x6265_7274_6820;

/// Which endpoints a claim looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookLane {
    /// Those whose last attempt went well, or that had none.
    Healthy,
    /// Those whose last attempt failed.
    Failing,
}

/// What a courier asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookClaim {
    /// Which endpoints.
    pub lane: WebhookLane,
    /// Deliveries at most.
    pub limit: i64,
    /// Attempts at one endpoint at a time, over all couriers.
    pub per_endpoint: i64,
    /// How long the claim holds: longer than an attempt can take.
    pub lease: TimeDelta,
}

/// A delivery that this courier is to attempt.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookWork {
    /// Its id, and the header `webhook-id`.
    pub id: WebhookDeliveryId,
    /// Whose event it is.
    pub tenant_id: TenantId,
    /// To where.
    pub endpoint_id: WebhookEndpointId,
    /// To where.
    pub url: String,
    /// What.
    pub body: String,
    /// The number of this attempt, from 1: who has the newest may write what came of it.
    pub attempt: i32,
    /// How many there were since it was made or asked for again, this one included.
    pub tries: i32,
    /// What it is signed with, the newest first.
    pub secrets: Vec<String>,
}

impl std::fmt::Debug for WebhookWork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The secrets stay out of logs, and so does the URL, which may hold one.
        f.debug_struct("WebhookWork")
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

#[derive(QueryableByName)]
struct WorkRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    endpoint_id: Uuid,
    #[diesel(sql_type = Text)]
    url: String,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Integer)]
    tries: i32,
}

/// Of each endpoint as many of the longest due as it may have now. Of these first the first of each
/// endpoint, then the second of each: an endpoint with ten thousand waiting has one turn, as one
/// with a single one has.
const CLAIM: &str = "\
WITH busy AS MATERIALIZED (
    SELECT endpoint_id, count(*) AS running FROM webhook_deliveries
    WHERE lease_until IS NOT NULL AND lease_until > $1 GROUP BY endpoint_id
), due AS MATERIALIZED (
    SELECT d.id, d.next_attempt_at, coalesce(b.running, 0)
        + row_number() OVER (PARTITION BY e.id ORDER BY d.next_attempt_at, d.id) AS turn
    FROM webhook_endpoints e LEFT JOIN busy b ON b.endpoint_id = e.id
    CROSS JOIN LATERAL (
        SELECT w.id, w.next_attempt_at FROM webhook_deliveries w
        WHERE w.endpoint_id = e.id AND w.state = 'PENDING' AND w.next_attempt_at <= $1
        ORDER BY w.next_attempt_at, w.id
        LIMIT greatest(0, $4 - coalesce(b.running, 0))
        FOR UPDATE SKIP LOCKED
    ) d
    WHERE e.disabled_at IS NULL AND (e.failing_since IS NOT NULL) = $5
), taken AS (
    SELECT id FROM due ORDER BY turn, next_attempt_at, id LIMIT $3
)
UPDATE webhook_deliveries d
SET attempts = attempts + 1, tries = tries + 1, lease_until = $2, next_attempt_at = $2
FROM webhook_endpoints e
WHERE d.id IN (SELECT id FROM taken) AND e.id = d.endpoint_id
RETURNING d.id, d.tenant_id, d.endpoint_id, e.url, d.body, d.attempts, d.tries";

impl Store {
    /// Claims deliveries that are due. One whose courier died is due when its lease ends.
    pub async fn webhook_claim(&self, request: &WebhookClaim) -> Result<Vec<WebhookWork>> {
        let mut tx = self.begin_courier().await?;
        let claimed = self.webhook_claim_in(&mut tx, request).await;
        tx.end(claimed).await
    }

    async fn webhook_claim_in(
        &self,
        tx: &mut Tx,
        request: &WebhookClaim,
    ) -> Result<Vec<WebhookWork>> {
        let now: Timestamp = self.clock.now();
        tx.batch_execute(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
            .await
            .map_err(internal)?;
        let rows: Vec<WorkRow> = sql_query(CLAIM)
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now + request.lease)
            .bind::<BigInt, _>(request.limit)
            .bind::<BigInt, _>(request.per_endpoint)
            .bind::<Bool, _>(request.lane == WebhookLane::Failing)
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let endpoints: Vec<WebhookEndpointId> =
            rows.iter().map(|row| row.endpoint_id.into()).collect();
        let secrets = self.webhook_secrets_open(tx, &endpoints).await?;
        let work = rows.into_iter().filter_map(|row| {
            let endpoint_id = WebhookEndpointId(row.endpoint_id);
            // Without secrets it can't be signed: due again when the lease ends.
            let secrets = secrets.get(&endpoint_id)?.clone();
            Some(WebhookWork {
                id: row.id.into(),
                tenant_id: row.tenant_id.into(),
                endpoint_id,
                url: row.url,
                body: row.body,
                attempt: row.attempts,
                tries: row.tries,
                secrets,
            })
        });
        Ok(work.collect())
    }
}
