//! What came of an attempt, and what follows from it for the delivery and its endpoint.

use berth_model::{
    Error, ErrorCode, Result, Timestamp, WebhookDeliveryState, WebhookDisabledReason,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{TRIED_FOR_HOURS, WebhookWork};
use crate::{
    Store,
    error::internal,
    schema::{webhook_attempts, webhook_deliveries, webhook_endpoints},
    tx::Tx,
};

/// Attempts of a delivery that are kept, the newest.
const ATTEMPTS_KEPT: i32 = 50;
/// The longest error that is kept, in characters.
const ERROR_LIMIT: usize = 500;

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookOutcome {
    /// How long it took.
    pub duration: TimeDelta,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why it failed, for people; none when it went well.
    pub error: Option<String>,
    /// The endpoint says that it is no more.
    pub gone: bool,
    /// If it failed: when the next attempt is to be made. The last one is made when three days are
    /// over.
    pub retry_at: Timestamp,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookRecorded {
    /// Where the delivery is now.
    pub state: WebhookDeliveryState,
    /// Whether the endpoint was disabled by this, and why.
    pub disabled: Option<WebhookDisabledReason>,
}

impl Store {
    /// Writes down what came of an attempt. `CLAIM_LOST` when a later attempt was begun meanwhile:
    /// then nothing is written.
    pub async fn webhook_attempt_record(
        &self,
        work: &WebhookWork,
        outcome: &WebhookOutcome,
    ) -> Result<WebhookRecorded> {
        let mut tx = self.begin_courier().await?;
        let recorded = self.attempt_record_in(&mut tx, work, outcome).await;
        tx.end(recorded).await
    }

    async fn attempt_record_in(
        &self,
        tx: &mut Tx,
        work: &WebhookWork,
        outcome: &WebhookOutcome,
    ) -> Result<WebhookRecorded> {
        let now = self.clock.now();
        // Before the delivery, as when the endpoint is deleted: they can't wait for each other.
        let endpoint = endpoint_lock(tx, work).await?;
        let (tries, give_up_at): (i32, Timestamp) = webhook_deliveries::table
            .find(work.id.0)
            .filter(webhook_deliveries::attempts.eq(work.attempt))
            .filter(webhook_deliveries::lease_until.is_not_null())
            .select((webhook_deliveries::tries, webhook_deliveries::give_up_at))
            .for_no_key_update()
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?
            .ok_or_else(claim_lost)?;
        // It was asked for again while this attempt ran, which is none of the new ones.
        let asked_again = tries < work.tries;
        let state = match &outcome.error {
            None => WebhookDeliveryState::Delivered,
            Some(_) if now >= give_up_at => WebhookDeliveryState::Failed,
            Some(_) => WebhookDeliveryState::Pending,
        };
        let next = if asked_again { now } else { outcome.retry_at };
        let is_pending = state == WebhookDeliveryState::Pending;
        diesel::update(webhook_deliveries::table.find(work.id.0))
            .set((
                webhook_deliveries::state.eq(state.as_str()),
                webhook_deliveries::lease_until.eq(None::<Timestamp>),
                webhook_deliveries::next_attempt_at.eq(next.min(give_up_at)),
                webhook_deliveries::finished_at.eq((!is_pending).then_some(now)),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        log_write(tx, work, outcome, now).await?;
        let disabled = endpoint_settle(tx, work, outcome, endpoint, now).await?;
        Ok(WebhookRecorded { state, disabled })
    }
}

async fn log_write(
    tx: &mut Tx,
    work: &WebhookWork,
    outcome: &WebhookOutcome,
    now: Timestamp,
) -> Result<()> {
    let millis = outcome.duration.num_milliseconds().max(0);
    let error: Option<String> = outcome
        .error
        .as_ref()
        .map(|error| error.chars().take(ERROR_LIMIT).collect());
    diesel::insert_into(webhook_attempts::table)
        .values((
            webhook_attempts::tenant_id.eq(work.tenant_id.0),
            webhook_attempts::delivery_id.eq(work.id.0),
            webhook_attempts::number.eq(work.attempt),
            webhook_attempts::at.eq(now),
            webhook_attempts::duration_ms.eq(i32::try_from(millis).unwrap_or(i32::MAX)),
            webhook_attempts::response_status.eq(outcome.status.map(i32::from)),
            webhook_attempts::error.eq(error),
        ))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    diesel::delete(webhook_attempts::table)
        .filter(webhook_attempts::delivery_id.eq(work.id.0))
        .filter(webhook_attempts::number.le(work.attempt - ATTEMPTS_KEPT))
        .execute(&mut **tx)
        .await
        .map(drop)
        .map_err(internal)
}

/// Since when it is failing, and since when it is disabled.
type Standing = (Option<Timestamp>, Option<Timestamp>);

async fn endpoint_lock(tx: &mut Tx, work: &WebhookWork) -> Result<Standing> {
    webhook_endpoints::table
        .find(work.endpoint_id.0)
        .select((
            webhook_endpoints::failing_since,
            webhook_endpoints::disabled_at,
        ))
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)?
        .ok_or_else(claim_lost)
}

async fn endpoint_settle(
    tx: &mut Tx,
    work: &WebhookWork,
    outcome: &WebhookOutcome,
    (was_failing, was_disabled): Standing,
    now: Timestamp,
) -> Result<Option<WebhookDisabledReason>> {
    let failing = outcome.error.as_ref().map(|_| was_failing.unwrap_or(now));
    if failing != was_failing {
        diesel::update(webhook_endpoints::table.find(work.endpoint_id.0))
            .set(webhook_endpoints::failing_since.eq(failing))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
    }
    let long = TimeDelta::hours(TRIED_FOR_HOURS);
    let reason = if outcome.gone {
        WebhookDisabledReason::Gone
    } else if failing.is_some_and(|since| now - since >= long) {
        WebhookDisabledReason::Failing
    } else {
        return Ok(None);
    };
    if was_disabled.is_some() {
        return Ok(None);
    }
    diesel::update(webhook_endpoints::table.find(work.endpoint_id.0))
        .set((
            webhook_endpoints::disabled_at.eq(now),
            webhook_endpoints::disabled_reason.eq(reason.as_str()),
            webhook_endpoints::updated_at.eq(now),
        ))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(Some(reason))
}

fn claim_lost() -> Error {
    Error::new(
        ErrorCode::ClaimLost,
        "A later attempt at this delivery was begun.",
    )
}
