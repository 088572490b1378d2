//! Addresses: claimed with the reservation, given back with it.

use berth_model::{NetworkId, Result, TenantId, Timestamp, VirtualMachineId};
use diesel::{
    prelude::*,
    sql_types::{Integer, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;

use crate::{
    error::internal,
    schema::{addresses, networks},
    sql::Sql,
    tx::Tx,
};

/// The inner query runs once and skips what another claim is about to take.
const TAKE: &str = "
    UPDATE addresses SET tenant_id = $1, virtual_machine_id = $2, free_after = NULL
    WHERE id = (SELECT id FROM addresses
                WHERE network_id = $3 AND family = $4 AND virtual_machine_id IS NULL
                  AND (free_after IS NULL OR free_after <= $5)
                ORDER BY free_after NULLS FIRST, id LIMIT 1 FOR UPDATE SKIP LOCKED)";

/// Gives the virtual machine one address of each family of the network, unless it has some already.
/// `false` when a family has none left.
pub(super) async fn addresses_take(
    tx: &mut Tx,
    vm: (TenantId, VirtualMachineId),
    network: NetworkId,
    now: Timestamp,
) -> Result<bool> {
    let (ipv4, ipv6): (Option<String>, Option<String>) = networks::table
        .find(network.0)
        .select((networks::ipv4_cidr, networks::ipv6_cidr))
        .first(&mut **tx)
        .await
        .map_err(internal)?;
    let held: Vec<i32> = addresses::table
        .filter(addresses::tenant_id.eq(vm.0.0))
        .filter(addresses::virtual_machine_id.eq(vm.1.0))
        .select(addresses::family)
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    for (family, offered) in [(4, ipv4.is_some()), (6, ipv6.is_some())] {
        if !offered || held.contains(&family) {
            continue;
        }
        let taken = Sql::new(TAKE)
            .bind::<SqlUuid, _>(vm.0.0)
            .bind::<SqlUuid, _>(vm.1.0)
            .bind::<SqlUuid, _>(network.0)
            .bind::<Integer, _>(family)
            .bind::<Timestamptz, _>(now)
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        if taken == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The virtual machine's addresses are the platform's again, and not given out before `free_after`.
pub(super) async fn addresses_free(
    tx: &mut Tx,
    vm: (TenantId, VirtualMachineId),
    free_after: Timestamp,
) -> Result<()> {
    diesel::update(addresses::table)
        .filter(addresses::tenant_id.eq(vm.0.0))
        .filter(addresses::virtual_machine_id.eq(vm.1.0))
        .set((
            addresses::tenant_id.eq(TenantId::PLATFORM.0),
            addresses::virtual_machine_id.eq(None::<uuid::Uuid>),
            addresses::free_after.eq(free_after),
        ))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(())
}
