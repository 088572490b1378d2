//! Notices that are long over.

use berth_model::Result;
use chrono::TimeDelta;
use diesel::{
    sql_query,
    sql_types::{BigInt, Timestamptz},
};
use diesel_async::RunQueryDsl;

use crate::{Store, error::internal};

/// How long a notice is kept that is over: for support, and so that it isn't written again.
const KEPT_DAYS: i64 = 30;

const REMOVE: &str = "\
DELETE FROM notices
WHERE id IN (
    SELECT id FROM notices WHERE finished_at <= $1
    ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
)";

impl Store {
    /// Removes up to `limit` notices that were over for 30 days; answers how many. To be repeated
    /// while as many are found.
    pub async fn notice_purge(&self, limit: i64) -> Result<usize> {
        let before = self.clock.now() - TimeDelta::days(KEPT_DAYS);
        let mut tx = self.begin_postman().await?;
        let removed = sql_query(REMOVE)
            .bind::<Timestamptz, _>(before)
            .bind::<BigInt, _>(limit)
            .execute(&mut *tx)
            .await
            .map_err(internal);
        tx.end(removed).await
    }
}
