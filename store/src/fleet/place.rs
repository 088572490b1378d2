//! The claim of what holds nothing yet, in one statement.
//!
//! Each counter is updated only where it stays within its limit, and what was updated feeds the insert
//! of the reservation. Where a counter wasn't, there is a NULL in the reservation's row; the table
//! refuses it, all that the statement did is undone, and the column tells what is short. Summing
//! reservations in the statement would oversell under READ COMMITTED.
//!
//! All parts look at one snapshot. A row that was changed since and whose lock was awaited is looked
//! at again as it is now, so no limit is passed, and what has a place since is left alone: a virtual
//! machine is on a machine exactly while it has a reservation.

use std::iter;

use berth_model::{ReservationId, Result, Scope};
use diesel::{
    QueryResult,
    result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError},
    sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    limits::{disk_fits, memory_fits, vcpus_fit},
    reservation::{ClaimOutcome, ReservationRequest},
};
use crate::{Claim, Store, error::internal, queue, sql::Sql, tx::Tx};

/// Locks in the order virtual machine, operation, free addresses (without waiting), machine, pool. Of
/// several machines it takes the first on which nobody else is claiming at that moment, in the order of
/// the array; if there is none it waits for the best. A decision may be a moment old: what has no place
/// yet gets none on a machine that was found out of reach since.
const PLACE: &str = concat!(
    "
    WITH vm AS (
        SELECT v.tenant_id FROM virtual_machines v
        WHERE v.id = $1 AND v.machine_id IS NULL FOR UPDATE
    ), operation AS (
        SELECT vm.tenant_id FROM vm, operations o
        WHERE o.id = $2 AND o.claim_number = $3 AND o.state = 'RUNNING'
        FOR NO KEY UPDATE OF o
    ), wanted AS (
        SELECT f.family
        FROM operation, networks n, LATERAL (VALUES (4, n.ipv4_cidr), (6, n.ipv6_cidr)) f (family, cidr)
        WHERE n.id = $10 AND f.cidr IS NOT NULL
          AND NOT EXISTS (SELECT FROM addresses a
                          WHERE a.virtual_machine_id = $1 AND a.family = f.family)
    ), free AS (
        SELECT a.id FROM wanted, LATERAL (
            SELECT id FROM addresses
            WHERE network_id = $10 AND family = wanted.family AND virtual_machine_id IS NULL
              AND (free_after IS NULL OR free_after <= $11)
            ORDER BY free_after NULLS FIRST, id LIMIT 1 FOR UPDATE SKIP LOCKED) a
    ), taken AS (
        UPDATE addresses a
        SET tenant_id = operation.tenant_id, virtual_machine_id = $1, free_after = NULL
        FROM free, operation WHERE a.id = free.id
    ), untouched AS (
        SELECT m.id, a.pool_id
        FROM operation, unnest($5, $6) a (machine_id, pool_id), LATERAL (
            SELECT id FROM machines
            WHERE id = a.machine_id AND state = 'ACTIVE' AND unreachable_since IS NULL AND ",
    memory_fits!("$7"),
    " AND ",
    vcpus_fit!("$8"),
    "
            FOR NO KEY UPDATE SKIP LOCKED) m
        WHERE cardinality($5) > 1 LIMIT 1
    ), place AS (
        SELECT coalesce((SELECT id FROM untouched), ($5)[1]) AS machine_id,
               coalesce((SELECT pool_id FROM untouched), ($6)[1]) AS pool_id
        FROM operation
    ), machine AS (
        UPDATE machines m
        SET memory_used_bytes = memory_used_bytes + $7, vcpus_used = vcpus_used + $8,
            version = version + 1
        FROM place
        WHERE m.id = place.machine_id AND m.state = 'ACTIVE' AND m.unreachable_since IS NULL AND ",
    memory_fits!("$7"),
    " AND ",
    vcpus_fit!("$8"),
    "
        RETURNING m.id
    ), pool AS (
        UPDATE storage_pools p SET used_bytes = used_bytes + $9
        FROM machine, place WHERE p.id = place.pool_id AND p.machine_id = machine.id AND ",
    disk_fits!("$9"),
    "
        RETURNING p.id, p.machine_id
    ), placed AS (
        UPDATE virtual_machines v
        SET machine_id = pool.machine_id, storage_pool_id = pool.id, state = 'RESERVED'
        FROM pool WHERE v.id = $1
    ), explained AS (
        INSERT INTO placements (tenant_id, operation_id, explanation, decided_at)
        SELECT o.tenant_id, $2,
               CASE WHEN machine.id = ($5)[1] THEN $14
                    ELSE jsonb_set($14, '{chosen}', to_jsonb(machine.id)) END, $11
        FROM operation o, machine WHERE $14 IS NOT NULL
        ON CONFLICT (operation_id) DO UPDATE
        SET explanation = excluded.explanation, decided_at = excluded.decided_at
    )
    INSERT INTO reservations (tenant_id, virtual_machine_id, machine_id, storage_pool_id,
        id, memory_bytes, vcpus, disk_bytes, created_at, updated_at,
        restart_machine_id, second_restart_machine_id)
    SELECT (SELECT tenant_id FROM operation),
           (SELECT $1 WHERE (SELECT count(*) FROM free) = (SELECT count(*) FROM wanted)),
           (SELECT id FROM machine),
           (SELECT id FROM pool),
           $4, $7, $8, $9, $11, $11, $12, $13
    FROM vm"
);

