//! The claim on capacity. What holds nothing yet is placed by one statement (`place.rs`). What holds
//! something grows or shrinks where it is: each counter is changed only where it stays within the limit.

use berth_model::{
    Error, Explanation, MachineId, NetworkId, Reservation, Result, StoragePoolId, TenantId,
    VirtualMachineId, VirtualMachineState,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;

use super::{
    address::addresses_take,
    claim_end,
    limits::{disk_fits, memory_fits, vcpus_fit},
    relied::{Relied, RestartColumns, relied_hold},
    vm_lock,
};
use crate::{
    Claim, Store,
    error::internal,
    queue,
    reservation::ReservationRow,
    schema::{reservations, virtual_machines},
    sql::Sql,
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
    /// Other places, the best first, if nothing is held yet: one of them is taken while others claim on
    /// the machine, or when it is full. Not where the decision relied on other machines.
    pub alternatives: Vec<(MachineId, StoragePoolId)>,
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
    /// Why there: kept with the operation if it is held. None keeps what is known.
    pub explanation: Option<Explanation>,
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

/// What has its place there may grow while the machine is drained, and shrink in any case.
const MACHINE: &str = concat!(
    "
    UPDATE machines
    SET memory_used_bytes = memory_used_bytes + $2, vcpus_used = vcpus_used + $3,
        version = version + 1
    WHERE id = $1
      AND ((state = 'ACTIVE' AND unreachable_since IS NULL) OR (state IN ('ACTIVE', 'DRAINING') AND $4)
           OR ($2 <= 0 AND $3 <= 0 AND $4))
      AND ($2 <= 0 OR ",
    memory_fits!("$2"),
    ") AND ($3 <= 0 OR ",
    vcpus_fit!("$3"),
    ")"
);

const POOL: &str = concat!(
    "
    UPDATE storage_pools SET used_bytes = used_bytes + $3
    WHERE id = $1 AND machine_id = $2 AND ($3 <= 0 OR ",
    disk_fits!("$3"),
    ")"
);

impl Store {
    /// Makes the virtual machine hold exactly this, in one transaction: counters of machine and
    /// pool, reservation, addresses of each family of the network, and the place in the virtual
    /// machine's row. Repeated, it changes nothing.
    pub async fn reservation_claim(
        &self,
        claim: &Claim,
        request: &ReservationRequest,
    ) -> Result<ClaimOutcome> {
        if request.relied.is_none()
            && let Some(outcome) = self.place_alone(claim, request).await?
        {
            return Ok(outcome);
        }
        let mut tx = self.begin_worker(&claim.worker).await?;
        let taken = self.reservation_take(&mut tx, claim, request).await;
        claim_end(tx, taken).await
    }

    /// Of what holds something, or with what the decision relied on.
    async fn reservation_take(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        request: &ReservationRequest,
    ) -> Result<ClaimOutcome> {
        let vm = request.virtual_machine_id;
        let (_, held) = self.reservation_lock(tx, claim, vm).await?;
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
        match held {
            Some(held) => self.reservation_change(tx, claim, request, &held).await,
            None => self
                .place_within(tx, claim, request)
                .await?
                .ok_or_else(|| Error::internal("a reservation was made without the row's lock")),
        }
    }

    /// More or less, where it is.
    async fn reservation_change(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        request: &ReservationRequest,
        held: &Reservation,
    ) -> Result<ClaimOutcome> {
        self.reservation_write(tx, held, request).await?;
        let vm = (held.tenant_id, request.virtual_machine_id);
        let now = self.clock.now();
        if let Some(network) = request.network_id
            && !addresses_take(tx, vm, network, now).await?
        {
            return Ok(ClaimOutcome::Lost("addresses"));
        }
        place_write(tx, request).await?;
        if let Some(explanation) = request.explanation_json()? {
            queue::explanation_write(tx, claim, &explanation, now).await?;
        }
        // Last, since all orders want the same machine, and each holds its row from here on.
        let delta = Delta::between(held, request);
        let place = (held.machine_id, held.storage_pool_id);
        let lost = counters_add(tx, place, delta, true).await?;
        Ok(lost.map_or(ClaimOutcome::Held, ClaimOutcome::Lost))
    }

    /// Locks the virtual machine and checks the claim; its tenant and what it holds.
    pub(super) async fn reservation_lock(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        vm: VirtualMachineId,
    ) -> Result<(TenantId, Option<Reservation>)> {
        let tenant = vm_lock(tx, vm).await?;
        self.claim_hold(tx, claim).await?;
        let held: Option<ReservationRow> = reservations::table
            .filter(reservations::tenant_id.eq(tenant.0))
            .filter(reservations::virtual_machine_id.eq(vm.0))
            .select(ReservationRow::as_select())
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        Ok((tenant, held.map(Into::into)))
    }

    async fn reservation_write(
        &self,
        tx: &mut Tx,
        held: &Reservation,
        request: &ReservationRequest,
    ) -> Result<()> {
        let amounts = (
            reservations::memory_bytes.eq(request.memory_bytes),
            reservations::vcpus.eq(request.vcpus),
            reservations::disk_bytes.eq(request.disk_bytes),
            reservations::updated_at.eq(self.clock.now()),
        );
        let restarts = RestartColumns::of(request.relied.as_ref());
        diesel::update(reservations::table.find(held.id.0))
            .set((amounts, restarts))
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(internal)
    }
}

impl ReservationRequest {
    pub(super) fn explanation_json(&self) -> Result<Option<serde_json::Value>> {
        let explanation = self.explanation.as_ref();
        explanation
            .map(serde_json::to_value)
            .transpose()
            .map_err(Error::internal)
    }
}

impl Delta {
    fn between(held: &Reservation, request: &ReservationRequest) -> Self {
        Self {
            memory_bytes: request.memory_bytes - held.memory_bytes,
            vcpus: request.vcpus - held.vcpus,
            disk_bytes: request.disk_bytes - held.disk_bytes,
        }
    }
}

/// Adds to the counters of a machine and its pool. What is short, if something is. `is_there`: the
/// virtual machine has its place there already, and what doesn't change on the machine isn't written.
pub(super) async fn counters_add(
    tx: &mut Tx,
    (machine, pool): (MachineId, StoragePoolId),
    delta: Delta,
    is_there: bool,
) -> Result<Option<&'static str>> {
    if !is_there || delta.memory_bytes != 0 || delta.vcpus != 0 {
        let changed = Sql::new(MACHINE)
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
    let changed = Sql::new(POOL)
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
