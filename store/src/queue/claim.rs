//! Claims: which worker has an operation, for how long, and whether that still holds.
//!
//! Claims are made one at a time in the whole cluster, under an advisory lock: it takes a few
//! milliseconds, and only so is the limit per tenant exact. Leases and waits are compared with the
//! workers' own clocks, which should agree within a second or two; when they don't, an operation
//! may be taken over early, and the claim number keeps the first worker from writing.

use berth_model::{
    Operation, OperationEventKind, OperationId, OperationKind, Result, Scope, TenantId, Timestamp,
};
use chrono::TimeDelta;
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
    sql_types::{Array, BigInt, Text, Timestamptz},
};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use super::{
    event::{News, claim_lost},
    operation::OperationRow,
};
use crate::{Cx, Store, error::internal, schema::operations, tx::Tx};

/// A number of ours for advisory locks: one claim at a time in a database.
const LOCK: i64 = 0x6265_7274_6803;

/// How often a claim is tried that loses a race for a lock key.
const TRIES: usize = 5;

/// A worker's right to carry out an operation and to write about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Of which operation.
    pub operation_id: OperationId,
    /// Whose operation it is.
    pub tenant_id: TenantId,
    /// The number of this claim; a later claim has a higher one and ends this one.
    pub claim_number: i64,
    /// The worker's name.
    pub worker: String,
}

/// What a worker asks the queue for.
#[derive(Clone, Debug)]
pub struct ClaimRequest<'a> {
    /// The worker's name, unique among the workers.
    pub worker: &'a str,
    /// How long the claim holds without a heartbeat.
    pub lease: TimeDelta,
    /// Only these kinds.
    pub kinds: &'a [OperationKind],
    /// How many operations of one tenant run at a time, over all workers.
    pub per_tenant_limit: i64,
}

/// What was asked of a running operation since it was claimed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// It shall stop, and what it made be undone.
    pub cancel_requested: bool,
    /// A later operation made it needless: it shall stop, and nothing be undone.
    pub superseded: bool,
}

