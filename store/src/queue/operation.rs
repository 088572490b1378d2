//! Operations as they are read.

use berth_model::{
    DeploymentId, Error, MachineId, Operation, OperationId, OperationState, Page, PageRequest,
    Result, SiteId, TenantId, Timestamp, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{keyset, page_of, reads, row_read},
    schema::operations,
};

#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = operations)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct OperationRow {
    id: Uuid,
    tenant_id: Uuid,
    kind: String,
    state: String,
    deployment_id: Option<Uuid>,
    machine_id: Option<Uuid>,
    site_id: Option<Uuid>,
    attempts: i32,
    claim_number: i64,
    run_after: Timestamp,
    cancel_requested_at: Option<Timestamp>,
    superseded_at: Option<Timestamp>,
    last_event: i64,
    error_code: Option<String>,
    error_message: Option<String>,
    request_id: Option<String>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

impl TryFrom<OperationRow> for Operation {
    type Error = Error;

    fn try_from(row: OperationRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            kind: row.kind.parse()?,
            state: row.state.parse()?,
            deployment_id: row.deployment_id.map(Into::into),
            machine_id: row.machine_id.map(Into::into),
            site_id: row.site_id.map(Into::into),
            attempts: row.attempts,
            claim_number: row.claim_number,
            run_after: row.run_after,
            cancel_requested_at: row.cancel_requested_at,
            superseded_at: row.superseded_at,
            last_event: row.last_event,
            error_code: row.error_code,
            error_message: row.error_message,
            request_id: row.request_id,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}

reads!(
    "operation", OperationRead, operations, OperationRow => Operation,
    operation_get, operation_by_ids, OperationId
);
row_read!("operation", operations, OperationRow => Operation, OperationId);

/// Which operations.
#[derive(Clone, Debug, Default)]
pub struct OperationFilter {
    /// Only of this tenant.
    pub tenant_id: Option<TenantId>,
    /// Only of this deployment.
    pub deployment_id: Option<DeploymentId>,
    /// Only of this machine.
    pub machine_id: Option<MachineId>,
    /// Only of this site.
    pub site_id: Option<SiteId>,
    /// Only in these states; empty for all.
    pub states: Vec<OperationState>,
}

impl Store {
    /// A page of the operations that the caller can see.
    pub async fn operation_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        filter: &OperationFilter,
    ) -> Result<Page<Operation>> {
        policy::check(&cx.actor, Action::OperationRead)?;
        let mut query = operations::table
            .select(OperationRow::as_select())
            .into_boxed();
        if let Some(id) = filter.tenant_id {
            query = query.filter(operations::tenant_id.eq(id.0));
        }
        if let Some(id) = filter.deployment_id {
            query = query.filter(operations::deployment_id.eq(id.0));
        }
        if let Some(id) = filter.site_id {
            query = query.filter(operations::site_id.eq(id.0));
        }
        if let Some(id) = filter.machine_id {
            query = query.filter(operations::machine_id.eq(id.0));
        }
        if !filter.states.is_empty() {
            let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
            query = query.filter(operations::state.eq_any(states));
        }
        let query = keyset!(query, operations::id, page);
        let rows: Vec<OperationRow> = self.rows(cx, query).await?;
        page_of(rows, page)
    }
}
