//! The audit log.

use crate::{AuditEntryId, TenantId, Timestamp};

/// Who did what for whom, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditEntryId,
    /// For whom.
    pub tenant_id: TenantId,
    /// Who.
    pub actor: String,
    /// What: the mutation's name.
    pub action: String,
    /// Global id of what it was done to.
    pub subject: Option<String>,
    /// Of the request, for logs.
    pub request_id: Option<String>,
    /// When.
    pub at: Timestamp,
}