/// A move takes long and is the provider's wish: it takes nothing of what its tenant may have running.
/// An operation whose worker died comes first; then what waits, in the order of the fair queue.
/// Each half has an index in its order. Operations of a lock key go in the order of their creation.
const CLAIM: &str = "\
WITH busy AS MATERIALIZED (
    SELECT tenant_id FROM operations
    WHERE state = 'RUNNING' AND lease_until > $1 AND kind <> 'DEPLOYMENT_MOVE'
    GROUP BY tenant_id HAVING count(*) >= $5
), lost AS (
    SELECT o.id FROM operations o
    WHERE o.state = 'RUNNING' AND o.lease_until <= $1 AND o.kind = ANY ($4)
        AND o.tenant_id NOT IN (SELECT tenant_id FROM busy)
    ORDER BY o.fair_at, o.id LIMIT 1
    FOR UPDATE SKIP LOCKED
), waiting AS (
    SELECT o.id FROM operations o
    WHERE o.state = 'PENDING' AND o.kind = ANY ($4)
        AND o.run_after <= $1
        AND o.tenant_id NOT IN (SELECT tenant_id FROM busy)
        AND NOT EXISTS (SELECT FROM lost)
        AND NOT EXISTS (
            SELECT FROM operations e
            WHERE e.lock_key = o.lock_key AND e.state IN ('PENDING', 'RUNNING')
                AND (e.state = 'RUNNING' OR (e.created_at, e.id) < (o.created_at, o.id))
        )
    ORDER BY o.fair_at, o.id LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE operations o
SET state = 'RUNNING', claimed_by = $3, lease_until = $2, attempts = attempts + 1,
    claim_number = claim_number + 1, started_at = coalesce(started_at, $1)
WHERE o.id IN (SELECT id FROM lost UNION ALL SELECT id FROM waiting)
RETURNING o.*";

impl Store {
    /// Claims the next operation, if there is one that may run now.
    pub async fn operation_claim(
        &self,
        request: &ClaimRequest<'_>,
    ) -> Result<Option<(Operation, Claim)>> {
        let cx = Cx::worker(request.worker);
        for _ in 0..TRIES {
            let mut tx = self.begin_scope(Scope::Worker, &cx).await?;
            let claimed = self.claim_try(&mut tx, request).await;
            match tx.end(claimed).await? {
                Tried::Claimed(operation) => {
                    let claim = Claim {
                        operation_id: operation.id,
                        tenant_id: operation.tenant_id,
                        claim_number: operation.claim_number,
                        worker: request.worker.to_owned(),
                    };
                    return Ok(Some((*operation, claim)));
                }
                Tried::Nothing => return Ok(None),
                Tried::LostRace => {}
            }
        }
        Ok(None)
    }

    async fn claim_try(&self, tx: &mut Tx, request: &ClaimRequest<'_>) -> Result<Tried> {
        let now = self.clock.now();
        let kinds: Vec<&str> = request.kinds.iter().map(|kind| kind.as_str()).collect();
        tx.batch_execute(&format!(
            "SELECT pg_advisory_xact_lock({LOCK}); SAVEPOINT claim"
        ))
        .await
        .map_err(internal)?;
        let row: QueryResult<Option<OperationRow>> = diesel::sql_query(CLAIM)
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now + request.lease)
            .bind::<Text, _>(request.worker)
            .bind::<Array<Text>, _>(kinds)
            .bind::<BigInt, _>(request.per_tenant_limit)
            .get_result(&mut **tx)
            .await
            .optional();
        let row = match row {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(Tried::Nothing),
            Err(cause) if is_running_already(&cause) => {
                tx.batch_execute("ROLLBACK TO SAVEPOINT claim")
                    .await
                    .map_err(internal)?;
                return Ok(Tried::LostRace);
            }
            Err(cause) => return Err(internal(cause)),
        };
        let mut operation = Operation::try_from(row)?;
        let news = News::new(OperationEventKind::Claimed, "A worker took it.");
        operation.last_event = self.tell(tx, operation.id, news).await?.last_event;
        Ok(Tried::Claimed(Box::new(operation)))
    }

    /// Lengthens the lease: it now ends `lease` from now. Tells what was asked of the operation.
    /// Fails with `CLAIM_LOST` when another worker has it.
    pub async fn operation_heartbeat(&self, claim: &Claim, lease: TimeDelta) -> Result<Signals> {
        let mut tx = self.begin_work(claim).await?;
        let asked = diesel::update(operations::table.find(claim.operation_id.0))
            .filter(operations::claim_number.eq(claim.claim_number))
            .filter(operations::state.eq("RUNNING"))
            .set(operations::lease_until.eq(self.clock.now() + lease))
            .returning((operations::cancel_requested_at, operations::superseded_at))
            .get_result(&mut *tx)
            .await
            .optional()
            .map_err(internal)
            .and_then(|row| row.ok_or_else(claim_lost));
        let (cancel, superseded): (Option<Timestamp>, Option<Timestamp>) = tx.end(asked).await?;
        Ok(Signals {
            cancel_requested: cancel.is_some(),
            superseded: superseded.is_some(),
        })
    }

    /// A worker's transaction. Whatever it writes for the claim begins with [`Store::claim_hold`]
    /// or an event.
    pub(super) async fn begin_work(&self, claim: &Claim) -> Result<Tx> {
        self.begin_scope(Scope::Worker, &Cx::worker(&claim.worker))
            .await
    }

    /// Locks the operation's row in this transaction and checks that the claim still holds; else
    /// `CLAIM_LOST`. Rows of virtual machines are locked before it, machines, pools and addresses
    /// after.
    pub(crate) async fn claim_hold(&self, tx: &mut Tx, claim: &Claim) -> Result<()> {
        operations::table
            .find(claim.operation_id.0)
            .filter(operations::claim_number.eq(claim.claim_number))
            .filter(operations::state.eq("RUNNING"))
            .select(operations::id)
            .for_no_key_update()
            .first::<Uuid>(&mut **tx)
            .await
            .optional()
            .map_err(internal)?
            .map(|_| ())
            .ok_or_else(claim_lost)
    }
}

/// How one try to claim went.
enum Tried {
    Claimed(Box<Operation>),
    Nothing,
    /// Another operation of the same lock key began between our look and our write.
    LostRace,
}

fn is_running_already(cause: &DieselError) -> bool {
    matches!(cause, DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info)
        if info.constraint_name() == Some("operations_running"))
}
