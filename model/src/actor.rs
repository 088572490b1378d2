//! Who asks, and what of the database that opens.

use crate::{ClientId, Role, StorefrontId, TenantId, TokenScopes};

/// Who asks: an OAuth client, or a worker on Berth's own behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What it is.
    pub caller: Caller,
    /// The OAuth client; none for a worker and the command line.
    pub client_id: Option<ClientId>,
    /// What its token opens of that which it may do.
    pub scopes: TokenScopes,
}

/// The kinds of actors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The provider's staff or automation.
    Platform,
    /// A storefront: acts for the tenants that came through it.
    Storefront(StorefrontId),
    /// A tenant's own client, with a role.
    Tenant(TenantId, Role),
    /// A worker, by its name.
    Worker(String),
}

impl Actor {
    /// One who comes without a token, such as the command line: nothing narrows what it may do.
    #[must_use]
    pub fn new(caller: Caller) -> Self {
        Self {
            caller,
            client_id: None,
            scopes: TokenScopes::all(),
        }
    }

    /// A worker.
    #[must_use]
    pub fn worker(name: impl Into<String>) -> Self {
        Self::new(Caller::Worker(name.into()))
    }

    /// What the store lets it see: a tenant, a storefront's tenants, or everything.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match &self.caller {
            Caller::Platform => Scope::platform("the provider asks"),
            Caller::Storefront(id) => Scope::Storefront(*id),
            Caller::Tenant(id, _) => Scope::Tenant(*id),
            Caller::Worker(_) => Scope::Worker,
        }
    }

    /// A name for logs and the audit log.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.caller {
            Caller::Platform => "platform".to_owned(),
            Caller::Storefront(id) => id.to_string(),
            Caller::Tenant(id, role) => format!("{id}/{role}"),
            Caller::Worker(name) => format!("worker/{name}"),
        }
    }
}

/// The part of the database that a transaction sees. Each is a role of PostgreSQL with its own
/// row-level policies (DESIGN.md principle 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One tenant.
    Tenant(TenantId),
    /// The tenants of one storefront.
    Storefront(StorefrontId),
    /// Everything, for a reason that one can search for.
    Platform {
        /// Why.
        reason: &'static str,
    },
    /// Everything, for a worker.
    Worker,
    /// Clients and tokens only: before the caller is known.
    Auth,
}

impl Scope {
    /// Everything, for a reason.
    #[must_use]
    pub const fn platform(reason: &'static str) -> Self {
        Self::Platform { reason }
    }
}
