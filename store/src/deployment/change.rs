//! Changing a deployment: each function writes what is desired and an operation that makes it so.

use berth_model::{
    Deployment, DeploymentId, Error, Operation, OperationId, PlanId, Result, Timestamp,
    VirtualMachineId, bytes_text, message, policy,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    DeploymentRow,
    fit::plan_fits,
    rules::{Change, Desired, RETENTION_DAYS, RETENTION_DAYS_MOST, desired_after},
};
use crate::{
    Cx, Store,
    application_version::ApplicationVersionRow,
    check,
    error::{internal, not_found},
    idempotency::Begun,
    offer::plan_sold,
    plan::PlanRow,
    queue::{NewOperation, OperationRow, Subject},
    schema::{deployments, virtual_machines},
    tx::Tx,
};

impl Store {
    /// It stands still and keeps its place. For one that is desired to run.
    pub async fn deployment_stop(
        &self,
        cx: &Cx,
        id: DeploymentId,
    ) -> Result<(Deployment, Operation)> {
        self.deployment_change(cx, id, Change::Stop).await
    }

    /// It runs again. For a stopped one.
    pub async fn deployment_start(
        &self,
        cx: &Cx,
        id: DeploymentId,
    ) -> Result<(Deployment, Operation)> {
        self.deployment_change(cx, id, Change::Start).await
    }

    /// Its virtual machine goes off and on. For one that is desired to run.
    pub async fn deployment_restart(
        &self,
        cx: &Cx,
        id: DeploymentId,
    ) -> Result<(Deployment, Operation)> {
        self.deployment_change(cx, id, Change::Restart).await
    }

    /// It gets the size of another plan: of the same hosting, and with no smaller data volume.
    pub async fn deployment_resize(
        &self,
        cx: &Cx,
        id: DeploymentId,
        plan_id: PlanId,
    ) -> Result<(Deployment, Operation)> {
        self.deployment_change(cx, id, Change::Resize(plan_id))
            .await
    }

    /// It is gone, and can be restored for `retention_days` (0 to 365; 30 without one). Operations
    /// of it that wait are superseded.
    pub async fn deployment_delete(
        &self,
        cx: &Cx,
        id: DeploymentId,
        retention_days: Option<i32>,
    ) -> Result<(Deployment, Operation)> {
        let days = retention_days.unwrap_or(RETENTION_DAYS);
        check::range("retentionDays", days, 0, RETENTION_DAYS_MOST, " days")?;
        self.deployment_change(cx, id, Change::Delete(days)).await
    }

    /// A deleted one is back with its data, until the retention time ends.
    pub async fn deployment_restore(
        &self,
        cx: &Cx,
        id: DeploymentId,
    ) -> Result<(Deployment, Operation)> {
        self.deployment_change(cx, id, Change::Restore).await
    }

    /// Tries again to make it what is desired: after a refusal, or when it is degraded.
    pub async fn deployment_repair(
        &self,
        cx: &Cx,
        id: DeploymentId,
    ) -> Result<(Deployment, Operation)> {
        self.deployment_change(cx, id, Change::Repair).await
    }

    /// It gets a new system disk and keeps its data. For one that is desired to run.
    pub async fn deployment_rebuild(
        &self,
        cx: &Cx,
        id: DeploymentId,
    ) -> Result<(Deployment, Operation)> {
        self.deployment_change(cx, id, Change::Rebuild).await
    }

    async fn deployment_change(
        &self,
        cx: &Cx,
        id: DeploymentId,
        change: Change,
    ) -> Result<(Deployment, Operation)> {
        policy::check(&cx.actor, change.action())?;
        let mut tx = self.begin(cx).await?;
        let made = self.deployment_change_in(&mut tx, cx, id, change).await;
        tx.end(made).await
    }

