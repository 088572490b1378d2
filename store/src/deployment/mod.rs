//! Deployments as the API shows them; how they are ordered and changed is in the modules below.

mod change;
mod create;
mod fit;
mod handover;
mod place;
mod rules;

pub(crate) use fit::plan_fits;

use std::collections::HashMap;

use berth_model::{
    Deployment, DeploymentId, DeploymentState, Error, Page, PageRequest, Result, TenantId,
    Timestamp, VirtualMachineId, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{keyset, page_of, reads, row_read, uuids},
    schema::deployments,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = deployments)]
pub(crate) struct DeploymentRow {
    id: Uuid,
    tenant_id: Uuid,
    application_version_id: Uuid,
    plan_id: Uuid,
    virtual_machine_id: Uuid,
    name: String,
    domain_name: String,
    external_id: Option<String>,
    options: Value,
    administrator_username: String,
    administrator_email: String,
    desired_state: String,
    state: String,
    retain_until: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    healthy_at: Option<Timestamp>,
}

impl TryFrom<DeploymentRow> for Deployment {
    type Error = Error;

    fn try_from(row: DeploymentRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            application_version_id: row.application_version_id.into(),
            plan_id: row.plan_id.into(),
            virtual_machine_id: row.virtual_machine_id.into(),
            name: row.name,
            domain_name: row.domain_name.parse().map_err(Error::internal)?,
            external_id: row.external_id,
            options: serde_json::from_value(row.options).map_err(Error::internal)?,
            administrator_username: row.administrator_username,
            administrator_email: row.administrator_email.parse().map_err(Error::internal)?,
            desired_state: row.desired_state.parse()?,
            state: row.state.parse()?,
            retain_until: row.retain_until,
            healthy_at: row.healthy_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

reads!(
    "deployment", DeploymentRead, deployments, DeploymentRow => Deployment,
    deployment_get, deployment_by_ids, DeploymentId
);
row_read!("deployment", deployments, DeploymentRow => Deployment, DeploymentId);

/// Which deployments a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentFilter {
    /// Of one tenant.
    pub tenant_id: Option<TenantId>,
    /// In one of these states; empty for any.
    pub states: Vec<DeploymentState>,
    /// With this external id.
    pub external_id: Option<String>,
}

impl Store {
    /// The deployments that the caller can see.
    pub async fn deployment_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        filter: &DeploymentFilter,
    ) -> Result<Page<Deployment>> {
        policy::check(&cx.actor, Action::DeploymentRead)?;
        let mut query = deployments::table
            .select(DeploymentRow::as_select())
            .into_boxed();
        if let Some(id) = filter.tenant_id {
            query = query.filter(deployments::tenant_id.eq(id.0));
        }
        if let Some(external_id) = &filter.external_id {
            query = query.filter(deployments::external_id.eq(external_id));
        }
        if !filter.states.is_empty() {
            let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
            query = query.filter(deployments::state.eq_any(states));
        }
        let query = keyset!(query, deployments::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// The deployments on each of these virtual machines, in the order of their ids.
    pub async fn deployment_by_virtual_machine_ids(
        &self,
        cx: &Cx,
        ids: &[VirtualMachineId],
    ) -> Result<HashMap<VirtualMachineId, Vec<Deployment>>> {
        policy::check(&cx.actor, Action::DeploymentRead)?;
        let rows = deployments::table
            .filter(deployments::virtual_machine_id.eq_any(uuids(ids)))
            .order(deployments::id)
            .select(DeploymentRow::as_select());
        let rows: Vec<DeploymentRow> = self.rows(cx, rows).await?;
        let mut found: HashMap<VirtualMachineId, Vec<Deployment>> = HashMap::new();
        for row in rows {
            found
                .entry(row.virtual_machine_id.into())
                .or_default()
                .push(row.try_into()?);
        }
        Ok(found)
    }
}
