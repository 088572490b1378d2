//! The claim on capacity: one statement for each counter, which changes it only where it stays
//! within the limit. Summing reservations in the statement would oversell under READ COMMITTED.

use berth_model::{
    Error, MachineId, NetworkId, Reservation, ReservationId, Result, StoragePoolId, TenantId,
    VirtualMachineId, VirtualMachineState,
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Integer, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    address::addresses_take,
    relied::{Relied, RestartColumns, relied_hold},
};
use crate::{
    Claim, Store,
    error::internal,
    reservation::ReservationRow,
    schema::{reservations, virtual_machines},
    tx::Tx,
};

/// What a virtual machine shall hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservationRequest {
    /// Which.
    pub virtual_machine_id: VirtualMachineId,
    /// On which machine: the one that it is on already, if it is on one.
    pub machine_id: MachineId,
    /// In which of the machine's pools.
    pub storage_pool_id: StoragePoolId,
    /// From which network its addresses come; none if it has them.
    pub network_id: Option<NetworkId>,
    /// In bytes.
    pub memory_bytes: i64,
    /// Virtual CPUs.
    pub vcpus: i32,
    /// What all of its volumes may grow to, in bytes.
    pub disk_bytes: i64,
    /// Where the decision looked at more than the counters of this machine and its pool.
    pub relied: Option<Relied>,
}

/// How a claim on capacity ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// It holds what was asked for.
    Held,
    /// Nothing changed: another was quicker, or the machine is no longer as the snapshot said.
    /// Decide again on a fresh one. The text names what is short.
    Lost(&'static str),
}

/// By how much counters change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delta {
    pub(super) memory_bytes: i64,
    pub(super) vcpus: i32,
    pub(super) disk_bytes: i64,
}

/// A decision may be a moment old: what has no place yet gets none on a machine that was found out of
/// reach since.
const MACHINE: &str = "
    UPDATE machines
    SET memory_used_bytes = memory_used_bytes + $2, vcpus_used = vcpus_used + $3,
        version = version + 1
    WHERE id = $1
      AND ((state = 'ACTIVE' AND unreachable_since IS NULL) OR (state IN ('ACTIVE', 'DRAINING') AND $4)
           OR ($2 <= 0 AND $3 <= 0 AND $4))
      AND ($2 <= 0
           OR memory_used_bytes + $2 <= memory_bytes - memory_reserve_bytes - memory_foreign_bytes)
      AND ($3 <= 0
           OR vcpus_used + $3 <= cpus::bigint * vcpu_overcommit_percent / 100 - vcpus_foreign)";

const POOL: &str = "
    UPDATE storage_pools SET used_bytes = used_bytes + $3
    WHERE id = $1 AND machine_id = $2
      AND ($3 <= 0 OR used_bytes + $3 <= capacity_bytes - foreign_bytes)";

