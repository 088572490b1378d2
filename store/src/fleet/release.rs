//! Giving capacity and addresses back.

use berth_model::{Reservation, Result, TenantId, VirtualMachineId, VirtualMachineState};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{address::addresses_free, reservation::pool_add};
use crate::{
    Claim, Store,
    error::internal,
    schema::{machines, reservations, virtual_machines},
    tx::Tx,
};

/// What stays after a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseMode {
    /// CPU and memory go; disk for the kept data volumes and the addresses stay.
    KeepData {
        /// What the kept volumes may grow to, in bytes.
        disk_bytes: i64,
    },
    /// All goes; the addresses are not given out again for a time.
    All {
        /// For how long.
        quarantine: TimeDelta,
    },
}

impl Store {
    /// Gives back what the virtual machine holds, but for what `mode` keeps, and writes that its
    /// guest is gone. Repeated, it changes nothing.
    pub async fn reservation_release(
        &self,
        claim: &Claim,
        vm: VirtualMachineId,
        mode: ReleaseMode,
    ) -> Result<()> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let released = self.reservation_give_back(&mut tx, claim, vm, mode).await;
        tx.end(released).await
    }

    async fn reservation_give_back(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        vm: VirtualMachineId,
        mode: ReleaseMode,
    ) -> Result<()> {
        let (tenant, held) = self.reservation_lock(tx, claim, vm).await?;
        let kept = match mode {
            ReleaseMode::KeepData { disk_bytes } => disk_bytes,
            ReleaseMode::All { .. } => 0,
        };
        if let Some(held) = &held {
            counters_subtract(tx, held, held.disk_bytes.min(kept)).await?;
        }
        diesel::update(virtual_machines::table.find(vm.0))
            .set((
                virtual_machines::state.eq(VirtualMachineState::Gone.as_str()),
                virtual_machines::started_at.eq(None::<berth_model::Timestamp>),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let vm = (tenant, vm);
        match mode {
            ReleaseMode::KeepData { .. } => {
                let disk = held.map_or(0, |held| held.disk_bytes.min(kept));
                self.reservation_shrink(tx, vm, disk).await
            }
            ReleaseMode::All { quarantine } => {
                reservation_remove(tx, vm).await?;
                addresses_free(tx, vm, self.clock.now() + quarantine).await
            }
        }
    }

    async fn reservation_shrink(
        &self,
        tx: &mut Tx,
        (tenant, vm): (TenantId, VirtualMachineId),
        disk_bytes: i64,
    ) -> Result<()> {
        diesel::update(reservations::table)
            .filter(reservations::tenant_id.eq(tenant.0))
            .filter(reservations::virtual_machine_id.eq(vm.0))
            .set((
                reservations::memory_bytes.eq(0),
                reservations::vcpus.eq(0),
                reservations::disk_bytes.eq(disk_bytes),
                reservations::restart_machine_id.eq(None::<Uuid>),
                reservations::second_restart_machine_id.eq(None::<Uuid>),
                reservations::updated_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(internal)
    }
}

async fn counters_subtract(tx: &mut Tx, held: &Reservation, disk_kept: i64) -> Result<()> {
    let machine = machines::table.find(held.machine_id.0);
    diesel::update(machine)
        .set((
            machines::memory_used_bytes.eq(machines::memory_used_bytes - held.memory_bytes),
            machines::vcpus_used.eq(machines::vcpus_used - held.vcpus),
            machines::version.eq(machines::version + 1),
        ))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    pool_add(
        tx,
        held.storage_pool_id,
        held.machine_id,
        disk_kept - held.disk_bytes,
    )
    .await?;
    Ok(())
}

async fn reservation_remove(tx: &mut Tx, (tenant, vm): (TenantId, VirtualMachineId)) -> Result<()> {
    diesel::delete(reservations::table)
        .filter(reservations::tenant_id.eq(tenant.0))
        .filter(reservations::virtual_machine_id.eq(vm.0))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    diesel::update(virtual_machines::table.find(vm.0))
        .set((
            virtual_machines::machine_id.eq(None::<Uuid>),
            virtual_machines::storage_pool_id.eq(None::<Uuid>),
            virtual_machines::seed_digest.eq(None::<String>),
        ))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(())
}
