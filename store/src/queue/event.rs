//! Events: what happened to an operation, numbered without gaps.
//!
//! Writing one counts up `last_event` under the operation's row lock, so numbers have no gaps and
//! follow each other in the order of the commits; the same statement checks a worker's claim and
//! tells the listeners. The percent never goes back: a second try begins where the bar stands.

use std::collections::HashMap;

use berth_model::{
    Error, ErrorCode, OperationEvent, OperationEventKind, OperationId, Result, Timestamp, policy,
    policy::Action,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Claim, Cx, Signals, Store,
    check::range,
    error::{internal, not_found},
    reads::{PAGE_LIMIT, uuids},
    schema::{operation_events, operations},
    tx::Tx,
};

/// The longest message that is kept, in characters.
const MESSAGE_LIMIT: usize = 1000;

/// An event to be.
pub(super) struct News<'a> {
    kind: OperationEventKind,
    ordinal: Option<i32>,
    percent: i32,
    message: Option<&'a str>,
}

impl<'a> News<'a> {
    /// Of the operation as a whole.
    pub(super) fn new(kind: OperationEventKind, message: &'a str) -> Self {
        let percent = if kind == OperationEventKind::Succeeded {
            100
        } else {
            0
        };
        Self {
            kind,
            ordinal: None,
            percent,
            message: Some(message),
        }
    }

    /// Of a step that is `percent` done; without a message its title is told.
    pub(super) fn of_step(
        kind: OperationEventKind,
        ordinal: i32,
        percent: u8,
        message: Option<&'a str>,
    ) -> Self {
        Self {
            kind,
            ordinal: Some(ordinal),
            percent: i32::from(percent.min(100)),
            message,
        }
    }
}

/// What writing an event finds out.
#[derive(QueryableByName)]
pub(super) struct Told {
    #[diesel(sql_type = BigInt)]
    pub(super) last_event: i64,
    #[diesel(sql_type = Bool)]
    cancel_requested: bool,
    #[diesel(sql_type = Bool)]
    superseded: bool,
}

impl Told {
    pub(super) fn signals(&self) -> Signals {
        Signals {
            cancel_requested: self.cancel_requested,
            superseded: self.superseded,
        }
    }
}

const TELL: &str = "\
WITH numbered AS (
    UPDATE operations SET last_event = last_event + 1
    WHERE id = $1 AND ($2 IS NULL OR (claim_number = $2 AND state = 'RUNNING'))
    RETURNING id, tenant_id, last_event, cancel_requested_at, superseded_at
), place AS (
    SELECT s.name, s.title, (100 * $3 + $5) / (
        SELECT count(*) FROM operation_steps a WHERE a.operation_id = n.id
    ) AS percent
    FROM numbered n JOIN operation_steps s ON s.operation_id = n.id AND s.ordinal = $3
), told AS (
    INSERT INTO operation_events (tenant_id, operation_id, number, kind, step, percent, message, at)
    SELECT n.tenant_id, n.id, n.last_event, $4, (SELECT name FROM place),
        greatest(
            coalesce((SELECT percent FROM place), $5),
            (SELECT e.percent FROM operation_events e
             WHERE e.operation_id = n.id ORDER BY e.number DESC LIMIT 1)
        ),
        coalesce($6, (SELECT title FROM place), ''), $7
    FROM numbered n
)
SELECT last_event, cancel_requested_at IS NOT NULL AS cancel_requested,
    superseded_at IS NOT NULL AS superseded,
    pg_notify('berth_operation', id::text) IS NULL AS notified
FROM numbered";

impl Store {
    /// Writes an event of an operation whose row this transaction has reason to change.
    pub(super) async fn tell(&self, tx: &mut Tx, id: OperationId, news: News<'_>) -> Result<Told> {
        let told = self.tell_if(tx, id, None, news).await?;
        told.ok_or_else(|| Error::not_found("operation"))
    }

    /// Writes an event for a worker, if its claim still holds; else `CLAIM_LOST`.
    pub(super) async fn tell_claimed(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        news: News<'_>,
    ) -> Result<Told> {
        let told = self
            .tell_if(tx, claim.operation_id, Some(claim.claim_number), news)
            .await?;
        told.ok_or_else(claim_lost)
    }

