//! A virtual machine between two machines: it holds room on both, until it has arrived and nothing of
//! it is left where it came from. Counters of machines and pools count both.

use berth_model::{
    Error, Machine, MachineId, Result, StoragePool, StoragePoolId, TenantId, VirtualMachineId,
    VirtualMachineState, VolumeKind, VolumeState,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    claim_end,
    relied::{Relied, RestartColumns, relied_hold},
    reservation::{Delta, counters_add},
};
use crate::{
    Claim, ClaimOutcome, Store,
    error::internal,
    machine::MachineRow,
    schema::{machines, reservations, storage_pools, transits, virtual_machines, volumes},
    storage_pool::StoragePoolRow,
    tx::Tx,
};

/// Where a virtual machine shall go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitRequest {
    /// Which.
    pub virtual_machine_id: VirtualMachineId,
    /// Where it is.
    pub from: MachineId,
    /// Where it goes.
    pub to: MachineId,
    /// In which of that machine's pools.
    pub storage_pool_id: StoragePoolId,
    /// Where the decision looked at more than the counters of that machine and its pool.
    pub relied: Option<Relied>,
}

/// What of a virtual machine has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// Its guest, with all of its disks.
    Guest,
    /// Its data; it stood still, and begins on a new system disk.
    Data,
}

/// The second machine of a virtual machine that is being moved.
#[derive(Clone, Debug)]
pub struct TransitWork {
    /// It.
    pub machine: Machine,
    /// Its pool.
    pub pool: StoragePool,
    /// False: it goes there. True: it came from there or never got there, and something of it may be
    /// there.
    pub has_left: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = transits)]
struct TransitRow {
    machine_id: Uuid,
    storage_pool_id: Uuid,
    memory_bytes: i64,
    vcpus: i32,
    disk_bytes: i64,
    has_left: bool,
}

