//! OAuth clients.

use crate::{ClientId, Role, StorefrontId, TenantId, Timestamp, states::states};

states! {
    /// What a client acts as.
    pub enum ClientKind {
        /// The provider's automation.
        Platform = "PLATFORM",
        /// A storefront.
        Storefront = "STOREFRONT",
        /// A tenant's own script.
        Tenant = "TENANT",
    }
}

/// An OAuth client (RFC 6749 section 2), confidential. Its secret is shown once and kept as a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// What it acts as.
    pub kind: ClientKind,
    /// For people.
    pub name: String,
    /// For [`ClientKind::Storefront`].
    pub storefront_id: Option<StorefrontId>,
    /// For [`ClientKind::Tenant`] its tenant, else the platform's.
    pub tenant_id: TenantId,
    /// For [`ClientKind::Tenant`].
    pub role: Option<Role>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a new client acts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum ClientFor {
    /// The provider.
    Platform,
    /// A storefront.
    Storefront(StorefrontId),
    /// A tenant, with a role.
    Tenant(TenantId, Role),
}
