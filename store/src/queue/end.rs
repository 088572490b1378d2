//! How a claim ends: the operation is finished, tried again later, or given back.

use berth_model::{
    Error, ErrorCode, OperationEventKind, OperationId, OperationState, Result, StepState, Timestamp,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::event::News;
use crate::{
    Claim, Store,
    error::internal,
    schema::{fleet_moves, operations},
    tx::Tx,
};

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What it was for is true.
    Succeeded,
    /// It was given up.
    Failed {
        /// Why.
        code: ErrorCode,
        /// Why, for people.
        message: String,
    },
    /// It was cancelled, and its undoing was given up.
    NotUndone {
        /// Why.
        code: ErrorCode,
        /// Why, for people.
        message: String,
    },
    /// It was cancelled, and what it had made is undone.
    Cancelled,
    /// It was cancelled. What it had done stays, and nothing more is done.
    Stopped,
    /// A later operation made it needless.
    Superseded,
}

impl Outcome {
    /// The state that the operation is in afterwards.
    #[must_use]
    pub const fn state(&self) -> OperationState {
        match self {
            Self::Succeeded => OperationState::Succeeded,
            Self::Failed { .. } | Self::NotUndone { .. } => OperationState::Failed,
            Self::Cancelled | Self::Stopped | Self::Superseded => OperationState::Cancelled,
        }
    }

    const fn event(&self) -> OperationEventKind {
        match self {
            Self::Succeeded => OperationEventKind::Succeeded,
            Self::Failed { .. } | Self::NotUndone { .. } => OperationEventKind::Failed,
            Self::Cancelled | Self::Stopped | Self::Superseded => OperationEventKind::Cancelled,
        }
    }

    const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Succeeded => None,
            Self::Failed { code, .. } | Self::NotUndone { code, .. } => Some(*code),
            Self::Cancelled | Self::Stopped => Some(ErrorCode::Cancelled),
            Self::Superseded => Some(ErrorCode::Superseded),
        }
    }

    /// Whether it says nothing of a cancel, so that none may have been accepted.
    const fn ignores_cancels(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed { .. })
    }

    pub(super) fn message(&self) -> &str {
        match self {
            Self::Succeeded => "Done.",
            Self::Failed { message, .. } | Self::NotUndone { message, .. } => message,
            Self::Cancelled => "Cancelled. What could be undone is undone.",
            Self::Stopped => "Cancelled. What had not begun is left out.",
            Self::Superseded => "A later operation took its place.",
        }
    }
}

impl Store {
    /// Ends the operation. Steps that were not reached become `SKIPPED`. A success or a failure is
    /// refused with `CANCELLED` when a cancel was asked for in the meantime: a cancel that was
    /// accepted is honoured.
    pub async fn operation_finish(&self, claim: &Claim, outcome: &Outcome) -> Result<()> {
        let mut tx = self.begin_work(claim).await?;
        let finished = async {
            let news = News::new(outcome.event(), outcome.message());
            let told = self.tell_claimed(&mut tx, claim, news).await?;
            if outcome.ignores_cancels() && told.signals().cancel_requested {
                return Err(Error::new(
                    ErrorCode::Cancelled,
                    "A cancel was asked for just before.",
                ));
            }
            diesel::update(operations::table.find(claim.operation_id.0))
                .set((
                    operations::claimed_by.eq(None::<String>),
                    operations::lease_until.eq(None::<Timestamp>),
                    ended(outcome, self.clock.now()),
                ))
                .execute(&mut *tx)
                .await
                .map_err(internal)?;
            self.steps_settle(&mut tx, claim.operation_id, StepState::Skipped)
                .await?;
            self.rebalance_wake(&mut tx, claim.operation_id).await?;
            self.wake_queue(&mut tx, None).await
        }
        .await;
        tx.end(finished).await
    }

    /// A rebalance that waits for this operation looks again at once, or as soon as it is set aside.
    async fn rebalance_wake(&self, tx: &mut Tx, ended: OperationId) -> Result<()> {
        let plans = fleet_moves::table
            .filter(fleet_moves::operation_id.eq(ended.0))
            .select(fleet_moves::plan_operation_id);
        diesel::update(operations::table)
            .filter(operations::id.eq_any(plans))
            .filter(operations::finished_at.is_null())
            .set(operations::run_after.eq(self.clock.now()))
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(internal)
    }

    /// Lets go of the operation until `run_after`; of the error only code and public message are
    /// told.
    pub async fn operation_retry(
        &self,
        claim: &Claim,
        run_after: Timestamp,
        error: &Error,
    ) -> Result<()> {
        let wait = (run_after - self.clock.now()).num_milliseconds().max(0);
        let seconds = (wait + 999) / 1000;
        let again = format!("It is tried again in {seconds} s.");
        // Our own mistakes tell people to try again; here we do it for them.
        let message = match error.code() {
            ErrorCode::Internal => again,
            _ => format!("{} {again}", error.message()),
        };
        let mut tx = self.begin_work(claim).await?;
        let released = async {
            let news = News::new(OperationEventKind::Retry, &message);
            self.tell_claimed(&mut tx, claim, news).await?;
            self.release(&mut tx, claim, run_after, 0).await
        }
        .await;
        tx.end(released).await
    }

    /// Gives the operation back, so that another worker goes on at once. Doesn't count as a try.
    pub async fn operation_hand_back(&self, claim: &Claim) -> Result<()> {
        let mut tx = self.begin_work(claim).await?;
        let message = "The worker stops; another goes on.";
        let released = async {
            let news = News::new(OperationEventKind::HandedBack, message);
            self.tell_claimed(&mut tx, claim, news).await?;
            self.release(&mut tx, claim, self.clock.now(), 1).await
        }
        .await;
        tx.end(released).await
    }

    /// Lets go of the operation until `run_after`, since it only waits for others; at once if one of
    /// them ended since it was claimed, with `was` as its time. Doesn't count as a try.
    pub async fn operation_set_aside(
        &self,
        claim: &Claim,
        was: Timestamp,
        run_after: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin_work(claim).await?;
        let released = async {
            self.claim_hold(&mut tx, claim).await?;
            let now: Timestamp = operations::table
                .find(claim.operation_id.0)
                .select(operations::run_after)
                .first(&mut *tx)
                .await
                .map_err(internal)?;
            let run_after = if now == was { run_after } else { now };
            self.release(&mut tx, claim, run_after, 1).await
        }
        .await;
        tx.end(released).await
    }

    /// Back to `PENDING`, with some tries forgiven.
    async fn release(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        run_after: Timestamp,
        forgiven: i32,
    ) -> Result<()> {
        diesel::update(operations::table.find(claim.operation_id.0))
            .set((
                operations::state.eq(OperationState::Pending.as_str()),
                operations::claimed_by.eq(None::<String>),
                operations::lease_until.eq(None::<Timestamp>),
                operations::run_after.eq(run_after),
                operations::attempts.eq(operations::attempts - forgiven),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.wake_queue(tx, None).await
    }
}

/// The columns that say that and how an operation ended; those that a tenant may write, too.
#[derive(AsChangeset)]
#[diesel(table_name = operations)]
#[diesel(treat_none_as_null = true)]
pub(super) struct Ended {
    state: &'static str,
    finished_at: Timestamp,
    error_code: Option<&'static str>,
    error_message: Option<String>,
}

pub(super) fn ended(outcome: &Outcome, now: Timestamp) -> Ended {
    let code = outcome.code();
    Ended {
        state: outcome.state().as_str(),
        finished_at: now,
        error_code: code.map(ErrorCode::as_str),
        error_message: code.map(|_| outcome.message().to_owned()),
    }
}
