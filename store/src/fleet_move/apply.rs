//! Asking for a rebalance.

use std::collections::HashSet;

use berth_model::{
    Error, FleetRebalanceApply, Operation, OperationId, OperationKind, Result, TenantId, message,
    policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    error::internal,
    idempotency::Begun,
    queue::{NewOperation, OperationRow, Subject},
    schema::{fleet_moves, machines, racks, virtual_machines},
    site::SiteRow,
    tx::Tx,
};

/// The most moves of one rebalance.
pub const MOVES_MOST: usize = 500;

impl Store {
    /// Asks for these moves. Each is checked once more when it is begun; what is no longer as the plan
    /// saw it is left out then. One rebalance of a site runs at a time.
    pub async fn fleet_rebalance_apply(
        &self,
        cx: &Cx,
        input: FleetRebalanceApply,
    ) -> Result<Operation> {
        policy::check(&cx.actor, Action::FleetWrite)?;
        moves_check(&input)?;
        let mut tx = self.begin(cx).await?;
        let made = self.rebalance_apply_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn rebalance_apply_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &FleetRebalanceApply,
    ) -> Result<Operation> {
        const NAME: &str = "fleetRebalanceApply";
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, input)
            .await?;
        if let Begun::Replay(id) = begun {
            let id: OperationId = id;
            return OperationRow::read(tx, id).await;
        }
        let site = SiteRow::read(tx, input.site_id).await;
        site.map_err(|error| error.at("siteId"))?;
        machines_check(tx, input).await?;
        vms_check(tx, input).await?;
        let new = NewOperation {
            tenant_id: TenantId::PLATFORM,
            kind: OperationKind::FleetRebalance,
            subject: Subject::Site(input.site_id),
            lock_key: input.site_id.0,
        };
        let operation = self.operation_enqueue(tx, cx, new).await?;
        moves_insert(tx, operation.id, input).await?;
        self.mutation_end(
            tx,
            cx,
            TenantId::PLATFORM,
            NAME,
            &operation.id,
            input.site_id,
        )
        .await?;
        Ok(operation)
    }
}

async fn moves_insert(tx: &mut Tx, plan: OperationId, input: &FleetRebalanceApply) -> Result<()> {
    let mut rows = Vec::new();
    for (wave, moves) in (0..).zip(&input.waves) {
        for asked in moves {
            rows.push((
                fleet_moves::plan_operation_id.eq(plan.0),
                fleet_moves::wave.eq(wave),
                fleet_moves::virtual_machine_id.eq(asked.virtual_machine_id.0),
                fleet_moves::from_machine_id.eq(asked.from_machine_id.0),
                fleet_moves::to_machine_id.eq(asked.to_machine_id.0),
            ));
        }
    }
    diesel::insert_into(fleet_moves::table)
        .values(rows)
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(internal)
}

fn moves_check(input: &FleetRebalanceApply) -> Result<()> {
    let moves = input.waves.iter().map(Vec::len).sum::<usize>();
    if !(1..=MOVES_MOST).contains(&moves) || input.waves.iter().any(Vec::is_empty) {
        return Err(Error::invalid(
            "waves",
            message!(
                "Give waves of one move or more, with 1 to {most} moves in all.",
                most = MOVES_MOST
            ),
        ));
    }
    for wave in &input.waves {
        let mut moved = HashSet::new();
        for asked in wave {
            if !moved.insert(asked.virtual_machine_id) {
                return Err(Error::invalid(
                    "waves",
                    "A virtual machine is moved once in a wave.",
                ));
            }
            if asked.from_machine_id == asked.to_machine_id {
                return Err(Error::invalid(
                    "waves",
                    "A move goes to another machine than the one that it comes from.",
                ));
            }
        }
    }
    Ok(())
}

async fn machines_check(tx: &mut Tx, input: &FleetRebalanceApply) -> Result<()> {
    let asked = input.waves.iter().flatten();
    let named: HashSet<Uuid> = asked
        .flat_map(|asked| [asked.from_machine_id.0, asked.to_machine_id.0])
        .collect();
    let found: Vec<(Uuid, Uuid)> = machines::table
        .inner_join(racks::table.on(racks::id.eq(machines::rack_id)))
        .filter(machines::id.eq_any(&named))
        .select((machines::id, racks::site_id))
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    if found.len() < named.len() {
        return Err(Error::not_found("machine").at("waves"));
    }
    if found.iter().any(|(_, site)| *site != input.site_id.0) {
        return Err(Error::invalid("waves", "Give machines of the site."));
    }
    Ok(())
}

async fn vms_check(tx: &mut Tx, input: &FleetRebalanceApply) -> Result<()> {
    let asked = input.waves.iter().flatten();
    let named: HashSet<Uuid> = asked.map(|asked| asked.virtual_machine_id.0).collect();
    let found: Vec<Uuid> = virtual_machines::table
        .filter(virtual_machines::id.eq_any(&named))
        .filter(virtual_machines::site_id.eq(input.site_id.0))
        .select(virtual_machines::id)
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    if found.len() < named.len() {
        return Err(Error::not_found("virtual machine").at("waves"));
    }
    Ok(())
}
