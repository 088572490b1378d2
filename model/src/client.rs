//! OAuth clients.

use crate::{
    Caller, ClientId, PlatformRole, Realm, RedirectUri, Role, StorefrontId, TenantId, Timestamp,
    TokenScopes, policy, states::states,
};

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

/// An OAuth client (RFC 6749 section 2). Its secret, if it can keep one, is shown once and kept as a
/// hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// For people.
    pub name: String,
    /// Whom it acts for.
    pub acts_for: ClientFor,
    /// What its tokens can open.
    pub scopes: TokenScopes,
    /// Where people whom it asks are sent back to. None: it acts in its own name alone.
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether it runs where no secret can be kept, in a browser or on a phone (section 2.1). Then it
    /// does nothing in its own name.
    pub is_public: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whom a client acts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum ClientFor {
    /// The provider, with a role.
    Platform(PlatformRole),
    /// A storefront.
    Storefront(StorefrontId),
    /// A tenant, with a role.
    Tenant(TenantId, Role),
}

impl ClientFor {
    /// The provider, with everything that it may do.
    pub const PROVIDER: Self = Self::Platform(PlatformRole::Admin);

    /// What it acts as.
    #[must_use]
    pub const fn kind(self) -> ClientKind {
        match self {
            Self::Platform(_) => ClientKind::Platform,
            Self::Storefront(_) => ClientKind::Storefront,
            Self::Tenant(..) => ClientKind::Tenant,
        }
    }

    /// The storefront, if it is one.
    #[must_use]
    pub const fn storefront_id(self) -> Option<StorefrontId> {
        match self {
            Self::Storefront(id) => Some(id),
            Self::Platform(_) | Self::Tenant(..) => None,
        }
    }

    /// The tenant that its rows belong to: the platform's, unless it is a tenant's own.
    #[must_use]
    pub const fn tenant_id(self) -> TenantId {
        match self {
            Self::Tenant(id, _) => id,
            Self::Platform(_) | Self::Storefront(_) => TenantId::PLATFORM,
        }
    }

    /// Its role in its tenant.
    #[must_use]
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Tenant(_, role) => Some(role),
            Self::Platform(role) => Some(role.role()),
            Self::Storefront(_) => None,
        }
    }

    /// Whose people it can ask: a tenant's own script asks nobody.
    #[must_use]
    pub const fn realm(self) -> Option<Realm> {
        match self {
            Self::Platform(_) => Some(Realm::PROVIDER),
            Self::Storefront(id) => Some(Realm(Some(id))),
            Self::Tenant(..) => None,
        }
    }

    /// As whom it calls.
    #[must_use]
    pub const fn caller(self) -> Caller {
        match self {
            Self::Platform(role) => Caller::Platform(role),
            Self::Storefront(id) => Caller::Storefront(id),
            Self::Tenant(id, role) => Caller::Tenant(id, role),
        }
    }

    /// Every scope that opens anything to it.
    #[must_use]
    pub fn scopes(self) -> TokenScopes {
        policy::scopes(&self.caller())
    }
}

/// What `clientCreate` takes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ClientCreate {
    /// 1 to 100 characters.
    pub name: String,
    /// Whom it acts for.
    pub acts_for: ClientFor,
    /// What its tokens can open; unless said, everything that such a client may do.
    pub scopes: Option<TokenScopes>,
    /// Where people whom it asks are sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether it can keep no secret.
    pub is_public: bool,
}

impl ClientCreate {
    /// One that may do everything that such a client may.
    pub fn new(name: impl Into<String>, acts_for: ClientFor) -> Self {
        Self {
            name: name.into(),
            acts_for,
            scopes: None,
            redirect_uris: Vec::new(),
            is_public: false,
        }
    }
}
