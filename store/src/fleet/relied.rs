//! What a decision over several machines relied on: their versions. The claim locks them in the order
//! of their ids and takes nothing if one has changed.

use berth_model::{MachineId, RestartChange, Restarts, Result};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{error::internal, schema::reservations, sql::Sql, tx::Tx};

/// What a decision relied on beside the counters of one machine, and what it changes there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relied {
    /// Every machine, with the version that the decision saw.
    pub machines: Vec<(MachineId, i64)>,
    /// Where it would be restarted.
    pub restarts: Restarts,
    /// Where others would be restarted from now on.
    pub changes: Vec<RestartChange>,
}

/// As columns; what the decision didn't look at stays as it is.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = reservations)]
pub(super) struct RestartColumns {
    restart_machine_id: Option<Option<Uuid>>,
    second_restart_machine_id: Option<Option<Uuid>>,
}

impl RestartColumns {
    pub(super) fn of(relied: Option<&Relied>) -> Self {
        let restarts = relied.map(|relied| relied.restarts);
        let column =
            |failure: usize| restarts.map(|restarts| restarts[failure].map(|machine| machine.0));
        Self {
            restart_machine_id: column(0),
            second_restart_machine_id: column(1),
        }
    }
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// A row that was changed while its lock was awaited is looked at again, and left out.
const LOCK: &str = "
    SELECT m.id FROM machines m
    JOIN unnest($1, $2) AS relied (id, version) ON relied.id = m.id AND relied.version = m.version
    ORDER BY m.id FOR NO KEY UPDATE OF m";

const TOUCH: &str = "UPDATE machines SET version = version + 1 WHERE id = ANY($1) AND id <> $2";

/// Holds the machines until the end of the transaction, and writes where others would be restarted.
/// What has changed meanwhile, if something has. The version of the machine that is `claimed` grows
/// with its counters.
pub(super) async fn relied_hold(
    tx: &mut Tx,
    relied: &Relied,
    claimed: MachineId,
) -> Result<Option<&'static str>> {
    let (ids, versions): (Vec<Uuid>, Vec<i64>) = relied
        .machines
        .iter()
        .map(|(machine, version)| (machine.0, *version))
        .unzip();
    let locked: Vec<Locked> = Sql::new(LOCK)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<BigInt>, _>(versions)
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    if locked.len() != relied.machines.len() {
        return Ok(Some("a machine that the decision relied on"));
    }
    let locked: Vec<Uuid> = locked.into_iter().map(|machine| machine.id).collect();
    Sql::new(TOUCH)
        .bind::<Array<SqlUuid>, _>(locked)
        .bind::<SqlUuid, _>(claimed.0)
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    for change in &relied.changes {
        if !restart_write(tx, change).await? {
            return Ok(Some("a reservation that the decision relied on"));
        }
    }
    Ok(None)
}

async fn restart_write(tx: &mut Tx, change: &RestartChange) -> Result<bool> {
    let [before, second_before] = change.before.map(|machine| machine.map(|id| id.0));
    let [after, second_after] = change.after.map(|machine| machine.map(|id| id.0));
    let of = reservations::table.find(change.reservation_id.0);
    let changed = diesel::update(of)
        .filter(reservations::restart_machine_id.is_not_distinct_from(before))
        .filter(reservations::second_restart_machine_id.is_not_distinct_from(second_before))
        .filter(reservations::memory_bytes.gt(0))
        .set((
            reservations::restart_machine_id.eq(after),
            reservations::second_restart_machine_id.eq(second_after),
        ))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(changed == 1)
}
