//! What a worker does for a rebalance: one wave after another.

use berth_model::{
    DeploymentId, Error, FleetMove, FleetMoveState, Hindrance, MoveSkip, OperationKind, Result,
    TenantId,
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Bool, Nullable, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::vm_lock;
use crate::{
    Claim, Cx, Store,
    error::internal,
    fleet_move::{FleetMoveRow, MoveOperationRow, moves_leave_out, moves_read},
    queue::{NewOperation, Subject},
    schema::{fleet_moves, operations},
    tx::Tx,
};

/// How far a rebalance is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MovesProgress {
    /// Moves in all.
    pub moves: usize,
    /// Those that have ended, however.
    pub ended: usize,
    /// Those that are going on.
    pub running: usize,
    /// Those that arrived.
    pub done: usize,
    /// Those that were given up.
    pub failed: usize,
}

#[derive(QueryableByName)]
struct VmNow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    machine_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    deployment_id: Option<Uuid>,
    #[diesel(sql_type = Bool)]
    is_in_transit: bool,
}

/// Of the deployments in it the one that wants most speaks for it.
const VM_NOW: &str = "
    SELECT vm.machine_id,
        (SELECT d.id FROM deployments d
         WHERE d.tenant_id = vm.tenant_id AND d.virtual_machine_id = vm.id
           AND d.state NOT IN ('ORDERED', 'REFUSED', 'PURGED')
         ORDER BY array_position(ARRAY['RUNNING', 'STOPPED', 'DELETED', 'PURGED'], d.desired_state), d.id
         LIMIT 1) AS deployment_id,
        EXISTS (SELECT FROM transits t
            WHERE t.tenant_id = vm.tenant_id AND t.virtual_machine_id = vm.id) AS is_in_transit
    FROM virtual_machines vm WHERE vm.id = $1";

impl Store {
    /// Begins moves of the next wave of the claimed rebalance if all earlier ones have ended, so that
    /// `at_once` are going on. Those are left out that are no longer as the plan saw them.
    pub async fn fleet_moves_begin(&self, claim: &Claim, at_once: usize) -> Result<MovesProgress> {
        let planned = self.fleet_moves_read(claim).await?;
        let wave = planned
            .iter()
            .filter(|one| !one.state.is_final())
            .map(|one| one.wave)
            .min();
        let waiting = planned
            .iter()
            .filter(|one| Some(one.wave) == wave && one.state == FleetMoveState::Planned);
        let count =
            |moves: &[FleetMove], state| moves.iter().filter(|one| one.state == state).count();
        let mut running = count(&planned, FleetMoveState::Running);
        for one in waiting {
            if running >= at_once {
                break;
            }
            let mut tx = self.begin_worker(&claim.worker).await?;
            let begun = self.fleet_move_begin(&mut tx, claim, one).await;
            running += usize::from(tx.end(begun).await?);
        }
        let moves = self.fleet_moves_read(claim).await?;
        Ok(MovesProgress {
            moves: moves.len(),
            ended: moves.iter().filter(|one| one.state.is_final()).count(),
            running: count(&moves, FleetMoveState::Running),
            done: count(&moves, FleetMoveState::Done),
            failed: count(&moves, FleetMoveState::Failed),
        })
    }

    /// Leaves out what has not begun of the claimed rebalance.
    pub async fn fleet_moves_cancel(&self, claim: &Claim) -> Result<()> {
        let mut tx = self.begin_claimed(claim).await?;
        let skipped = moves_leave_out(&mut tx, claim.operation_id).await;
        tx.end(skipped).await
    }

    /// The move that the claimed operation carries out.
    pub async fn fleet_move_of(&self, claim: &Claim) -> Result<FleetMove> {
        let mut tx = self.begin_claimed(claim).await?;
        let row: Result<(FleetMoveRow, MoveOperationRow)> = fleet_moves::table
            .inner_join(
                operations::table.on(operations::id.nullable().eq(fleet_moves::operation_id)),
            )
            .filter(fleet_moves::operation_id.eq(claim.operation_id.0))
            .select((FleetMoveRow::as_select(), MoveOperationRow::as_select()))
            .first(&mut *tx)
            .await
            .map_err(internal);
        let (row, operation) = tx.end(row).await?;
        row.noun(Some(operation))
    }

    /// Keeps the rule that the claimed operation's move was refused for.
    pub async fn fleet_move_refused(&self, claim: &Claim, hindrance: &Hindrance) -> Result<()> {
        let json = serde_json::to_value(hindrance).map_err(Error::internal)?;
        let mut tx = self.begin_claimed(claim).await?;
        let kept = diesel::update(fleet_moves::table)
            .filter(fleet_moves::operation_id.eq(claim.operation_id.0))
            .set(fleet_moves::hindrance.eq(json))
            .execute(&mut *tx)
            .await
            .map(|_| ())
            .map_err(internal);
        tx.end(kept).await
    }

    async fn fleet_moves_read(&self, claim: &Claim) -> Result<Vec<FleetMove>> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let moves = moves_read(&mut tx, &[claim.operation_id]).await;
        tx.end(moves).await
    }

    /// Whether it was begun.
    async fn fleet_move_begin(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        planned: &FleetMove,
    ) -> Result<bool> {
        // Before the operation, as everywhere: nothing else of it begins meanwhile.
        let tenant = vm_lock(tx, planned.virtual_machine_id).await?;
        self.claim_hold(tx, claim).await?;
        let now: VmNow = sql_query(VM_NOW)
            .bind::<SqlUuid, _>(planned.virtual_machine_id.0)
            .get_result(&mut **tx)
            .await
            .map_err(internal)?;
        match fit(&now, planned) {
            Err(why) => skip(tx, planned, why).await.map(|()| false),
            Ok(deployment) => self
                .fleet_move_enqueue(tx, claim, planned, (tenant, deployment))
                .await
                .map(|()| true),
        }
    }

    async fn fleet_move_enqueue(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        planned: &FleetMove,
        (tenant_id, deployment): (TenantId, DeploymentId),
    ) -> Result<()> {
        let new = NewOperation {
            tenant_id,
            kind: OperationKind::DeploymentMove,
            subject: Subject::Deployment(deployment),
            lock_key: planned.virtual_machine_id.0,
        };
        let cx = Cx::worker(&claim.worker);
        let operation = self.operation_enqueue(tx, &cx, new).await?;
        diesel::update(fleet_moves::table.find(key(planned)))
            .filter(fleet_moves::operation_id.is_null())
            .set(fleet_moves::operation_id.eq(operation.id.0))
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(internal)
    }
}

const fn key(of: &FleetMove) -> (Uuid, i32, Uuid) {
    (of.plan_operation_id.0, of.wave, of.virtual_machine_id.0)
}

/// The deployment that the move is an operation of, or why it is not begun.
fn fit(now: &VmNow, planned: &FleetMove) -> Result<DeploymentId, MoveSkip> {
    if now.machine_id != Some(planned.from_machine_id.0) {
        return Err(MoveSkip::Elsewhere);
    }
    if now.is_in_transit {
        return Err(MoveSkip::Unfinished);
    }
    // What has a place and no deployment in it is being ordered, or its last one purged.
    now.deployment_id.map(Into::into).ok_or(MoveSkip::Elsewhere)
}

async fn skip(tx: &mut Tx, planned: &FleetMove, why: MoveSkip) -> Result<()> {
    diesel::update(fleet_moves::table.find(key(planned)))
        .filter(fleet_moves::operation_id.is_null())
        .set(fleet_moves::skipped.eq(why.as_str()))
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(internal)
}
