//! What time brings: retention that is over, tokens and keys that expired.

use berth_model::{DesiredState, Operation, OperationKind, Result};
use chrono::TimeDelta;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::vm_lock;
use crate::{
    Cx, Store,
    error::internal,
    identity::expired_remove,
    queue::{NewOperation, Subject},
    schema::{access_tokens, deployments, idempotency_keys},
    tx::Tx,
};

/// How much was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// Access tokens.
    pub tokens: usize,
    /// Idempotency keys.
    pub keys: usize,
    /// Sessions, and what belongs to signing in.
    pub sessions: usize,
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    virtual_machine_id: Uuid,
}

/// Those whose time is over, and those whose purge was given up a while ago.
const DUE: &str = "
    SELECT d.id, d.tenant_id, d.virtual_machine_id FROM deployments d
    WHERE ((d.desired_state = 'DELETED' AND d.retain_until <= $1)
           OR (d.desired_state = 'PURGED' AND d.state <> 'PURGED'))
      AND NOT EXISTS (SELECT FROM operations o
          WHERE o.tenant_id = d.tenant_id AND o.deployment_id = d.id
            AND (o.state IN ('PENDING', 'RUNNING')
                 OR (o.kind = 'DEPLOYMENT_PURGE' AND o.finished_at > $2)))
    ORDER BY d.retain_until, d.id LIMIT $3";

impl Store {
    /// Asks for the purge of deleted deployments whose retention time is over, `limit` at most,
    /// oldest first; again, not sooner than `floor` after the last try, for those whose purge
    /// failed.
    pub async fn purges_enqueue(&self, limit: i64, floor: TimeDelta) -> Result<Vec<Operation>> {
        let now = self.clock.now();
        let mut tx = self.begin_worker("reconciler").await?;
        let due: Result<Vec<DueRow>> = sql_query(DUE)
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now - floor)
            .bind::<BigInt, _>(limit)
            .load(&mut *tx)
            .await
            .map_err(internal);
        let due = tx.end(due).await?;
        let mut operations = Vec::new();
        for row in due {
            let mut tx = self.begin_worker("reconciler").await?;
            let enqueued = self.purge_write(&mut tx, &row, floor).await;
            operations.extend(tx.end(enqueued).await?);
        }
        Ok(operations)
    }

    /// Looks once more under the virtual machine's lock: it may have been restored meanwhile.
    async fn purge_write(
        &self,
        tx: &mut Tx,
        row: &DueRow,
        floor: TimeDelta,
    ) -> Result<Option<Operation>> {
        let now = self.clock.now();
        vm_lock(tx, row.virtual_machine_id.into()).await?;
        let still: Vec<DueRow> = sql_query(format!("SELECT * FROM ({DUE}) due WHERE id = $4"))
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now - floor)
            .bind::<BigInt, _>(i64::MAX)
            .bind::<SqlUuid, _>(row.id)
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        if still.is_empty() {
            return Ok(None);
        }
        diesel::update(deployments::table.find(row.id))
            .set((
                deployments::desired_state.eq(DesiredState::Purged.as_str()),
                deployments::updated_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let operation = NewOperation {
            tenant_id: row.tenant_id.into(),
            kind: OperationKind::DeploymentPurge,
            subject: Subject::Deployment(row.id.into()),
            lock_key: row.virtual_machine_id,
        };
        self.operation_enqueue(tx, &Cx::worker("reconciler"), operation)
            .await
            .map(Some)
    }

    /// Removes what expired: access tokens, idempotency keys, sessions.
    pub async fn expired_remove(&self) -> Result<Purged> {
        let now = self.clock.now();
        let mut tx = self.begin_worker("reconciler").await?;
        let tokens = diesel::delete(access_tokens::table)
            .filter(access_tokens::expires_at.le(now))
            .execute(&mut *tx)
            .await
            .map_err(internal)?;
        let keys = diesel::delete(idempotency_keys::table)
            .filter(idempotency_keys::expires_at.le(now))
            .execute(&mut *tx)
            .await
            .map_err(internal)?;
        let sessions = expired_remove(&mut tx, now).await?;
        tx.commit().await?;
        Ok(Purged {
            tokens,
            keys,
            sessions,
        })
    }
}
