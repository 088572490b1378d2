//! Asking for a rebalance.

use std::collections::{HashMap, HashSet};

use berth_model::{
    Error, FleetMoveAsked, FleetRebalanceApply, Operation, OperationId, OperationKind, Result,
    TenantId, message, policy, policy::Action,
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
    let is_empty = input.waves.iter().any(Vec::is_empty);
    if moves > MOVES_MOST || (moves == 0 && !is_empty) {
        return Err(Error::invalid(
            "waves",
            message!(
                "Give waves of one move or more, with 1 to {most} moves in all.",
                most = MOVES_MOST
            ),
        ));
    }
    for (number, wave) in input.waves.iter().enumerate() {
        if wave.is_empty() {
            return Err(Error::invalid(
                &format!("waves.{number}.moves"),
                "Give one move or more.",
            ));
        }
        let mut moved = HashSet::new();
        for (of_wave, asked) in wave.iter().enumerate() {
            let refuse = |field: &str, message: &'static str| {
                Err(Error::invalid(&path(number, of_wave, field), message))
            };
            if !moved.insert(asked.virtual_machine_id) {
                let message = "A virtual machine is moved once in a wave.";
                return refuse("virtualMachineId", message);
            }
            if asked.from_machine_id == asked.to_machine_id {
                let message = "A move goes to another machine than the one that it comes from.";
                return refuse("toMachineId", message);
            }
        }
    }
    Ok(())
}

/// The way to an argument of a move.
fn path(wave: usize, of_wave: usize, field: &str) -> String {
    format!("waves.{wave}.moves.{of_wave}.{field}")
}

/// Each with its way.
fn each(input: &FleetRebalanceApply) -> impl Iterator<Item = (usize, usize, &FleetMoveAsked)> {
    let waves = input.waves.iter().enumerate();
    waves.flat_map(|(wave, moves)| {
        let moves = moves.iter().enumerate();
        moves.map(move |(of_wave, asked)| (wave, of_wave, asked))
    })
}

async fn machines_check(tx: &mut Tx, input: &FleetRebalanceApply) -> Result<()> {
    let machines = |asked: &FleetMoveAsked| {
        [
            ("fromMachineId", asked.from_machine_id.0),
            ("toMachineId", asked.to_machine_id.0),
        ]
    };
    let named = each(input).flat_map(|(.., asked)| machines(asked).map(|(_, id)| id));
    let found: Vec<(Uuid, Uuid)> = machines::table
        .inner_join(racks::table.on(racks::id.eq(machines::rack_id)))
        .filter(machines::id.eq_any(named.collect::<HashSet<_>>()))
        .select((machines::id, racks::site_id))
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let sites: HashMap<Uuid, Uuid> = found.into_iter().collect();
    for (wave, of_wave, asked) in each(input) {
        for (field, id) in machines(asked) {
            let field = path(wave, of_wave, field);
            match sites.get(&id) {
                None => return Err(Error::not_found("machine").at(&field)),
                Some(site) if *site != input.site_id.0 => {
                    return Err(Error::invalid(&field, "Give machines of the site."));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

async fn vms_check(tx: &mut Tx, input: &FleetRebalanceApply) -> Result<()> {
    let named: HashSet<Uuid> = each(input)
        .map(|(.., asked)| asked.virtual_machine_id.0)
        .collect();
    let found: Vec<Uuid> = virtual_machines::table
        .filter(virtual_machines::id.eq_any(&named))
        .filter(virtual_machines::site_id.eq(input.site_id.0))
        .select(virtual_machines::id)
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let found: HashSet<Uuid> = found.into_iter().collect();
    let missing = each(input).find(|(.., asked)| !found.contains(&asked.virtual_machine_id.0));
    match missing {
        None => Ok(()),
        Some((wave, of_wave, _)) => {
            let field = path(wave, of_wave, "virtualMachineId");
            Err(Error::not_found("virtual machine").at(&field))
        }
    }
}
