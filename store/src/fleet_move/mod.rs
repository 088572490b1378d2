//! Moves that a rebalance carries out: asked for by the provider. What a worker does with them is in `fleet`.

mod apply;

use std::collections::HashMap;

use berth_model::{FleetMove, FleetMoveState, OperationId, Result, policy, policy::Action};
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
    let rows: Vec<(FleetMoveRow, Option<String>)> = fleet_moves::table
        .left_join(operations::table.on(operations::id.nullable().eq(fleet_moves::operation_id)))
        .filter(fleet_moves::plan_operation_id.eq_any(uuids(plans)))
        .order((fleet_moves::wave, fleet_moves::virtual_machine_id))
        .select((FleetMoveRow::as_select(), operations::state.nullable()))
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    rows.into_iter()
        .map(|(row, operation)| row.noun(operation))
        .collect()
}

impl FleetMoveRow {
    /// With the state of its operation.
    pub(crate) fn noun(self, operation: Option<String>) -> Result<FleetMove> {
        let skipped = self.skipped.map(|why| why.parse()).transpose()?;
        let operation = operation.map(|state| state.parse()).transpose()?;
        Ok(FleetMove {
            plan_operation_id: self.plan_operation_id.into(),
            wave: self.wave,
            virtual_machine_id: self.virtual_machine_id.into(),
            from_machine_id: self.from_machine_id.into(),
            to_machine_id: self.to_machine_id.into(),
            state: FleetMoveState::of(skipped, operation),
            operation_id: self.operation_id.map(Into::into),
            skipped,
        })
    }
}
