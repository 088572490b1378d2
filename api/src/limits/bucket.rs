//! Whose buckets of cost there are: each token's, and one for all tokens of a tenant, a storefront or
//! a client.

use std::net::IpAddr;

use berth_model::{AccountId, ClientId, StorefrontId, TenantId};

/// All buckets of this process.
pub(crate) type Buckets = berth_model::Buckets<BucketKey>;

/// Whose bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum BucketKey {
    /// A token, by its hash: the token itself isn't kept.
    Token([u8; 32]),
    /// A tenant.
    Tenant(TenantId),
    /// A storefront.
    Storefront(StorefrontId),
    /// Who reads a storefront with its public token, by their address; `None`: it isn't known.
    Visitor(StorefrontId, Option<IpAddr>),
    /// A person who acts for no tenant.
    Account(AccountId),
    /// A client of the provider's.
    Client(ClientId),
    /// A client, at the token endpoint.
    Issue(ClientId),
    /// A client id that somebody gave with a wrong secret, whether there is such a client or not;
    /// `None`: a text that is no id.
    Failure(Option<ClientId>),
}
