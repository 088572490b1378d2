//! What the reconciler compares with what it finds, and what it asks for then.

use std::collections::HashSet;

use berth_model::{
    DeploymentId, Machine, MachineId, MachineState, Operation, OperationKind, Result, StoragePool,
    Timestamp, VirtualMachineId,
};
use chrono::TimeDelta;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::vm_lock;
use crate::{
    Cx, Store,
    error::internal,
    machine::MachineRow,
    queue::{NewOperation, Subject},
    reads::uuids,
    schema::{machines, storage_pools, transits, virtual_machines},
    storage_pool::StoragePoolRow,
    tx::Tx,
};

/// A machine to look at.
#[derive(Clone, Debug)]
pub struct MachineToCheck {
    /// It.
    pub machine: Machine,
    /// Its storage pool.
    pub pool: StoragePool,
}

/// What a guest should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestWanted {
    /// There and on.
    On,
    /// There and off.
    Off,
    /// Not there: its deployments are deleted.
    Absent,
}

/// A guest that a machine should have or not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestExpected {
    /// Its virtual machine.
    pub virtual_machine_id: VirtualMachineId,
    /// The deployment that a repair is asked for.
    pub deployment_id: DeploymentId,
    /// What it should be.
    pub wanted: GuestWanted,
}

#[derive(QueryableByName)]
struct ExpectedRow {
    #[diesel(sql_type = SqlUuid)]
    vm: Uuid,
    #[diesel(sql_type = SqlUuid)]
    deployment: Uuid,
    #[diesel(sql_type = Text)]
    wanted: String,
}

impl From<ExpectedRow> for GuestExpected {
    fn from(row: ExpectedRow) -> Self {
        Self {
            virtual_machine_id: row.vm.into(),
            deployment_id: row.deployment.into(),
            wanted: match row.wanted.as_str() {
                "RUNNING" => GuestWanted::On,
                "STOPPED" => GuestWanted::Off,
                _ => GuestWanted::Absent,
            },
        }
    }
}

/// Of the deployments of a virtual machine the one that wants most speaks for it. What is ordered
/// or refused has nothing there yet; what is purged wants nothing.
const EXPECTED: &str = "
    SELECT DISTINCT ON (vm.id) vm.id AS vm, d.id AS deployment, d.desired_state AS wanted
    FROM virtual_machines vm
    JOIN deployments d ON d.tenant_id = vm.tenant_id AND d.virtual_machine_id = vm.id
    WHERE vm.machine_id = $1
      AND d.desired_state IN ('RUNNING', 'STOPPED', 'DELETED')
      AND d.state NOT IN ('ORDERED', 'REFUSED')
      AND NOT EXISTS (SELECT FROM operations o
                      WHERE o.lock_key = vm.id AND o.state IN ('PENDING', 'RUNNING'))
    ORDER BY vm.id, array_position(ARRAY['RUNNING', 'STOPPED', 'DELETED'], d.desired_state), d.id";

/// Virtual machines that were being moved and that no operation works on: of something of them it is
/// not known where it is, or a machine didn't answer when it was to be removed.
const IN_TRANSIT: &str = "
    SELECT DISTINCT ON (t.virtual_machine_id)
        t.virtual_machine_id AS vm, d.id AS deployment, d.desired_state AS wanted
    FROM transits t
    JOIN deployments d ON d.tenant_id = t.tenant_id AND d.virtual_machine_id = t.virtual_machine_id
    WHERE NOT EXISTS (SELECT FROM operations o
                      WHERE o.lock_key = t.virtual_machine_id AND o.state IN ('PENDING', 'RUNNING'))
      AND d.state NOT IN ('ORDERED', 'REFUSED')
    ORDER BY t.virtual_machine_id,
        array_position(ARRAY['RUNNING', 'STOPPED', 'DELETED', 'PURGED'], d.desired_state), d.id";

#[derive(QueryableByName)]
struct RecentRow {
    #[diesel(sql_type = Bool)]
    is_stale: bool,
    #[diesel(sql_type = BigInt)]
    repairs: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last: Option<Timestamp>,
}

const RECENT: &str = "
    SELECT coalesce(bool_or(o.state IN ('PENDING', 'RUNNING')
                            OR o.created_at > $2 OR o.finished_at > $2),
                    false) AS is_stale,
           count(*) FILTER (WHERE o.kind = 'DEPLOYMENT_REPAIR' AND o.created_at > $3) AS repairs,
           max(o.finished_at) FILTER (WHERE o.kind = 'DEPLOYMENT_REPAIR') AS last
    FROM deployments d
    JOIN operations o ON o.tenant_id = d.tenant_id AND o.deployment_id = d.id
    WHERE d.virtual_machine_id = $1";

