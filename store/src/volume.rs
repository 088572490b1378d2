//! Volumes as the API shows them.

use std::collections::HashMap;

use berth_model::{
    DeploymentId, Error, Result, Timestamp, VirtualMachineId, Volume, VolumeId, policy,
    policy::Action,
};
use diesel::prelude::*;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{reads, uuids},
    schema::volumes,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = volumes)]
pub(crate) struct VolumeRow {
    id: Uuid,
    tenant_id: Uuid,
    virtual_machine_id: Uuid,
    deployment_id: Option<Uuid>,
    kind: String,
    storage_pool_id: Option<Uuid>,
    size_bytes: i64,
    state: String,
    created_at: Timestamp,
}

impl TryFrom<VolumeRow> for Volume {
    type Error = Error;

    fn try_from(row: VolumeRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            virtual_machine_id: row.virtual_machine_id.into(),
            deployment_id: row.deployment_id.map(Into::into),
            kind: row.kind.parse()?,
            storage_pool_id: row.storage_pool_id.map(Into::into),
            size_bytes: row.size_bytes,
            state: row.state.parse()?,
            created_at: row.created_at,
        })
    }
}

reads!("volume", DeploymentRead, volumes, VolumeRow => Volume, volume_get, volume_by_ids, VolumeId);

impl Store {
    /// The volumes of each of these virtual machines, in the order of their ids.
    pub async fn volume_by_virtual_machine_ids(
        &self,
        cx: &Cx,
        ids: &[VirtualMachineId],
    ) -> Result<HashMap<VirtualMachineId, Vec<Volume>>> {
        policy::check(&cx.actor, Action::DeploymentRead)?;
        let rows = volumes::table
            .filter(volumes::virtual_machine_id.eq_any(uuids(ids)))
            .order(volumes::id)
            .select(VolumeRow::as_select());
        let rows: Vec<VolumeRow> = self.rows(cx, rows).await?;
        let mut found: HashMap<VirtualMachineId, Vec<Volume>> = HashMap::new();
        for row in rows {
            found
                .entry(row.virtual_machine_id.into())
                .or_default()
                .push(row.try_into()?);
        }
        Ok(found)
    }

    /// The data volume of each of these deployments.
    pub async fn volume_by_deployment_ids(
        &self,
        cx: &Cx,
        ids: &[DeploymentId],
    ) -> Result<HashMap<DeploymentId, Volume>> {
        policy::check(&cx.actor, Action::DeploymentRead)?;
        let rows = volumes::table
            .filter(volumes::deployment_id.eq_any(uuids(ids)))
            .select(VolumeRow::as_select());
        let rows: Vec<VolumeRow> = self.rows(cx, rows).await?;
        let mut found = HashMap::new();
        for row in rows {
            if let Some(deployment_id) = row.deployment_id {
                found.insert(deployment_id.into(), row.try_into()?);
            }
        }
        Ok(found)
    }
}