    async fn tell_if(
        &self,
        tx: &mut Tx,
        id: OperationId,
        claim_number: Option<i64>,
        news: News<'_>,
    ) -> Result<Option<Told>> {
        diesel::sql_query(TELL)
            .bind::<SqlUuid, _>(id.0)
            .bind::<Nullable<BigInt>, _>(claim_number)
            .bind::<Nullable<Integer>, _>(news.ordinal)
            .bind::<Text, _>(news.kind.as_str())
            .bind::<Integer, _>(news.percent)
            .bind::<Nullable<Text>, _>(news.message.map(plain))
            .bind::<Timestamptz, _>(self.clock.now())
            .get_result(&mut **tx)
            .await
            .optional()
            .map_err(internal)
    }

    /// The events of an operation with numbers over `after`, in their order, at most `limit` (1 to
    /// 200). `NOT_FOUND` when the caller can't see the operation.
    pub async fn operation_events(
        &self,
        cx: &Cx,
        id: OperationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<OperationEvent>> {
        policy::check(&cx.actor, Action::OperationRead)?;
        range("first", limit, 1, PAGE_LIMIT, " events at once")?;
        let mut tx = self.begin(cx).await?;
        let rows = events_after(&mut tx, id, after, limit).await;
        tx.end(rows)
            .await?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    /// The newest event of each of these operations: its percent is the operation's progress.
    pub async fn operation_event_newest(
        &self,
        cx: &Cx,
        ids: &[OperationId],
    ) -> Result<HashMap<OperationId, OperationEvent>> {
        policy::check(&cx.actor, Action::OperationRead)?;
        let newest = operations::id
            .eq(operation_events::operation_id)
            .and(operations::last_event.eq(operation_events::number));
        let rows = operations::table
            .inner_join(operation_events::table.on(newest))
            .filter(operations::id.eq_any(uuids(ids)))
            .select(EventRow::as_select());
        let rows: Vec<EventRow> = self.rows(cx, rows).await?;
        let events = rows.into_iter().map(OperationEvent::try_from);
        events
            .map(|event| event.map(|event| (event.operation_id, event)))
            .collect()
    }
}

async fn events_after(
    tx: &mut Tx,
    id: OperationId,
    after: i64,
    limit: i64,
) -> Result<Vec<EventRow>> {
    operations::table
        .find(id.0)
        .select(operations::id)
        .first::<Uuid>(&mut **tx)
        .await
        .map_err(not_found("operation"))?;
    operation_events::table
        .filter(operation_events::operation_id.eq(id.0))
        .filter(operation_events::number.gt(after))
        .order(operation_events::number.asc())
        .limit(limit)
        .select(EventRow::as_select())
        .load(&mut **tx)
        .await
        .map_err(internal)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = operation_events)]
struct EventRow {
    operation_id: Uuid,
    number: i64,
    kind: String,
    step: Option<String>,
    percent: i32,
    message: String,
    at: Timestamp,
}

impl TryFrom<EventRow> for OperationEvent {
    type Error = Error;

    fn try_from(row: EventRow) -> Result<Self> {
        Ok(Self {
            operation_id: row.operation_id.into(),
            number: row.number,
            kind: row.kind.parse()?,
            step: row.step,
            percent: row.percent,
            message: row.message,
            at: row.at,
        })
    }
}

/// The worker's claim was ended by a later one.
pub(crate) fn claim_lost() -> Error {
    Error::new(
        ErrorCode::ClaimLost,
        "Another worker has taken over this operation.",
    )
}

/// A message as it can be kept and shown: one that isn't too long, without control characters,
/// which PostgreSQL refuses (NUL) or a terminal would obey.
pub(super) fn plain(message: &str) -> String {
    let shown = message
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    shown
        .take(MESSAGE_LIMIT)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_no_control_characters_and_an_end() {
        assert_eq!(plain("two\nlines\0\u{1b}[31m"), "two lines  [31m");
        assert_eq!(plain(&"ü".repeat(5000)).chars().count(), MESSAGE_LIMIT);
    }
}
