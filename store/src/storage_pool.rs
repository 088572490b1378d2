//! Storage pools of machines.

use std::collections::HashMap;

use berth_model::{MachineId, Result, StoragePool, StoragePoolId, policy, policy::Action};
use diesel::prelude::*;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{reads, uuids},
    schema::storage_pools,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = storage_pools)]
pub(crate) struct StoragePoolRow {
    id: Uuid,
    machine_id: Uuid,
    name: String,
    capacity_bytes: i64,
    foreign_bytes: i64,
    used_bytes: i64,
}

impl From<StoragePoolRow> for StoragePool {
    fn from(row: StoragePoolRow) -> Self {
        Self {
            id: row.id.into(),
            machine_id: row.machine_id.into(),
            name: row.name,
            capacity_bytes: row.capacity_bytes,
            foreign_bytes: row.foreign_bytes,
            used_bytes: row.used_bytes,
        }
    }
}

reads!(
    "storage pool", FleetRead, storage_pools, StoragePoolRow => StoragePool,
    storage_pool_get, storage_pool_by_ids, StoragePoolId
);

impl Store {
    /// The pools of each of these machines, in the order of their ids.
    pub async fn storage_pool_by_machine_ids(
        &self,
        cx: &Cx,
        ids: &[MachineId],
    ) -> Result<HashMap<MachineId, Vec<StoragePool>>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let rows = storage_pools::table
            .filter(storage_pools::machine_id.eq_any(uuids(ids)))
            .order(storage_pools::id)
            .select(StoragePoolRow::as_select());
        let rows: Vec<StoragePoolRow> = self.rows(cx, rows).await?;
        let mut found: HashMap<MachineId, Vec<StoragePool>> = HashMap::new();
        for row in rows {
            found
                .entry(row.machine_id.into())
                .or_default()
                .push(row.into());
        }
        Ok(found)
    }
}