    async fn deployment_change_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: DeploymentId,
        change: Change,
    ) -> Result<(Deployment, Operation)> {
        let named = |error: Error| error.at("deploymentId");
        let seen = DeploymentRow::read(tx, id).await.map_err(named)?;
        let (tenant_id, vm) = (seen.tenant_id, seen.virtual_machine_id);
        let variables = (id, change);
        let begun = self
            .idempotency_begin(tx, cx, tenant_id, change.mutation(), &variables)
            .await?;
        if let Begun::Replay(operation_id) = begun {
            let operation_id: OperationId = operation_id;
            return Ok((seen, OperationRow::read(tx, operation_id).await?));
        }
        // Under the lock of the virtual machine nothing else changes what it should be.
        vm_lock(tx, vm).await?;
        let deployment = DeploymentRow::read(tx, id).await.map_err(named)?;
        let desired = desired_after(&deployment, change, self.clock.now())?;
        let plan_id = plan_after(tx, &deployment, change).await?;
        self.desired_write(tx, id, desired, plan_id).await?;
        self.vm_wish_write(tx, vm, change).await?;
        if matches!(change, Change::Delete(_)) {
            self.operation_supersede(tx, id).await?;
        }
        let new = NewOperation {
            tenant_id,
            kind: change.kind(),
            subject: Subject::Deployment(id),
            lock_key: vm.0,
        };
        let operation = self.operation_enqueue(tx, cx, new).await?;
        self.mutation_end(tx, cx, tenant_id, change.mutation(), &operation.id, id)
            .await?;
        Ok((DeploymentRow::read(tx, id).await?, operation))
    }

    async fn desired_write(
        &self,
        tx: &mut Tx,
        id: DeploymentId,
        desired: Desired,
        plan_id: PlanId,
    ) -> Result<()> {
        diesel::update(deployments::table.find(id.0))
            .set((
                deployments::desired_state.eq(desired.state.as_str()),
                deployments::retain_until.eq(desired.retain_until),
                deployments::plan_id.eq(plan_id.0),
                deployments::updated_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }

    /// What a change asks of the whole virtual machine.
    async fn vm_wish_write(&self, tx: &mut Tx, vm: VirtualMachineId, change: Change) -> Result<()> {
        let place = virtual_machines::table.find(vm.0);
        let now: Timestamp = self.clock.now();
        let written = match change {
            Change::Restart => {
                diesel::update(place)
                    .set(virtual_machines::restart_requested_at.eq(now))
                    .execute(&mut **tx)
                    .await
            }
            Change::Rebuild => {
                let next = virtual_machines::system_revision + 1;
                diesel::update(place)
                    .set(virtual_machines::system_revision.eq(next))
                    .execute(&mut **tx)
                    .await
            }
            _ => return Ok(()),
        };
        written.map(|_| ()).map_err(internal)
    }
}

async fn vm_lock(tx: &mut Tx, vm: VirtualMachineId) -> Result<()> {
    virtual_machines::table
        .find(vm.0)
        .select(virtual_machines::id)
        .for_no_key_update()
        .first::<uuid::Uuid>(&mut **tx)
        .await
        .map(|_| ())
        .map_err(not_found("virtual machine"))
}

/// The plan after the change. A data volume never shrinks: that would lose what is on its end.
async fn plan_after(tx: &mut Tx, deployment: &Deployment, change: Change) -> Result<PlanId> {
    let Change::Resize(plan_id) = change else {
        return Ok(deployment.plan_id);
    };
    let plan = PlanRow::read(tx, plan_id)
        .await
        .map_err(|error| error.at("planId"))?;
    // The application runs already: who has it may go on with it, in another size too.
    if plan_id != deployment.plan_id {
        plan_sold(tx, plan_id).await?;
    }
    let before = PlanRow::read(tx, deployment.plan_id).await?;
    let version = ApplicationVersionRow::read(tx, deployment.application_version_id).await?;
    if plan.hosting != before.hosting {
        return Err(Error::invalid(
            "planId",
            message!(
                "Choose a plan with the same hosting ({hosting}).",
                hosting = before.hosting
            ),
        ));
    }
    if plan.data_bytes < before.data_bytes {
        return Err(Error::invalid(
            "planId",
            message!(
                "A data volume can't shrink. Choose a plan with {size} of disk or more.",
                size = bytes_text(before.data_bytes)
            ),
        ));
    }
    plan_fits(&plan, &version)?;
    Ok(plan_id)
}