impl Store {
    /// In a transaction of its own and one trip. None: nothing was changed, since it holds something
    /// already.
    pub(super) async fn place_alone(
        &self,
        claim: &Claim,
        request: &ReservationRequest,
    ) -> Result<Option<ClaimOutcome>> {
        let statement = self.place_statement(claim, request)?;
        outcome(self.alone(Scope::Worker, statement).await?)
    }

    /// In a transaction that is to be taken back if the claim is lost.
    pub(super) async fn place_within(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        request: &ReservationRequest,
    ) -> Result<Option<ClaimOutcome>> {
        let statement = self.place_statement(claim, request)?;
        outcome(statement.execute(&mut **tx).await)
    }

    fn place_statement<'a>(&self, claim: &Claim, request: &ReservationRequest) -> Result<Sql<'a>> {
        let [restart, second_restart] = match &request.relied {
            Some(relied) => relied.restarts.map(|machine| machine.map(|id| id.0)),
            None => [None, None],
        };
        let best = (request.machine_id, request.storage_pool_id);
        let places = iter::once(&best).chain(&request.alternatives);
        let (machines, pools): (Vec<Uuid>, Vec<Uuid>) =
            places.map(|(machine, pool)| (machine.0, pool.0)).unzip();
        Ok(Sql::new(PLACE)
            .bind::<SqlUuid, _>(request.virtual_machine_id.0)
            .bind::<SqlUuid, _>(claim.operation_id.0)
            .bind::<BigInt, _>(claim.claim_number)
            .bind::<SqlUuid, _>(self.ids.next::<ReservationId>().0)
            .bind::<Array<SqlUuid>, _>(machines)
            .bind::<Array<SqlUuid>, _>(pools)
            .bind::<BigInt, _>(request.memory_bytes)
            .bind::<Integer, _>(request.vcpus)
            .bind::<BigInt, _>(request.disk_bytes)
            .bind::<Nullable<SqlUuid>, _>(request.network_id.map(|network| network.0))
            .bind::<Timestamptz, _>(self.clock.now())
            .bind::<Nullable<SqlUuid>, _>(restart)
            .bind::<Nullable<SqlUuid>, _>(second_restart)
            .bind::<Nullable<Jsonb>, _>(request.explanation_json()?))
    }
}

fn outcome(done: QueryResult<usize>) -> Result<Option<ClaimOutcome>> {
    let cause = match done {
        Ok(0) => return Ok(None),
        Ok(_) => return Ok(Some(ClaimOutcome::Held)),
        Err(cause) => cause,
    };
    let DieselError::DatabaseError(kind, about) = &cause else {
        return Err(internal(cause));
    };
    match (kind, missing(&**about)) {
        (DatabaseErrorKind::NotNullViolation, Some("tenant_id")) => Err(queue::claim_lost()),
        (DatabaseErrorKind::NotNullViolation, Some("virtual_machine_id")) => {
            Ok(Some(ClaimOutcome::Lost("addresses")))
        }
        (DatabaseErrorKind::NotNullViolation, Some("machine_id")) => {
            Ok(Some(ClaimOutcome::Lost("memory or vCPUs")))
        }
        (DatabaseErrorKind::NotNullViolation, Some("storage_pool_id")) => {
            Ok(Some(ClaimOutcome::Lost("disk")))
        }
        _ => Err(internal(cause)),
    }
}

/// The column of the reservation that had no value.
fn missing(about: &(dyn DatabaseErrorInformation + Send + Sync)) -> Option<&str> {
    let of = about.table_name();
    about.column_name().filter(|_| of == Some("reservations"))
}
