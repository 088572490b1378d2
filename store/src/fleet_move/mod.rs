//! Moves that a rebalance carries out: asked for by the provider. What a worker does with them is in `fleet`.

mod apply;

use std::collections::HashMap;

use berth_model::{
    Error, FleetMove, FleetMoveState, MoveSkip, OperationId, Result, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    error::internal,
    reads::uuids,
    schema::{fleet_moves, operations},
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = fleet_moves)]
pub(crate) struct FleetMoveRow {
    plan_operation_id: Uuid,
    wave: i32,
    virtual_machine_id: Uuid,
    from_machine_id: Uuid,
    to_machine_id: Uuid,
    operation_id: Option<Uuid>,
    skipped: Option<String>,
    hindrance: Option<serde_json::Value>,
}

/// How the operation of a move is.
#[derive(Queryable, Selectable)]
#[diesel(table_name = operations)]
pub(crate) struct MoveOperationRow {
    state: String,
    error_code: Option<String>,
}

impl Store {
    /// The moves of these rebalances, by wave.
    pub async fn fleet_move_by_operation_ids(
        &self,
        cx: &Cx,
        ids: &[OperationId],
    ) -> Result<HashMap<OperationId, Vec<FleetMove>>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let mut tx = self.begin(cx).await?;
        let moves = moves_read(&mut tx, ids).await;
        let mut of_each: HashMap<_, Vec<_>> = HashMap::new();
        for one in tx.end(moves).await? {
            of_each.entry(one.plan_operation_id).or_default().push(one);
        }
        Ok(of_each)
    }
}

pub(crate) async fn moves_read(tx: &mut Tx, plans: &[OperationId]) -> Result<Vec<FleetMove>> {
    let rows: Vec<(FleetMoveRow, Option<MoveOperationRow>)> = fleet_moves::table
        .left_join(operations::table.on(operations::id.nullable().eq(fleet_moves::operation_id)))
        .filter(fleet_moves::plan_operation_id.eq_any(uuids(plans)))
        .order((fleet_moves::wave, fleet_moves::virtual_machine_id))
        .select((
            FleetMoveRow::as_select(),
            Option::<MoveOperationRow>::as_select(),
        ))
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    rows.into_iter()
        .map(|(row, operation)| row.noun(operation))
        .collect()
}

/// Those of a cancelled plan that have not begun.
pub(crate) async fn moves_leave_out(tx: &mut Tx, plan: OperationId) -> Result<()> {
    diesel::update(fleet_moves::table)
        .filter(fleet_moves::plan_operation_id.eq(plan.0))
        .filter(fleet_moves::operation_id.is_null())
        .filter(fleet_moves::skipped.is_null())
        .set(fleet_moves::skipped.eq(MoveSkip::Cancelled.as_str()))
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(internal)
}

impl FleetMoveRow {
    /// With its operation.
    pub(crate) fn noun(self, operation: Option<MoveOperationRow>) -> Result<FleetMove> {
        let (state, code) = match operation {
            Some(of) => (Some(of.state.parse()?), of.error_code),
            None => (None, None),
        };
        let code = code.map(|code| code.parse()).transpose()?;
        let left_out = self.skipped.map(|why| why.parse()).transpose()?;
        let skipped = left_out.or_else(|| state.and_then(|state| MoveSkip::of(state, code)));
        let state = FleetMoveState::of(skipped, state);
        // What was refused once and came to its end after all failed for nothing.
        let hindrance = self.hindrance.filter(|_| state == FleetMoveState::Failed);
        let hindrance = hindrance.map(serde_json::from_value).transpose();
        Ok(FleetMove {
            plan_operation_id: self.plan_operation_id.into(),
            wave: self.wave,
            virtual_machine_id: self.virtual_machine_id.into(),
            from_machine_id: self.from_machine_id.into(),
            to_machine_id: self.to_machine_id.into(),
            state,
            operation_id: self.operation_id.map(Into::into),
            skipped,
            hindrance: hindrance.map_err(Error::internal)?,
        })
    }
}
