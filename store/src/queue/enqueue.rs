//! How work gets into the queue: in the transaction of the intent that it carries out.

use berth_model::{
    DeploymentId, MachineId, Operation, OperationEventKind, OperationId, OperationKind,
    OperationState, Result, SiteId, StepState, TenantId,
};
use diesel::{
    prelude::*,
    sql_types::{Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    end::{Outcome, ended},
    event::News,
    operation::OperationRow,
};
use crate::{Cx, Store, error::internal, schema::operations, tx::Tx};

diesel::define_sql_function! {
    /// The place of a tenant's next operation; see the schema.
    fn operation_fair_at(tenant: SqlUuid) -> BigInt;
}

/// An operation to be.
#[derive(Clone, Debug)]
pub(crate) struct NewOperation {
    /// Whose.
    pub tenant_id: TenantId,
    /// What it makes true.
    pub kind: OperationKind,
    /// What it works on.
    pub subject: Subject,
    /// The virtual machine, machine or site: one operation of a key runs at a time, in order.
    pub lock_key: Uuid,
}

/// What an operation works on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    Deployment(DeploymentId),
    Machine(MachineId),
    Site(SiteId),
}

impl Subject {
    /// As columns: deployment, machine, site.
    const fn ids(self) -> [Option<Uuid>; 3] {
        match self {
            Self::Deployment(id) => [Some(id.0), None, None],
            Self::Machine(id) => [None, Some(id.0), None],
            Self::Site(id) => [None, None, Some(id.0)],
        }
    }
}

impl Store {
    /// Puts an operation into the queue and wakes the workers when the transaction commits.
    pub(crate) async fn operation_enqueue(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        new: NewOperation,
    ) -> Result<Operation> {
        let now = self.clock.now();
        let id: OperationId = self.ids.next();
        let [deployment, machine, site] = new.subject.ids();
        let row: OperationRow = diesel::insert_into(operations::table)
            .values((
                operations::id.eq(id.0),
                operations::tenant_id.eq(new.tenant_id.0),
                operations::kind.eq(new.kind.as_str()),
                operations::state.eq(OperationState::Pending.as_str()),
                operations::deployment_id.eq(deployment),
                operations::machine_id.eq(machine),
                operations::site_id.eq(site),
                operations::lock_key.eq(new.lock_key),
                operations::fair_at.eq(operation_fair_at(new.tenant_id.0)),
                operations::run_after.eq(now),
                operations::request_id.eq(cx.request_id.as_deref()),
                operations::created_at.eq(now),
            ))
            .returning(OperationRow::as_returning())
            .get_result(&mut **tx)
            .await
            .map_err(internal)?;
        let mut operation = Operation::try_from(row)?;
        let news = News::new(OperationEventKind::Enqueued, "Accepted.");
        operation.last_event = self.tell(tx, id, news).await?.last_event;
        self.wake_queue(tx, None).await?;
        Ok(operation)
    }

    /// A later operation of the deployment makes the unfinished ones needless: those that wait end
    /// now, one that runs ends at its next step. Call it before enqueuing the later one.
    pub(crate) async fn operation_supersede(
        &self,
        tx: &mut Tx,
        deployment_id: DeploymentId,
    ) -> Result<()> {
        let unfinished: Vec<(Uuid, String)> = operations::table
            .filter(operations::deployment_id.eq(deployment_id.0))
            .filter(operations::state.eq_any(["PENDING", "RUNNING"]))
            .filter(operations::superseded_at.is_null())
            .order(operations::id.asc())
            .select((operations::id, operations::state))
            .for_update()
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        for (id, state) in unfinished {
            let id = OperationId(id);
            let news = News::new(
                OperationEventKind::Superseded,
                "A later operation makes it needless.",
            );
            self.tell(tx, id, news).await?;
            diesel::update(operations::table.find(id.0))
                .set(operations::superseded_at.eq(self.clock.now()))
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
            if state == OperationState::Pending.as_str() {
                self.operation_end_waiting(tx, id, &Outcome::Superseded)
                    .await?;
            } else {
                self.wake_queue(tx, Some(id)).await?;
            }
        }
        Ok(())
    }

    /// Ends an operation that no worker has. Its row is locked by the caller.
    pub(super) async fn operation_end_waiting(
        &self,
        tx: &mut Tx,
        id: OperationId,
        outcome: &Outcome,
    ) -> Result<()> {
        let news = News::new(OperationEventKind::Cancelled, outcome.message());
        self.tell(tx, id, news).await?;
        diesel::update(operations::table.find(id.0))
            .set(ended(outcome, self.clock.now()))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.steps_settle(tx, id, StepState::Skipped).await?;
        self.wake_queue(tx, None).await
    }

    /// Wakes the workers when the transaction commits; the one that has `signalled` looks what was
    /// asked of it.
    pub(super) async fn wake_queue(
        &self,
        tx: &mut Tx,
        signalled: Option<OperationId>,
    ) -> Result<()> {
        let payload = signalled.map_or_else(String::new, |id| id.0.to_string());
        diesel::sql_query("SELECT pg_notify('berth_queue', $1)")
            .bind::<Text, _>(payload)
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }
}
