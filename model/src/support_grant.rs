//! Support grants: how the provider's people act for a tenant.

use crate::{AccountId, Role, SupportGrantId, TenantId, Timestamp};

/// One of the provider's people may act for a tenant, for a while. It is never removed, so that the
/// tenant can see who was there, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportGrant {
    /// Its id.
    pub id: SupportGrantId,
    /// For which tenant.
    pub tenant_id: TenantId,
    /// Who: an account of the provider's realm.
    pub account_id: AccountId,
    /// Their name when it began.
    pub staff_name: String,
    /// As what.
    pub role: Role,
    /// Why, as they wrote it.
    pub reason: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when at most.
    pub expires_at: Timestamp,
    /// When it was ended before that.
    pub ended_at: Option<Timestamp>,
}

/// What `supportGrantCreate` takes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SupportGrantCreate {
    /// For which tenant.
    pub tenant_id: TenantId,
    /// As what: `SUPPORT`, `BILLING` or `VIEWER`.
    pub role: Role,
    /// Why: 1 to 500 characters, which the tenant reads.
    pub reason: String,
    /// For how long: 1 to 480.
    pub minutes: i64,
}
