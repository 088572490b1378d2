//! Steps of operations: their plan, their course, and how they are read.

use std::collections::HashMap;

use berth_model::{
    Error, OperationEventKind, OperationId, OperationStep, Result, StepState, Timestamp, policy,
    policy::Action,
};
use diesel::{prelude::*, upsert::excluded};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::event::{News, plain};
use crate::{
    Claim, Cx, Signals, Store, error::internal, reads::uuids, schema::operation_steps, tx::Tx,
};

impl Store {
    /// Writes down the steps that the operation has, each by name and title, in order. The first
    /// `skipped` of them won't run (any more): what isn't done of them becomes `SKIPPED`. Repeating
    /// it is harmless: steps that are done stay done until they run again.
    pub async fn operation_steps_plan(
        &self,
        claim: &Claim,
        steps: &[(&str, &str)],
        skipped: usize,
    ) -> Result<()> {
        let mut tx = self.begin_work(claim).await?;
        let planned = async {
            self.claim_hold(&mut tx, claim).await?;
            steps_write(&mut tx, claim, steps).await?;
            self.steps_settle(&mut tx, claim.operation_id, StepState::Pending)
                .await?;
            steps_skip(&mut tx, claim, skipped).await
        }
        .await;
        tx.end(planned).await
    }

    /// The step begins. Steps are named by their place in the plan, from 0.
    pub async fn operation_step_started(&self, claim: &Claim, ordinal: i32) -> Result<Signals> {
        let now = self.clock.now();
        let mut tx = self.begin_work(claim).await?;
        let written = async {
            let news = News::of_step(OperationEventKind::StepStarted, ordinal, 0, None);
            let told = self.tell_claimed(&mut tx, claim, news).await?;
            diesel::update(operation_steps::table.find(place(claim, ordinal)))
                .set((
                    operation_steps::state.eq(StepState::Running.as_str()),
                    operation_steps::attempts.eq(operation_steps::attempts + 1),
                    operation_steps::started_at
                        .eq(coalesce(operation_steps::started_at, now.into_sql::<At>())),
                    operation_steps::finished_at.eq(None::<Timestamp>),
                ))
                .execute(&mut *tx)
                .await
                .map_err(internal)?;
            Ok(told.signals())
        }
        .await;
        tx.end(written).await
    }

    /// The step goes on and is so far done, 0 to 100.
    pub async fn operation_step_progress(
        &self,
        claim: &Claim,
        ordinal: i32,
        percent: u8,
        message: &str,
    ) -> Result<Signals> {
        let kind = OperationEventKind::StepProgress;
        self.step_tell(claim, ordinal, (kind, percent), StepState::Running, message)
            .await
    }

    /// The step is done.
    pub async fn operation_step_done(
        &self,
        claim: &Claim,
        ordinal: i32,
        message: &str,
    ) -> Result<Signals> {
        let kind = OperationEventKind::StepDone;
        self.step_tell(claim, ordinal, (kind, 100), StepState::Done, message)
            .await
    }

    /// The step failed, for now or for good; only the error's public message is kept.
    pub async fn operation_step_failed(
        &self,
        claim: &Claim,
        ordinal: i32,
        error: &Error,
    ) -> Result<Signals> {
        let kind = OperationEventKind::StepFailed;
        self.step_tell(
            claim,
            ordinal,
            (kind, 0),
            StepState::Failed,
            error.message(),
        )
        .await
    }

    async fn step_tell(
        &self,
        claim: &Claim,
        ordinal: i32,
        (kind, percent): (OperationEventKind, u8),
        state: StepState,
        message: &str,
    ) -> Result<Signals> {
        let finished = (state != StepState::Running).then(|| self.clock.now());
        let mut tx = self.begin_work(claim).await?;
        let written = async {
            let news = News::of_step(kind, ordinal, percent, Some(message));
            let told = self.tell_claimed(&mut tx, claim, news).await?;
            diesel::update(operation_steps::table.find(place(claim, ordinal)))
                .set((
                    operation_steps::state.eq(state.as_str()),
                    operation_steps::message.eq(plain(message)),
                    operation_steps::finished_at.eq(finished),
                ))
                .execute(&mut *tx)
                .await
                .map_err(internal)?;
            Ok(told.signals())
        }
        .await;
        tx.end(written).await
    }

