//! Tenants and members.

use crate::{
    Account, EmailAddress, MemberId, Realm, StorefrontId, TenantId, Timestamp, states::states,
};

states! {
    /// What a member may do in a tenant.
    pub enum Role {
        /// Everything, also who else may.
        Owner = "OWNER",
        /// Everything but members.
        Admin = "ADMIN",
        /// Sees bills.
        Billing = "BILLING",
        /// Keeps things running: sees state, starts and stops.
        Support = "SUPPORT",
        /// Sees state.
        Viewer = "VIEWER",
    }
}

/// An operator's organisation: the unit of isolation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// The storefront it came through; none for the provider's own.
    pub storefront_id: Option<StorefrontId>,
    /// For people.
    pub name: String,
    /// The storefront's own number for it.
    pub external_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Tenant {
    /// Whose accounts can be its members.
    #[must_use]
    pub const fn realm(&self) -> Realm {
        Realm(self.storefront_id)
    }
}

/// An account in a tenant, with a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// In which tenant.
    pub tenant_id: TenantId,
    /// Who.
    pub account: Account,
    /// As what.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
}

/// What `tenantCreate` takes: the organisation and its first owner.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TenantCreate {
    /// 1 to 100 characters.
    pub name: String,
    /// The storefront's own number, unique in the storefront; 1 to 200 characters.
    pub external_id: Option<String>,
    /// The owner's name, 1 to 100 characters.
    pub owner_name: String,
    /// The owner's address.
    pub owner_email: EmailAddress,
}

/// What `memberCreate` takes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MemberCreate {
    /// In which tenant.
    pub tenant_id: TenantId,
    /// 1 to 100 characters.
    pub name: String,
    /// The person's address.
    pub email: EmailAddress,
    /// As what.
    pub role: Role,
}
