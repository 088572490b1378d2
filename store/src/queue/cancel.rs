//! Cancelling an operation.

use berth_model::{
    Error, ErrorCode, Operation, OperationEventKind, OperationId, OperationKind, OperationState,
    Result, TenantId, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{end::Outcome, event::News, operation::OperationRow};
use crate::{
    Cx, Store,
    error::{internal, not_found},
    fleet_move::moves_leave_out,
    idempotency::Begun,
    schema::operations,
    tx::Tx,
};

const MUTATION: &str = "operationCancel";

/// The mutation's variables, and what it made.
#[derive(Serialize, Deserialize)]
struct Cancelled {
    id: OperationId,
}

impl Store {
    /// Cancels an operation. A creation is undone by the worker that has it, or by the next one, and
    /// of a rebalance what has not begun is left out; a rebalance, repair, restart or rebuild that
    /// has not begun ends at once; anything else is `WRONG_STATE`.
    pub async fn operation_cancel(&self, cx: &Cx, id: OperationId) -> Result<Operation> {
        policy::check(&cx.actor, Action::OperationCancel)?;
        let mut tx = self.begin(cx).await?;
        let cancelled = self.cancel_in(&mut tx, cx, id).await;
        tx.end(cancelled).await
    }

    async fn cancel_in(&self, tx: &mut Tx, cx: &Cx, id: OperationId) -> Result<Operation> {
        let tenant_id: Uuid = operations::table
            .find(id.0)
            .select(operations::tenant_id)
            .first(&mut **tx)
            .await
            .map_err(not_found("operation"))?;
        let tenant_id = TenantId(tenant_id);
        let made = Cancelled { id };
        let begun: Begun<Cancelled> = self
            .idempotency_begin(tx, cx, tenant_id, MUTATION, &made)
            .await?;
        let operation = locked(tx, id).await?;
        if operation.kind == OperationKind::FleetRebalance {
            policy::check(&cx.actor, Action::FleetWrite)?;
        }
        if let Begun::Replay(_) = begun {
            return Ok(operation);
        }
        match cancel_way(&operation)? {
            Way::Ask => self.cancel_ask(tx, &operation).await?,
            Way::End => {
                if operation.kind.can_be_stopped() {
                    moves_leave_out(tx, id).await?;
                }
                self.operation_end_waiting(tx, id, &Outcome::Stopped)
                    .await?;
            }
            Way::Asked => {}
        }
        self.mutation_end(tx, cx, tenant_id, MUTATION, &made, id)
            .await?;
        locked(tx, id).await
    }

    async fn cancel_ask(&self, tx: &mut Tx, operation: &Operation) -> Result<()> {
        let (id, now) = (operation.id, self.clock.now());
        let message = match operation.kind.can_be_undone() {
            true => "A cancel was asked for: what can be undone is undone.",
            false => "A cancel was asked for: nothing more begins.",
        };
        self.tell(
            tx,
            id,
            News::new(OperationEventKind::CancelRequested, message),
        )
        .await?;
        diesel::update(operations::table.find(id.0))
            .set((
                operations::cancel_requested_at.eq(now),
                // It doesn't wait for its next try.
                operations::run_after.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.wake_queue(tx, Some(id)).await
    }
}

async fn locked(tx: &mut Tx, id: OperationId) -> Result<Operation> {
    operations::table
        .find(id.0)
        .select(OperationRow::as_select())
        .for_update()
        .first(&mut **tx)
        .await
        .map_err(not_found("operation"))?
        .try_into()
}

/// How an operation is cancelled.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// The worker is asked to undo it, or to begin no more of it.
    Ask,
    /// The worker is asked already.
    Asked,
    /// Nothing has begun, so nothing is undone.
    End,
}

fn cancel_way(operation: &Operation) -> Result<Way> {
    use OperationKind as Kind;
    let refuse = |message: &'static str| Err(Error::new(ErrorCode::WrongState, message));
    if operation.state.is_final() {
        return refuse("The operation has ended; there is nothing left to cancel.");
    }
    if operation.superseded_at.is_some() {
        return refuse("A later operation takes its place; follow that one.");
    }
    let has_begun = operation.state != OperationState::Pending || operation.started_at.is_some();
    if operation.kind.can_be_stopped() && !has_begun {
        return Ok(Way::End);
    }
    if operation.kind.can_be_undone() || operation.kind.can_be_stopped() {
        let is_asked = operation.cancel_requested_at.is_some();
        return Ok(if is_asked { Way::Asked } else { Way::Ask });
    }
    match operation.kind {
        Kind::DeploymentRepair | Kind::DeploymentRestart | Kind::DeploymentRebuild => {
            match has_begun {
                false => Ok(Way::End),
                true => refuse("It has begun and can't be undone. Wait until it ends."),
            }
        }
        _ => refuse(
            "Only the creation of a deployment, a rebalance, or a repair, restart or rebuild that has \
             not begun, can be cancelled. To change course, ask for the opposite.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use berth_model::{TenantId, Timestamp};
    use uuid::Uuid;

    use super::*;

    fn operation(kind: OperationKind, state: OperationState) -> Operation {
        let begun = state != OperationState::Pending;
        Operation {
            id: OperationId(Uuid::nil()),
            tenant_id: TenantId(Uuid::nil()),
            kind,
            state,
            deployment_id: None,
            machine_id: None,
            site_id: None,
            attempts: i32::from(begun),
            claim_number: i64::from(begun),
            run_after: Timestamp::UNIX_EPOCH,
            cancel_requested_at: None,
            superseded_at: None,
            last_event: 1,
            error_code: None,
            error_message: None,
            request_id: None,
            created_at: Timestamp::UNIX_EPOCH,
            started_at: begun.then_some(Timestamp::UNIX_EPOCH),
            finished_at: state.is_final().then_some(Timestamp::UNIX_EPOCH),
        }
    }

    #[test]
    fn each_kind_in_each_state_is_cancelled_as_written_down() {
        let mut table = String::new();
        for kind in OperationKind::ALL {
            for state in OperationState::ALL {
                let way = match cancel_way(&operation(*kind, *state)) {
                    Ok(way) => format!("{way:?}"),
                    Err(error) => error.code().to_string(),
                };
                table += &format!("{:20} {:10} {way}\n", kind.as_str(), state.as_str());
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_second_cancel_changes_nothing_and_a_superseded_one_is_refused() {
        let mut asked = operation(OperationKind::DeploymentCreate, OperationState::Running);
        asked.cancel_requested_at = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(cancel_way(&asked).unwrap(), Way::Asked);
        asked.superseded_at = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(
            cancel_way(&asked).unwrap_err().code(),
            ErrorCode::WrongState
        );
    }
}
