//! How many notices wait, for metrics.

use berth_model::{Result, Scope, Timestamp};
use chrono::TimeDelta;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, Timestamptz},
};

use crate::{Store, error::internal};

/// The outbox of notices at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeDepth {
    /// Notices that wait to be sent or are sent now.
    pub queued: i64,
    /// How long the longest due of them could have been sent already; none when nothing is due.
    pub oldest: Option<TimeDelta>,
}

#[derive(QueryableByName)]
struct DepthRow {
    #[diesel(sql_type = BigInt)]
    queued: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_since: Option<Timestamp>,
}

const DEPTH: &str = "\
SELECT count(*) AS queued, min(next_attempt_at) FILTER (WHERE next_attempt_at <= $1) AS due_since
FROM notices WHERE state = 'QUEUED'";

impl Store {
    /// How many wait, and how long.
    pub async fn notice_depth(&self) -> Result<NoticeDepth> {
        let now = self.clock.now();
        let query = sql_query(DEPTH).bind::<Timestamptz, _>(now);
        let rows: Vec<DepthRow> = self.rows_scope(Scope::Worker, query).await?;
        let row = rows.into_iter().next();
        let row = row.ok_or_else(|| internal(diesel::result::Error::NotFound))?;
        Ok(NoticeDepth {
            queued: row.queued,
            oldest: row.due_since.map(|since| now - since),
        })
    }
}
