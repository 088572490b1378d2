//! How long the queue is, for metrics.

use berth_model::{Result, Scope, Timestamp};
use chrono::TimeDelta;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Timestamptz},
};
use diesel_async::RunQueryDsl;

use crate::{Cx, Store, error::internal};

/// The queue at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    /// Operations that wait for a worker or for their next try.
    pub pending: i64,
    /// Operations that a worker has.
    pub running: i64,
    /// How long the longest waiting one could have run already; none when nothing is due.
    pub oldest: Option<TimeDelta>,
}

#[derive(QueryableByName)]
struct DepthRow {
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = BigInt)]
    running: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_since: Option<Timestamp>,
}

const DEPTH: &str = "\
SELECT count(*) FILTER (WHERE state = 'PENDING') AS pending,
    count(*) FILTER (WHERE state = 'RUNNING') AS running,
    min(run_after) FILTER (WHERE state = 'PENDING' AND run_after <= $1) AS due_since
FROM operations WHERE state IN ('PENDING', 'RUNNING')";

impl Store {
    /// How many operations are unfinished, and how long the oldest due one waits.
    pub async fn queue_depth(&self) -> Result<QueueDepth> {
        let now = self.clock.now();
        let mut tx = self
            .begin_scope(Scope::Worker, &Cx::worker("metrics"))
            .await?;
        let row: Result<DepthRow> = diesel::sql_query(DEPTH)
            .bind::<Timestamptz, _>(now)
            .get_result(&mut *tx)
            .await
            .map_err(internal);
        let row = tx.end(row).await?;
        Ok(QueueDepth {
            pending: row.pending,
            running: row.running,
            oldest: row.due_since.map(|since| now - since),
        })
    }
}
