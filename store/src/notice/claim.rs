//! Claims of notices: who sends them next.

use berth_model::{
    EmailAddress, Error, Locale, Notice, NoticeBody, NoticeId, Recipient, Result, Timestamp,
};
use chrono::TimeDelta;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::place;
use crate::{
    Store,
    error::internal,
    schema::{notices, storefronts},
    storefront::BrandRow,
    tx::Tx,
};

/// A notice that this postman is to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeWork {
    /// It, with the brand as it is now.
    pub notice: Notice,
    /// The number of this attempt, from 1: who has the newest may write what came of it.
    pub attempt: i32,
}

#[derive(QueryableByName)]
struct ClaimedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = notices)]
struct NoticeRow {
    id: Uuid,
    recipient_name: String,
    recipient_email: String,
    locale: Option<String>,
    key_id: Option<String>,
    sealed: Option<Vec<u8>>,
    attempts: i32,
    created_at: Timestamp,
}

/// A row with its storefront's brand and language.
type BrandedRow = (NoticeRow, Option<BrandRow>, Option<String>);

/// What nobody tries any more.
const GIVE_UP: &str = "\
UPDATE notices SET state = 'FAILED', finished_at = $1, key_id = NULL, sealed = NULL, claimed_until = NULL
WHERE id IN (
    SELECT id FROM notices
    WHERE state = 'QUEUED' AND give_up_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
    LIMIT $2 FOR UPDATE SKIP LOCKED
)";

/// Codes first, then whatever is due for longest.
const CLAIM: &str = "\
UPDATE notices SET attempts = attempts + 1, claimed_until = $2, next_attempt_at = $2
WHERE id IN (
    SELECT id FROM notices
    WHERE state = 'QUEUED' AND next_attempt_at <= $1 AND give_up_at > $1
    ORDER BY is_code DESC, next_attempt_at, id
    LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING id";

impl Store {
    /// Claims up to `limit` notices that are due, for `lease`: longer than sending one can take.
    /// One whose postman died is due again when its lease ends. As many at most whose time is over
    /// have failed by this.
    pub async fn notice_claim(&self, limit: i64, lease: TimeDelta) -> Result<Vec<NoticeWork>> {
        let mut tx = self.begin_postman().await?;
        let claimed = self.notice_claim_in(&mut tx, limit, lease).await;
        tx.end(claimed).await
    }

    async fn notice_claim_in(
        &self,
        tx: &mut Tx,
        limit: i64,
        lease: TimeDelta,
    ) -> Result<Vec<NoticeWork>> {
        let now = self.clock.now();
        let given_up = sql_query(GIVE_UP)
            .bind::<Timestamptz, _>(now)
            .bind::<BigInt, _>(limit)
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        if given_up > 0 {
            tracing::warn!(given_up, "notices could not be sent while they were of use");
        }
        let claimed: Vec<ClaimedRow> = sql_query(CLAIM)
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now + lease)
            .bind::<BigInt, _>(limit)
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let claimed: Vec<Uuid> = claimed.into_iter().map(|row| row.id).collect();
        let rows: Vec<BrandedRow> = notices::table
            .left_join(storefronts::table)
            .filter(notices::id.eq_any(claimed))
            .order((notices::is_code.desc(), notices::created_at, notices::id))
            .select((
                NoticeRow::as_select(),
                Option::<BrandRow>::as_select(),
                storefronts::locale.nullable(),
            ))
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let work = rows.into_iter().filter_map(|row| {
            let id = NoticeId(row.0.id);
            match self.notice_open(row) {
                Ok(work) => Some(work),
                // Another process may have the key, or know the kind: due again when the lease ends.
                Err(error) => {
                    tracing::error!(%id, cause = error.cause_text(), "a notice can't be read");
                    None
                }
            }
        });
        Ok(work.collect())
    }

    fn notice_open(&self, (row, brand, locale): BrandedRow) -> Result<NoticeWork> {
        let id = NoticeId(row.id);
        let (Some(key_id), Some(sealed)) = (row.key_id, row.sealed) else {
            return Err(Error::internal("its body is erased"));
        };
        let body = self.keyring.open(&key_id, &place(id), &sealed)?;
        // Not the parser's own words: they can tell of the body.
        let body: NoticeBody = serde_json::from_slice(&body)
            .map_err(|_| Error::internal("its body is of no kind that is known here"))?;
        let locale = row.locale.or(locale).map(|text| text.parse::<Locale>());
        let email: EmailAddress = row.recipient_email.parse().map_err(Error::internal)?;
        let notice = Notice {
            id,
            recipient: Recipient {
                name: row.recipient_name,
                email,
                locale: locale.transpose()?.unwrap_or(Locale::En),
            },
            brand: brand.map(TryInto::try_into).transpose()?,
            body,
            created_at: row.created_at,
        };
        Ok(NoticeWork {
            notice,
            attempt: row.attempts,
        })
    }
}
