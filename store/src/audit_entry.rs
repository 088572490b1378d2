//! Reading the audit log.

use berth_model::{
    AuditEntry, AuditEntryId, Page, PageRequest, Result, TenantId, Timestamp, policy,
    policy::Action,
};
use diesel::prelude::*;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{keyset, page_of, reads},
    schema::audit_log,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_log)]
struct AuditEntryRow {
    id: Uuid,
    tenant_id: Uuid,
    actor: String,
    action: String,
    subject: Option<String>,
    request_id: Option<String>,
    at: Timestamp,
}

impl From<AuditEntryRow> for AuditEntry {
    fn from(row: AuditEntryRow) -> Self {
        Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            request_id: row.request_id,
            at: row.at,
        }
    }
}

reads!(
    "audit entry", AuditRead, audit_log, AuditEntryRow => AuditEntry,
    audit_entry_get, audit_entry_by_ids, AuditEntryId
);

impl Store {
    /// What was done for a tenant, the oldest first.
    pub async fn audit_entry_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        tenant_id: TenantId,
    ) -> Result<Page<AuditEntry>> {
        policy::check(&cx.actor, Action::AuditRead)?;
        let query = audit_log::table
            .filter(audit_log::tenant_id.eq(tenant_id.0))
            .select(AuditEntryRow::as_select())
            .into_boxed();
        let query = keyset!(query, audit_log::id, page);
        page_of(self.rows(cx, query).await?, page)
    }
}