impl Store {
    /// Makes the virtual machine hold on the machine that it goes to what it holds where it is, in
    /// one transaction. Repeated, it changes nothing.
    pub async fn transit_begin(
        &self,
        claim: &Claim,
        request: &TransitRequest,
    ) -> Result<ClaimOutcome> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let taken = self.transit_take(&mut tx, claim, request).await;
        claim_end(tx, taken).await
    }

    async fn transit_take(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        request: &TransitRequest,
    ) -> Result<ClaimOutcome> {
        let vm = request.virtual_machine_id;
        let (tenant, held) = self.reservation_lock(tx, claim, vm).await?;
        if let Some(transit) = transit_row(tx, tenant, vm).await? {
            let is_this = transit.machine_id == request.to.0 && !transit.has_left;
            return match is_this {
                true => Ok(ClaimOutcome::Held),
                false => Err(Error::internal("it is between two other machines")),
            };
        }
        let Some(held) = held.filter(|held| held.machine_id == request.from) else {
            return Ok(ClaimOutcome::Lost("its place"));
        };
        if let Some(relied) = &request.relied {
            if let Some(lost) = relied_hold(tx, relied, request.to).await? {
                return Ok(ClaimOutcome::Lost(lost));
            }
            diesel::update(reservations::table.find(held.id.0))
                .set(RestartColumns::of(Some(relied)))
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
        }
        diesel::insert_into(transits::table)
            .values((
                transits::virtual_machine_id.eq(vm.0),
                transits::tenant_id.eq(tenant.0),
                transits::machine_id.eq(request.to.0),
                transits::storage_pool_id.eq(request.storage_pool_id.0),
                transits::memory_bytes.eq(held.memory_bytes),
                transits::vcpus.eq(held.vcpus),
                transits::disk_bytes.eq(held.disk_bytes),
                transits::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let delta = Delta {
            memory_bytes: held.memory_bytes,
            vcpus: held.vcpus,
            disk_bytes: held.disk_bytes,
        };
        let place = (request.to, request.storage_pool_id);
        let lost = counters_add(tx, place, delta, false).await?;
        Ok(lost.map_or(ClaimOutcome::Held, ClaimOutcome::Lost))
    }

    /// Writes that the virtual machine is where it was to go, with its guest or with its data alone:
    /// its place and that of its disks change, and what it held before is held until
    /// [`Store::transit_end`]. Counters stay. Repeated, it changes nothing.
    pub async fn transit_arrive(
        &self,
        claim: &Claim,
        vm: VirtualMachineId,
        arrived: Arrived,
    ) -> Result<()> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let written = self.transit_swap(&mut tx, claim, vm, arrived).await;
        tx.end(written).await
    }

    async fn transit_swap(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        vm: VirtualMachineId,
        arrived: Arrived,
    ) -> Result<()> {
        let (tenant, held) = self.reservation_lock(tx, claim, vm).await?;
        let (Some(held), Some(transit)) = (held, transit_row(tx, tenant, vm).await?) else {
            return Err(Error::internal("what is not being moved can't arrive"));
        };
        if transit.has_left {
            return Ok(());
        }
        // Machines before reservations, as a claim locks them.
        versions_grow(tx, &[held.machine_id.0, transit.machine_id]).await?;
        // What it holds is the same on both, since nothing else works on it meanwhile.
        diesel::update(transits::table.find(vm.0))
            .set((
                transits::machine_id.eq(held.machine_id.0),
                transits::storage_pool_id.eq(held.storage_pool_id.0),
                transits::has_left.eq(true),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        diesel::update(reservations::table.find(held.id.0))
            .set((
                reservations::machine_id.eq(transit.machine_id),
                reservations::storage_pool_id.eq(transit.storage_pool_id),
                reservations::updated_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        if arrived == Arrived::Data {
            guest_forget(tx, tenant, vm).await?;
        }
        place_change(tx, tenant, vm, &transit).await
    }

    /// Writes that the virtual machine stays where it is. Where it would have been restarted from the
    /// machine that it doesn't go to is forgotten; the next decision finds new places. Repeated, it
    /// changes nothing.
    pub async fn transit_stay(&self, claim: &Claim, vm: VirtualMachineId) -> Result<()> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let written = self.transit_stay_write(&mut tx, claim, vm).await;
        tx.end(written).await
    }

    async fn transit_stay_write(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        vm: VirtualMachineId,
    ) -> Result<()> {
        let (tenant, held) = self.reservation_lock(tx, claim, vm).await?;
        let (Some(held), Some(transit)) = (held, transit_row(tx, tenant, vm).await?) else {
            return Ok(());
        };
        if transit.has_left {
            return Ok(());
        }
        versions_grow(tx, &[held.machine_id.0, transit.machine_id]).await?;
        restarts_forget(tx, tenant, vm).await?;
        diesel::update(transits::table.find(vm.0))
            .set(transits::has_left.eq(true))
            .execute(&mut **tx)
            .await
            .map(|_| ())
            .map_err(internal)
    }

    /// Gives back what the virtual machine holds on the second machine: nothing of it is there.
    /// Repeated, it changes nothing.
    pub async fn transit_end(&self, claim: &Claim, vm: VirtualMachineId) -> Result<()> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let ended = self.transit_give_back(&mut tx, claim, vm).await;
        tx.end(ended).await
    }

    async fn transit_give_back(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        vm: VirtualMachineId,
    ) -> Result<()> {
        let (tenant, _) = self.reservation_lock(tx, claim, vm).await?;
        let Some(transit) = transit_row(tx, tenant, vm).await? else {
            return Ok(());
        };
        if !transit.has_left {
            return Err(Error::internal("it may arrive there yet"));
        }
        diesel::delete(transits::table.find(vm.0))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let delta = Delta {
            memory_bytes: -transit.memory_bytes,
            vcpus: -transit.vcpus,
            disk_bytes: -transit.disk_bytes,
        };
        let place = (transit.machine_id.into(), transit.storage_pool_id.into());
        match counters_add(tx, place, delta, true).await? {
            None => Ok(()),
            Some(what) => Err(Error::internal(format!("{what} can't be given back"))),
        }
    }
}

async fn place_change(
    tx: &mut Tx,
    tenant: TenantId,
    vm: VirtualMachineId,
    transit: &TransitRow,
) -> Result<()> {
    diesel::update(virtual_machines::table.find(vm.0))
        .set((
            virtual_machines::machine_id.eq(transit.machine_id),
            virtual_machines::storage_pool_id.eq(transit.storage_pool_id),
        ))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    diesel::update(volumes::table)
        .filter(volumes::tenant_id.eq(tenant.0))
        .filter(volumes::virtual_machine_id.eq(vm.0))
        .filter(volumes::state.eq(VolumeState::Present.as_str()))
        .set(volumes::storage_pool_id.eq(transit.storage_pool_id))
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(internal)
}

/// It has its place, and neither guest nor system disk until it starts.
async fn guest_forget(tx: &mut Tx, tenant: TenantId, vm: VirtualMachineId) -> Result<()> {
    diesel::update(virtual_machines::table.find(vm.0))
        .filter(virtual_machines::state.ne(VirtualMachineState::Gone.as_str()))
        .set(virtual_machines::state.eq(VirtualMachineState::Reserved.as_str()))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    diesel::update(volumes::table)
        .filter(volumes::tenant_id.eq(tenant.0))
        .filter(volumes::virtual_machine_id.eq(vm.0))
        .filter(volumes::kind.eq(VolumeKind::System.as_str()))
        .set((
            volumes::state.eq(VolumeState::Gone.as_str()),
            volumes::storage_pool_id.eq(None::<Uuid>),
        ))
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(internal)
}

async fn restarts_forget(tx: &mut Tx, tenant: TenantId, vm: VirtualMachineId) -> Result<()> {
    diesel::update(reservations::table)
        .filter(reservations::tenant_id.eq(tenant.0))
        .filter(reservations::virtual_machine_id.eq(vm.0))
        .set((
            reservations::restart_machine_id.eq(None::<Uuid>),
            reservations::second_restart_machine_id.eq(None::<Uuid>),
        ))
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(internal)
}

/// In the order of their ids: two that change the same machines can't wait for each other.
async fn versions_grow(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    for id in ids {
        diesel::update(machines::table.find(id))
            .set(machines::version.eq(machines::version + 1))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
    }
    Ok(())
}

async fn transit_row(
    tx: &mut Tx,
    tenant: TenantId,
    vm: VirtualMachineId,
) -> Result<Option<TransitRow>> {
    transits::table
        .filter(transits::tenant_id.eq(tenant.0))
        .filter(transits::virtual_machine_id.eq(vm.0))
        .select(TransitRow::as_select())
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)
}

/// The second machine, if it is being moved.
pub(super) async fn transit_read(
    tx: &mut Tx,
    tenant: TenantId,
    vm: VirtualMachineId,
) -> Result<Option<TransitWork>> {
    let row: Option<(MachineRow, StoragePoolRow, bool)> = transits::table
        .inner_join(machines::table.on(machines::id.eq(transits::machine_id)))
        .inner_join(storage_pools::table.on(storage_pools::id.eq(transits::storage_pool_id)))
        .filter(transits::tenant_id.eq(tenant.0))
        .filter(transits::virtual_machine_id.eq(vm.0))
        .select((
            MachineRow::as_select(),
            StoragePoolRow::as_select(),
            transits::has_left,
        ))
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)?;
    row.map(|(machine, pool, has_left)| {
        Ok(TransitWork {
            machine: machine.try_into()?,
            pool: pool.into(),
            has_left,
        })
    })
    .transpose()
}
