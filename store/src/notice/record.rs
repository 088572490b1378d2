//! What came of sending a notice.

use berth_model::{Error, ErrorCode, NoticeState, Result, Timestamp};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::NoticeWork;
use crate::{Store, error::internal, schema::notices, tx::Tx};

/// Why a notice was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeFailure {
    /// The mail server will never take it.
    pub is_final: bool,
    /// If it may take it later: when the next attempt is to be made.
    pub retry_at: Timestamp,
}

impl Store {
    /// Writes that the mail server took it. `CLAIM_LOST` when a later attempt was begun meanwhile:
    /// then nothing is written.
    pub async fn notice_sent(&self, work: &NoticeWork) -> Result<()> {
        self.notice_finish(work, NoticeState::Sent).await
    }

    /// Writes that it was not sent because no mail is set up. `CLAIM_LOST` as above.
    pub async fn notice_discarded(&self, work: &NoticeWork) -> Result<()> {
        self.notice_finish(work, NoticeState::Discarded).await
    }

    /// Writes that it was not sent: it waits for the next attempt, or has failed if that is useless
    /// or would come too late. Answers which. `CLAIM_LOST` as above.
    pub async fn notice_failed(
        &self,
        work: &NoticeWork,
        failure: NoticeFailure,
    ) -> Result<NoticeState> {
        let mut tx = self.begin_postman().await?;
        let recorded = self.notice_failed_in(&mut tx, work, failure).await;
        tx.end(recorded).await
    }

    async fn notice_failed_in(
        &self,
        tx: &mut Tx,
        work: &NoticeWork,
        failure: NoticeFailure,
    ) -> Result<NoticeState> {
        let give_up_at: Timestamp = notices::table
            .find(work.notice.id.0)
            .select(notices::give_up_at)
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?
            .ok_or_else(claim_lost)?;
        if failure.is_final || failure.retry_at >= give_up_at {
            return self.finish_in(tx, work, NoticeState::Failed).await;
        }
        let written = diesel::update(notices::table.find(work.notice.id.0))
            .filter(notices::attempts.eq(work.attempt))
            .filter(notices::claimed_until.is_not_null())
            .set((
                notices::next_attempt_at.eq(failure.retry_at),
                notices::claimed_until.eq(None::<Timestamp>),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        held(written)?;
        Ok(NoticeState::Queued)
    }

    async fn notice_finish(&self, work: &NoticeWork, state: NoticeState) -> Result<()> {
        let mut tx = self.begin_postman().await?;
        let written = self.finish_in(&mut tx, work, state).await;
        tx.end(written).await.map(drop)
    }

    /// The end of a notice, and of what it told.
    async fn finish_in(
        &self,
        tx: &mut Tx,
        work: &NoticeWork,
        state: NoticeState,
    ) -> Result<NoticeState> {
        let written = diesel::update(notices::table.find(work.notice.id.0))
            .filter(notices::attempts.eq(work.attempt))
            .filter(notices::claimed_until.is_not_null())
            .set((
                notices::state.eq(state.as_str()),
                notices::finished_at.eq(self.clock.now()),
                notices::claimed_until.eq(None::<Timestamp>),
                notices::key_id.eq(None::<String>),
                notices::sealed.eq(None::<Vec<u8>>),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        held(written)?;
        Ok(state)
    }
}

/// Whether a write found the claim.
fn held(written: usize) -> Result<()> {
    match written {
        1 => Ok(()),
        _ => Err(claim_lost()),
    }
}

fn claim_lost() -> Error {
    Error::new(
        ErrorCode::ClaimLost,
        "A later attempt at this notice was begun.",
    )
}
