//! What time brings: deliveries that nobody attempts any more, and those that are long over.

use berth_model::{Result, Timestamp};
use chrono::TimeDelta;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Timestamptz},
};
use diesel_async::RunQueryDsl;

use crate::{Store, error::internal, schema::webhook_endpoint_secrets as secrets};

/// How long a delivery is kept that is over.
const KEPT_DAYS: i64 = 30;

/// What was put in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookPurged {
    /// Deliveries to endpoints that are switched off, whose three days are over: they failed.
    pub given_up: usize,
    /// Deliveries that were over for 30 days: removed, with their attempts.
    pub deliveries: usize,
    /// Secrets that sign no longer: removed.
    pub secrets: usize,
}

const GIVE_UP: &str = "\
UPDATE webhook_deliveries SET state = 'FAILED', finished_at = $1, lease_until = NULL
WHERE id IN (
    SELECT d.id FROM webhook_endpoints e JOIN webhook_deliveries d ON d.endpoint_id = e.id
    WHERE e.disabled_at IS NOT NULL AND d.state = 'PENDING' AND d.give_up_at <= $1
    LIMIT $2 FOR UPDATE OF d SKIP LOCKED
)";

const REMOVE: &str = "\
DELETE FROM webhook_deliveries
WHERE id IN (
    SELECT id FROM webhook_deliveries WHERE finished_at <= $1
    ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
)";

impl Store {
    /// Puts deliveries and secrets in order, up to `limit` of each kind. To be repeated while as
    /// many are found.
    pub async fn webhook_purge(&self, limit: i64) -> Result<WebhookPurged> {
        let now: Timestamp = self.clock.now();
        let mut tx = self.begin_courier().await?;
        let purged = async {
            let given_up = sql_query(GIVE_UP)
                .bind::<Timestamptz, _>(now)
                .bind::<BigInt, _>(limit)
                .execute(&mut *tx)
                .await
                .map_err(internal)?;
            let deliveries = sql_query(REMOVE)
                .bind::<Timestamptz, _>(now - TimeDelta::days(KEPT_DAYS))
                .bind::<BigInt, _>(limit)
                .execute(&mut *tx)
                .await
                .map_err(internal)?;
            let secrets = diesel::delete(secrets::table)
                .filter(secrets::expires_at.le(now))
                .execute(&mut *tx)
                .await
                .map_err(internal)?;
            Ok(WebhookPurged {
                given_up,
                deliveries,
                secrets,
            })
        }
        .await;
        tx.end(purged).await
    }
}
