//! Who asks, and what of the database that opens.

use uuid::Uuid;

use crate::{
    AccountId, ClientId, Locale, PlatformRole, Realm, Role, StorefrontId, SupportGrantId, TenantId,
    TokenScopes, states::states,
};

/// Who asks: an OAuth client, or a worker on Berth's own behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What it is.
    pub caller: Caller,
    /// The OAuth client; none for a worker and the command line.
    pub client_id: Option<ClientId>,
    /// The person that the client acts for, if it acts for one.
    pub account_id: Option<AccountId>,
    /// That person's leave, which the token descends from.
    pub grant_id: Option<Uuid>,
    /// By which grant one of the provider's people acts for a tenant.
    pub support_grant_id: Option<SupportGrantId>,
    /// The language that the person chose, if they chose one.
    pub locale: Option<Locale>,
    /// What its token opens of that which it may do.
    pub scopes: TokenScopes,
}

/// The kinds of actors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The provider's staff or automation.
    Platform(PlatformRole),
    /// A storefront: acts for the tenants that came through it.
    Storefront(StorefrontId),
    /// A tenant's own client or one of its members, with a role.
    Tenant(TenantId, Role),
    /// A person of a realm, who acts for no tenant.
    Account(AccountId, Realm),
    /// Anybody who looks at a storefront, with its public token.
    Visitor(StorefrontId),
    /// A worker, by its name.
    Worker(String),
}

states! {
    /// What a token acts as.
    pub enum ViewerKind {
        /// The provider.
        Platform = "PLATFORM",
        /// A storefront.
        Storefront = "STOREFRONT",
        /// A tenant's own client, or one of its members.
        Tenant = "TENANT",
        /// A person who acts for no tenant.
        Account = "ACCOUNT",
        /// Anybody who looks at a storefront.
        Visitor = "VISITOR",
    }
}

impl Caller {
    /// One who has a role in a tenant: in the platform tenant the provider itself.
    #[must_use]
    pub const fn member(tenant_id: TenantId, role: Role) -> Self {
        match role.platform() {
            Some(role) => Self::Platform(role),
            None => Self::Tenant(tenant_id, role),
        }
    }
}

impl ViewerKind {
    /// Of a caller. No token makes a worker; it would see what the provider sees.
    #[must_use]
    pub const fn of(caller: &Caller) -> Self {
        match caller {
            Caller::Storefront(_) => Self::Storefront,
            Caller::Tenant(..) => Self::Tenant,
            Caller::Account(..) => Self::Account,
            Caller::Visitor(_) => Self::Visitor,
            Caller::Platform(_) | Caller::Worker(_) => Self::Platform,
        }
    }
}

impl Actor {
    /// One who comes without a token, such as the command line: nothing narrows what it may do.
    #[must_use]
    pub fn new(caller: Caller) -> Self {
        Self {
            caller,
            client_id: None,
            account_id: None,
            grant_id: None,
            support_grant_id: None,
            locale: None,
            scopes: TokenScopes::all(),
        }
    }

    /// The provider, for the command line.
    #[must_use]
    pub fn platform() -> Self {
        Self::new(Caller::Platform(PlatformRole::Admin))
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
            Caller::Platform(_) => Scope::platform("the provider asks"),
            Caller::Storefront(id) => Scope::Storefront(*id),
            Caller::Tenant(id, _) => Scope::Tenant(*id),
            Caller::Account(id, _) => Scope::Account(*id),
            Caller::Visitor(id) => Scope::Visitor(*id),
            Caller::Worker(_) => Scope::Worker,
        }
    }

    /// A name for logs and the audit log.
    #[must_use]
    pub fn name(&self) -> String {
        let caller = match &self.caller {
            Caller::Platform(PlatformRole::Admin) => "platform".to_owned(),
            Caller::Platform(role) => role.role().to_string(),
            Caller::Storefront(id) => id.to_string(),
            Caller::Tenant(id, role) => format!("{id}/{role}"),
            Caller::Account(id, _) => return id.to_string(),
            Caller::Visitor(id) => format!("{id}/visitor"),
            Caller::Worker(name) => format!("worker/{name}"),
        };
        match (self.account_id, self.support_grant_id) {
            (Some(account), Some(grant)) => format!("{account}/{grant}/{caller}"),
            (Some(account), None) => format!("{account}/{caller}"),
            (None, _) => caller,
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
    /// One person, and the tenants that they are a member of.
    Account(AccountId),
    /// The sign-in pages of one realm: the only way to what proves who somebody is.
    Login(Realm),
    /// What anybody sees of one storefront: its catalogue, its prices, its brand.
    Visitor(StorefrontId),
}

impl Scope {
    /// Everything, for a reason.
    #[must_use]
    pub const fn platform(reason: &'static str) -> Self {
        Self::Platform { reason }
    }
}