impl Store {
    /// Every machine but those that are given up or not yet enrolled, in the order of their ids.
    pub async fn machines_to_check(&self) -> Result<Vec<MachineToCheck>> {
        let not = [
            MachineState::Enrolling.as_str(),
            MachineState::Failed.as_str(),
        ];
        let mut tx = self.begin_worker("reconciler").await?;
        let rows: Result<Vec<(MachineRow, StoragePoolRow)>> = machines::table
            .inner_join(storage_pools::table.on(storage_pools::machine_id.eq(machines::id)))
            .filter(machines::state.ne_all(not))
            .order((machines::id, storage_pools::id))
            .distinct_on(machines::id)
            .select((MachineRow::as_select(), StoragePoolRow::as_select()))
            .load(&mut *tx)
            .await
            .map_err(internal);
        let rows = tx.end(rows).await?;
        rows.into_iter()
            .map(|(machine, pool)| {
                Ok(MachineToCheck {
                    machine: machine.try_into()?,
                    pool: pool.into(),
                })
            })
            .collect()
    }

    /// The guests that should be on a machine or gone from it, without those that an operation is
    /// at work on or waits for. With the time of the answer, for [`Store::repair_enqueue`].
    pub async fn guests_expected(
        &self,
        machine: MachineId,
    ) -> Result<(Timestamp, Vec<GuestExpected>)> {
        let seen_at = self.clock.now();
        let mut tx = self.begin_worker("reconciler").await?;
        let rows: Result<Vec<ExpectedRow>> = sql_query(EXPECTED)
            .bind::<SqlUuid, _>(machine.0)
            .load(&mut *tx)
            .await
            .map_err(internal);
        let rows = tx.end(rows).await?;
        Ok((seen_at, rows.into_iter().map(Into::into).collect()))
    }

    /// Virtual machines whose move was left unfinished, for [`Store::repair_enqueue`]: every operation
    /// finishes that first.
    pub async fn moves_unfinished(&self) -> Result<(Timestamp, Vec<GuestExpected>)> {
        let seen_at = self.clock.now();
        let mut tx = self.begin_worker("reconciler").await?;
        let rows: Result<Vec<ExpectedRow>> =
            sql_query(IN_TRANSIT).load(&mut *tx).await.map_err(internal);
        let rows = tx.end(rows).await?;
        Ok((seen_at, rows.into_iter().map(Into::into).collect()))
    }

    /// Which of these virtual machines Berth has on this machine, whatever their state, or on the
    /// way to it or from it.
    pub async fn guests_known(
        &self,
        machine: MachineId,
        ids: &[VirtualMachineId],
    ) -> Result<HashSet<VirtualMachineId>> {
        let mut tx = self.begin_worker("reconciler").await?;
        let rows: Result<Vec<Uuid>> = virtual_machines::table
            .left_join(transits::table.on(transits::virtual_machine_id.eq(virtual_machines::id)))
            .filter(
                virtual_machines::machine_id
                    .eq(machine.0)
                    .or(transits::machine_id.eq(machine.0)),
            )
            .filter(virtual_machines::id.eq_any(uuids(ids)))
            .select(virtual_machines::id)
            .load(&mut *tx)
            .await
            .map_err(internal);
        Ok(tx.end(rows).await?.into_iter().map(Into::into).collect())
    }

    /// Asks for a repair, unless an operation of the virtual machine is unfinished, or was enqueued
    /// or ended after `seen_at`, or the last repair is younger than `floor`, which doubles with
    /// every repair of the last hour, up to 64 times.
    pub async fn repair_enqueue(
        &self,
        expected: &GuestExpected,
        seen_at: Timestamp,
        floor: TimeDelta,
    ) -> Result<Option<Operation>> {
        let mut tx = self.begin_worker("reconciler").await?;
        let enqueued = self.repair_write(&mut tx, expected, seen_at, floor).await;
        tx.end(enqueued).await
    }

    async fn repair_write(
        &self,
        tx: &mut Tx,
        expected: &GuestExpected,
        seen_at: Timestamp,
        floor: TimeDelta,
    ) -> Result<Option<Operation>> {
        let vm = expected.virtual_machine_id.0;
        let tenant_id = vm_lock(tx, expected.virtual_machine_id).await?;
        let now = self.clock.now();
        let recent: RecentRow = sql_query(RECENT)
            .bind::<SqlUuid, _>(vm)
            .bind::<Timestamptz, _>(seen_at)
            .bind::<Timestamptz, _>(now - TimeDelta::hours(1))
            .get_result(&mut **tx)
            .await
            .map_err(internal)?;
        if recent.is_stale
            || recent
                .last
                .is_some_and(|last| now < last + backoff(floor, &recent))
        {
            return Ok(None);
        }
        let operation = NewOperation {
            tenant_id,
            kind: OperationKind::DeploymentRepair,
            subject: Subject::Deployment(expected.deployment_id),
            lock_key: vm,
        };
        self.operation_enqueue(tx, &Cx::worker("reconciler"), operation)
            .await
            .map(Some)
    }
}

fn backoff(floor: TimeDelta, recent: &RecentRow) -> TimeDelta {
    let doublings = u32::try_from(recent.repairs.saturating_sub(1))
        .unwrap_or(0)
        .min(6);
    floor * (1 << doublings)
}