    /// Steps that are open when their claim or their operation ends get a state that says so: those
    /// that ran are `Pending` again in a new plan, those that were not reached are `Skipped` at the
    /// end.
    pub(super) async fn steps_settle(
        &self,
        tx: &mut Tx,
        id: OperationId,
        to: StepState,
    ) -> Result<()> {
        let open = match to {
            StepState::Pending => ["RUNNING", "FAILED"],
            _ => ["RUNNING", "PENDING"],
        };
        let steps = operation_steps::table
            .filter(operation_steps::operation_id.eq(id.0))
            .filter(operation_steps::state.eq_any(open));
        diesel::update(steps)
            .set(operation_steps::state.eq(to.as_str()))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }

    /// The steps of each of these operations that the caller can see, in order.
    pub async fn operation_steps(
        &self,
        cx: &Cx,
        ids: &[OperationId],
    ) -> Result<HashMap<OperationId, Vec<OperationStep>>> {
        policy::check(&cx.actor, Action::OperationRead)?;
        let rows = operation_steps::table
            .filter(operation_steps::operation_id.eq_any(uuids(ids)))
            .order((operation_steps::operation_id, operation_steps::ordinal))
            .select(StepRow::as_select());
        let rows: Vec<StepRow> = self.rows(cx, rows).await?;
        let mut steps: HashMap<OperationId, Vec<OperationStep>> = HashMap::new();
        for row in rows {
            steps
                .entry(OperationId(row.operation_id))
                .or_default()
                .push(row.try_into()?);
        }
        Ok(steps)
    }
}

type At = diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>;

diesel::define_sql_function! {
    /// The first that isn't null.
    fn coalesce(first: At, second: At) -> At;
}

fn place(claim: &Claim, ordinal: i32) -> (Uuid, i32) {
    (claim.operation_id.0, ordinal)
}

async fn steps_write(tx: &mut Tx, claim: &Claim, steps: &[(&str, &str)]) -> Result<()> {
    let rows: Vec<_> = (0_i32..)
        .zip(steps)
        .map(|(ordinal, (name, title))| {
            (
                operation_steps::tenant_id.eq(claim.tenant_id.0),
                operation_steps::operation_id.eq(claim.operation_id.0),
                operation_steps::ordinal.eq(ordinal),
                operation_steps::name.eq(*name),
                operation_steps::title.eq(*title),
                operation_steps::state.eq(StepState::Pending.as_str()),
            )
        })
        .collect();
    let planned = i32::try_from(rows.len()).map_err(Error::internal)?;
    // A new version of Berth may have other steps than the one that began the operation.
    let beyond = operation_steps::table
        .filter(operation_steps::operation_id.eq(claim.operation_id.0))
        .filter(operation_steps::ordinal.ge(planned));
    diesel::delete(beyond)
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    diesel::insert_into(operation_steps::table)
        .values(rows)
        .on_conflict((operation_steps::operation_id, operation_steps::ordinal))
        .do_update()
        .set((
            operation_steps::name.eq(excluded(operation_steps::name)),
            operation_steps::title.eq(excluded(operation_steps::title)),
        ))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(())
}

async fn steps_skip(tx: &mut Tx, claim: &Claim, skipped: usize) -> Result<()> {
    let skipped = i32::try_from(skipped).map_err(Error::internal)?;
    let undone = operation_steps::table
        .filter(operation_steps::operation_id.eq(claim.operation_id.0))
        .filter(operation_steps::ordinal.lt(skipped))
        .filter(operation_steps::state.ne(StepState::Done.as_str()));
    diesel::update(undone)
        .set(operation_steps::state.eq(StepState::Skipped.as_str()))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = operation_steps)]
struct StepRow {
    operation_id: Uuid,
    ordinal: i32,
    name: String,
    title: String,
    state: String,
    attempts: i32,
    message: Option<String>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

impl TryFrom<StepRow> for OperationStep {
    type Error = Error;

    fn try_from(row: StepRow) -> Result<Self> {
        Ok(Self {
            ordinal: row.ordinal,
            name: row.name,
            title: row.title,
            state: row.state.parse()?,
            attempts: row.attempts,
            message: row.message,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}
