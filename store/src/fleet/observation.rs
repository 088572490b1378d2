//! What was found on machines.

use berth_model::{
    Error, ErrorCode, Machine, MachineId, MachineObservation, MachineState, Result, StoragePool,
    message,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Claim, Store,
    error::{already_exists, internal},
    machine::MachineRow,
    schema::{machines, storage_pools},
    storage_pool::StoragePoolRow,
    tx::Tx,
};

impl Store {
    /// Writes what was found on a machine. With a claim (an enrolment) an `ENROLLING` machine gets
    /// `ACTIVE`. Another host under the same URI than before, or a host that is enrolled under
    /// another name, is refused as [`ErrorCode::MachineRefused`].
    pub async fn machine_record(
        &self,
        claim: Option<&Claim>,
        id: MachineId,
        observation: &MachineObservation,
    ) -> Result<()> {
        let mut tx = match claim {
            Some(claim) => self.begin_claimed(claim).await?,
            None => self.begin_worker("reconciler").await?,
        };
        let written = self
            .observation_write(&mut tx, claim.is_some(), id, observation)
            .await;
        tx.end(written).await
    }

    async fn observation_write(
        &self,
        tx: &mut Tx,
        is_enrolment: bool,
        id: MachineId,
        seen: &MachineObservation,
    ) -> Result<()> {
        let (row, host): (MachineRow, Option<Uuid>) = machines::table
            .find(id.0)
            .select((MachineRow::as_select(), machines::host_uuid))
            .for_no_key_update()
            .first(&mut **tx)
            .await
            .map_err(internal)?;
        let machine = Machine::try_from(row)?;
        if host.is_some_and(|host| host != seen.host_uuid) {
            return Err(Error::new(
                ErrorCode::MachineRefused,
                message!(
                    "Another host than before answers for the machine {machine}.",
                    machine = machine.name
                ),
            ));
        }
        let state = match machine.state {
            MachineState::Enrolling if is_enrolment => MachineState::Active,
            state => state,
        };
        let (memory_bytes, memory_foreign_bytes) = machine_memory(&machine, seen);
        let (cpus, vcpus_foreign) = machine_cpus(&machine, seen);
        let is_other_pool = pool_write(tx, id, seen).await?;
        // Decisions that rely on the machine would be made again for nothing otherwise.
        let is_other = is_other_pool
            || machine.unreachable_since.is_some()
            || machine.cpu_model != seen.cpu_model
            || (
                state,
                memory_bytes,
                memory_foreign_bytes,
                cpus,
                vcpus_foreign,
            ) != (
                machine.state,
                machine.memory_bytes,
                machine.memory_foreign_bytes,
                machine.cpus,
                machine.vcpus_foreign,
            );
        diesel::update(machines::table.find(id.0))
            .set((
                machines::host_uuid.eq(seen.host_uuid),
                machines::state.eq(state.as_str()),
                machines::memory_bytes.eq(memory_bytes),
                machines::memory_foreign_bytes.eq(memory_foreign_bytes),
                machines::cpus.eq(cpus),
                machines::cpu_model.eq(&seen.cpu_model),
                machines::vcpus_foreign.eq(vcpus_foreign),
                machines::version.eq(machines::version + i64::from(is_other)),
                machines::observed_at.eq(self.clock.now()),
                machines::unreachable_since.eq(None::<berth_model::Timestamp>),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "machines_host_uuid_key",
                "uri",
                "This host is enrolled already, under another name.",
            )]))?;
        Ok(())
    }

    /// Writes that a machine can't be reached; the first time stays.
    pub async fn machine_unreachable(&self, id: MachineId) -> Result<()> {
        let mut tx = self.begin_worker("reconciler").await?;
        let written = diesel::update(machines::table.find(id.0))
            .filter(machines::unreachable_since.is_null())
            .set((
                machines::unreachable_since.eq(self.clock.now()),
                machines::version.eq(machines::version + 1),
            ))
            .execute(&mut *tx)
            .await
            .map(|_| ());
        tx.end(written.map_err(internal)).await
    }
}

/// A machine that lost memory below what is sold keeps its number, since a counter may never be
/// over it; what is missing counts as used by others, which leaves the same room: none.
fn machine_memory(machine: &Machine, seen: &MachineObservation) -> (i64, i64) {
    let sold = match machine.memory_used_bytes {
        0 => 0,
        used => used + machine.memory_reserve_bytes,
    };
    let total = seen.memory_bytes.max(sold);
    (
        total,
        seen.memory_foreign_bytes + (total - seen.memory_bytes),
    )
}

/// The same for CPUs; what is missing is counted in what would have been sold of it.
fn machine_cpus(machine: &Machine, seen: &MachineObservation) -> (i32, i32) {
    let percent = i64::from(machine.vcpu_overcommit_percent);
    let least = (i64::from(machine.vcpus_used) * 100 + percent - 1) / percent;
    let cpus = seen.cpus.max(i32::try_from(least).unwrap_or(i32::MAX));
    let missing = i64::from(cpus - seen.cpus) * percent / 100;
    (
        cpus,
        seen.vcpus_foreign
            .saturating_add(i32::try_from(missing).unwrap_or(i32::MAX)),
    )
}

/// Whether anything of it is other than before.
async fn pool_write(tx: &mut Tx, machine: MachineId, seen: &MachineObservation) -> Result<bool> {
    let row: StoragePoolRow = storage_pools::table
        .filter(storage_pools::machine_id.eq(machine.0))
        .order(storage_pools::id)
        .select(StoragePoolRow::as_select())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .map_err(internal)?;
    let pool = StoragePool::from(row);
    let capacity = seen.pool_capacity_bytes.max(pool.used_bytes);
    let foreign = seen.pool_foreign_bytes + (capacity - seen.pool_capacity_bytes);
    diesel::update(storage_pools::table.find(pool.id.0))
        .set((
            storage_pools::capacity_bytes.eq(capacity),
            storage_pools::foreign_bytes.eq(foreign),
        ))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok((capacity, foreign) != (pool.capacity_bytes, pool.foreign_bytes))
}