impl Store {
    /// Makes the virtual machine hold exactly this, in one transaction: counters of machine and
    /// pool, reservation, addresses of each family of the network, and the place in the virtual
    /// machine's row. Repeated, it changes nothing.
    pub async fn reservation_claim(
        &self,
        claim: &Claim,
        request: &ReservationRequest,
    ) -> Result<ClaimOutcome> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        match self.reservation_take(&mut tx, claim, request).await {
            Ok(ClaimOutcome::Held) => tx.commit().await.map(|()| ClaimOutcome::Held),
            Ok(lost) => {
                tx.rollback().await;
                Ok(lost)
            }
            Err(error) => tx.end(Err(error)).await,
        }
    }

    async fn reservation_take(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        request: &ReservationRequest,
    ) -> Result<ClaimOutcome> {
        let (tenant, held) = self
            .reservation_lock(tx, claim, request.virtual_machine_id)
            .await?;
        let is_elsewhere = held.as_ref().is_some_and(|held| {
            (held.machine_id, held.storage_pool_id) != (request.machine_id, request.storage_pool_id)
        });
        if is_elsewhere {
            return Err(Error::internal(
                "what holds capacity can't be placed on another machine",
            ));
        }
        if let Some(relied) = &request.relied
            && let Some(lost) = relied_hold(tx, relied, request.machine_id).await?
        {
            return Ok(ClaimOutcome::Lost(lost));
        }
        self.reservation_write(tx, tenant, request, held.is_some())
            .await?;
        let vm = (tenant, request.virtual_machine_id);
        if let Some(network) = request.network_id
            && !addresses_take(tx, vm, network, self.clock.now()).await?
        {
            return Ok(ClaimOutcome::Lost("addresses"));
        }
        place_write(tx, request).await?;
        // Last, since all orders want the same machine, and each holds its row from here on.
        let delta = Delta::between(held.as_ref(), request);
        let place = (request.machine_id, request.storage_pool_id);
        let lost = counters_add(tx, place, delta, held.is_some()).await?;
        Ok(lost.map_or(ClaimOutcome::Held, ClaimOutcome::Lost))
    }

    /// Locks the virtual machine and checks the claim; its tenant and what it holds.
    pub(super) async fn reservation_lock(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        vm: VirtualMachineId,
    ) -> Result<(TenantId, Option<Reservation>)> {
        let tenant: Uuid = virtual_machines::table
            .find(vm.0)
            .select(virtual_machines::tenant_id)
            .for_update()
            .first(&mut **tx)
            .await
            .map_err(internal)?;
        self.claim_hold(tx, claim).await?;
        let held: Option<ReservationRow> = reservations::table
            .filter(reservations::tenant_id.eq(tenant))
            .filter(reservations::virtual_machine_id.eq(vm.0))
            .select(ReservationRow::as_select())
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        Ok((tenant.into(), held.map(Into::into)))
    }

    async fn reservation_write(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        request: &ReservationRequest,
        exists: bool,
    ) -> Result<()> {
        let now = self.clock.now();
        let amounts = (
            reservations::memory_bytes.eq(request.memory_bytes),
            reservations::vcpus.eq(request.vcpus),
            reservations::disk_bytes.eq(request.disk_bytes),
            reservations::updated_at.eq(now),
        );
        let restarts = RestartColumns::of(request.relied.as_ref());
        let written = if exists {
            diesel::update(reservations::table)
                .filter(reservations::tenant_id.eq(tenant.0))
                .filter(reservations::virtual_machine_id.eq(request.virtual_machine_id.0))
                .set((amounts, restarts))
                .execute(&mut **tx)
                .await
        } else {
            let place = (
                reservations::id.eq(self.ids.next::<ReservationId>().0),
                reservations::tenant_id.eq(tenant.0),
                reservations::virtual_machine_id.eq(request.virtual_machine_id.0),
                reservations::machine_id.eq(request.machine_id.0),
                reservations::storage_pool_id.eq(request.storage_pool_id.0),
                reservations::created_at.eq(now),
            );
            diesel::insert_into(reservations::table)
                .values((place, amounts, restarts))
                .execute(&mut **tx)
                .await
        };
        written.map(|_| ()).map_err(internal)
    }
}

impl Delta {
    fn between(held: Option<&Reservation>, request: &ReservationRequest) -> Self {
        let (memory, vcpus, disk) = held.map_or((0, 0, 0), |held| {
            (held.memory_bytes, held.vcpus, held.disk_bytes)
        });
        Self {
            memory_bytes: request.memory_bytes - memory,
            vcpus: request.vcpus - vcpus,
            disk_bytes: request.disk_bytes - disk,
        }
    }
}

/// What is short, if something is. `is_there`: the virtual machine has its place on the machine
/// already.
pub(super) async fn counters_add(
    tx: &mut Tx,
    (machine, pool): (MachineId, StoragePoolId),
    delta: Delta,
    is_there: bool,
) -> Result<Option<&'static str>> {
    if !is_there || delta.memory_bytes != 0 || delta.vcpus != 0 {
        let changed = sql_query(MACHINE)
            .bind::<SqlUuid, _>(machine.0)
            .bind::<BigInt, _>(delta.memory_bytes)
            .bind::<Integer, _>(delta.vcpus)
            .bind::<Bool, _>(is_there)
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        if changed == 0 {
            return Ok(Some("memory or vCPUs"));
        }
    }
    let changed = pool_add(tx, pool, machine, delta.disk_bytes).await?;
    Ok((!changed).then_some("disk"))
}

pub(super) async fn pool_add(
    tx: &mut Tx,
    pool: StoragePoolId,
    machine: MachineId,
    bytes: i64,
) -> Result<bool> {
    let changed = sql_query(POOL)
        .bind::<SqlUuid, _>(pool.0)
        .bind::<SqlUuid, _>(machine.0)
        .bind::<BigInt, _>(bytes)
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(changed == 1)
}

/// A virtual machine that ran or stands still keeps that state: only one that had no guest is
/// reserved.
async fn place_write(tx: &mut Tx, request: &ReservationRequest) -> Result<()> {
    let states = [
        VirtualMachineState::Planned.as_str(),
        VirtualMachineState::Gone.as_str(),
    ];
    let place = (
        virtual_machines::machine_id.eq(request.machine_id.0),
        virtual_machines::storage_pool_id.eq(request.storage_pool_id.0),
        virtual_machines::state.eq(VirtualMachineState::Reserved.as_str()),
    );
    diesel::update(virtual_machines::table.find(request.virtual_machine_id.0))
        .filter(virtual_machines::state.eq_any(states))
        .set(place)
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(())
}
