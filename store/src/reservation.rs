//! Reservations as the provider sees them. They are claimed and given back in `fleet`.

use std::collections::HashMap;

use berth_model::{Reservation, ReservationId, Result, VirtualMachineId, policy, policy::Action};
use diesel::prelude::*;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{reads, uuids},
    schema::reservations,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = reservations)]
pub(crate) struct ReservationRow {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Uuid,
    pub(crate) virtual_machine_id: Uuid,
    pub(crate) machine_id: Uuid,
    pub(crate) storage_pool_id: Uuid,
    pub(crate) memory_bytes: i64,
    pub(crate) vcpus: i32,
    pub(crate) disk_bytes: i64,
}

impl From<ReservationRow> for Reservation {
    fn from(row: ReservationRow) -> Self {
        Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            virtual_machine_id: row.virtual_machine_id.into(),
            machine_id: row.machine_id.into(),
            storage_pool_id: row.storage_pool_id.into(),
            memory_bytes: row.memory_bytes,
            vcpus: row.vcpus,
            disk_bytes: row.disk_bytes,
        }
    }
}

reads!(
    "reservation", FleetRead, reservations, ReservationRow => Reservation,
    reservation_get, reservation_by_ids, ReservationId
);

impl Store {
    /// What each of these virtual machines holds.
    pub async fn reservation_by_virtual_machine_ids(
        &self,
        cx: &Cx,
        ids: &[VirtualMachineId],
    ) -> Result<HashMap<VirtualMachineId, Reservation>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let rows = reservations::table
            .filter(reservations::virtual_machine_id.eq_any(uuids(ids)))
            .select(ReservationRow::as_select());
        let rows: Vec<ReservationRow> = self.rows(cx, rows).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.virtual_machine_id.into(), row.into()))
            .collect())
    }
}
