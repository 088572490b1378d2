//! How much there is to tell, for metrics.

use berth_model::{Result, Scope, Timestamp};
use chrono::TimeDelta;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, Timestamptz},
};

use crate::{Store, error::internal};

/// Outbox and deliveries at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookDepth {
    /// Events that are no deliveries yet.
    pub outbox: i64,
    /// How long the oldest of them waits; none when there is none.
    pub outbox_oldest: Option<TimeDelta>,
    /// Deliveries that wait for an attempt or are attempted, to endpoints that are switched on.
    pub pending: i64,
    /// How long the longest due of them could have been attempted already; none when nothing is
    /// due.
    pub oldest: Option<TimeDelta>,
    /// Endpoints whose last attempt failed and that are not disabled.
    pub failing: i64,
}

#[derive(QueryableByName)]
struct DepthRow {
    #[diesel(sql_type = BigInt)]
    outbox: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    outbox_since: Option<Timestamp>,
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_since: Option<Timestamp>,
    #[diesel(sql_type = BigInt)]
    failing: i64,
}

const DEPTH: &str = "\
SELECT o.outbox, o.outbox_since, d.pending, d.due_since, f.failing
FROM (SELECT count(*) AS outbox, min(at) AS outbox_since FROM webhook_outbox) o,
    (SELECT count(*) AS pending, min(next_attempt_at) FILTER (WHERE next_attempt_at <= $1) AS due_since
     FROM webhook_endpoints e JOIN webhook_deliveries w ON w.endpoint_id = e.id
     WHERE e.disabled_at IS NULL AND w.state = 'PENDING') d,
    (SELECT count(*) AS failing FROM webhook_endpoints
     WHERE disabled_at IS NULL AND failing_since IS NOT NULL) f";

impl Store {
    /// How much waits, and how long.
    pub async fn webhook_depth(&self) -> Result<WebhookDepth> {
        let now = self.clock.now();
        let query = sql_query(DEPTH).bind::<Timestamptz, _>(now);
        let rows: Vec<DepthRow> = self.rows_scope(Scope::Worker, query).await?;
        let row = rows.into_iter().next();
        let row = row.ok_or_else(|| internal(diesel::result::Error::NotFound))?;
        Ok(WebhookDepth {
            outbox: row.outbox,
            outbox_oldest: row.outbox_since.map(|since| now - since),
            pending: row.pending,
            oldest: row.due_since.map(|since| now - since),
            failing: row.failing,
        })
    }
}
