//! Tenants and members.

use crate::{
    Account, EmailAddress, MemberId, Realm, StorefrontId, TenantId, Timestamp, states::states,
};

states! {
    /// What a member may do in a tenant. The provider's own people are members of the platform tenant,
    /// with the last three, which nobody has elsewhere.
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
        /// The provider: everything but what is its tenants' alone.
        PlatformAdmin = "PLATFORM_ADMIN",
        /// The provider's support: sees state everywhere, never content or secrets, and acts for a
        /// tenant by a grant that the tenant sees.
        PlatformSupport = "PLATFORM_SUPPORT",
        /// The provider's accounting: sees what is sold to whom.
        PlatformBilling = "PLATFORM_BILLING",
    }
}

impl Role {
    /// Those that a member of a tenant can have who is none of the provider's people.
    pub const TENANT: &[Self] = &[
        Self::Owner,
        Self::Admin,
        Self::Billing,
        Self::Support,
        Self::Viewer,
    ];

    /// As whom a member of this role acts in the platform tenant; none for the roles of the others.
    #[must_use]
    pub const fn platform(self) -> Option<PlatformRole> {
        match self {
            Self::PlatformAdmin => Some(PlatformRole::Admin),
            Self::PlatformSupport => Some(PlatformRole::Support),
            Self::PlatformBilling => Some(PlatformRole::Billing),
            Self::Owner | Self::Admin | Self::Billing | Self::Support | Self::Viewer => None,
        }
    }

    /// Whether a member of this tenant can have it.
    #[must_use]
    pub fn fits(self, tenant_id: TenantId) -> bool {
        self.platform().is_some() == (tenant_id == TenantId::PLATFORM)
    }

    /// The role without which a tenant would be nobody's.
    #[must_use]
    pub fn head(tenant_id: TenantId) -> Self {
        if tenant_id == TenantId::PLATFORM {
            Self::PlatformAdmin
        } else {
            Self::Owner
        }
    }
}

/// What one of the provider's people, or a program of its own, may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum PlatformRole {
    /// See [`Role::PlatformAdmin`].
    Admin,
    /// See [`Role::PlatformSupport`].
    Support,
    /// See [`Role::PlatformBilling`].
    Billing,
}

impl PlatformRole {
    /// As a member's.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Admin => Role::PlatformAdmin,
            Self::Support => Role::PlatformSupport,
            Self::Billing => Role::PlatformBilling,
        }
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
