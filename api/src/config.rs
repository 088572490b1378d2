//! Settings of the API, with defaults that fit a provider with some thousand operators.

use std::time::Duration;

use berth_model::{Bucket, TrustedProxies};

/// Settings.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Where clients reach it, such as `https://api.example.org`: OAuth's issuer. No slash at the
    /// end.
    pub public_url: String,
    /// The provider's name, on the pages where its own people sign in.
    pub provider_name: String,
    /// Whose word counts for whom they ask, by `X-Forwarded-For`. Of others the address itself counts.
    pub trusted_proxies: TrustedProxies,
    /// What a request may cost.
    pub limits: Limits,
}

/// Limits. Reaching one is an error that names it and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Body of a request and a WebSocket message, in bytes.
    pub body_bytes: usize,
    /// Nested fields. Introspection has its own, [`Limits::introspection_depth`].
    pub depth: usize,
    /// Nested fields below `__schema` and `__type`: GraphiQL's own question needs 16.
    pub introspection_depth: usize,
    /// Whether `__schema` and `__type` are answered.
    pub introspection: bool,
    /// Arguments in a document, of fields and of directives. Checking them takes the square of it.
    pub arguments: usize,
    /// Variables that a document declares.
    pub variables: usize,
    /// Aliases in a document.
    pub aliases: usize,
    /// Directives in a document.
    pub directives: usize,
    /// Fragments in a document.
    pub fragments: usize,
    /// Fields at the root, fragments spread.
    pub root_fields: usize,
    /// Fields in all, fragments spread.
    pub fields: usize,
    /// Estimated cost of one request.
    pub cost: i64,
    /// Bucket of a token.
    pub token_bucket: Bucket,
    /// Bucket of a tenant, a storefront, or a client of the provider: all of its tokens together.
    pub owner_bucket: Bucket,
    /// Bucket of an address that reads a storefront with its public token.
    pub visitor_bucket: Bucket,
    /// Bucket of a client at the token endpoint, in tokens issued.
    pub issue_bucket: Bucket,
    /// Bucket of a client id at the token endpoint, in refused credentials. Who has the right
    /// secret isn't held up by it.
    pub failure_bucket: Bucket,
    /// Buckets kept in memory at most.
    pub buckets: usize,
    /// How long a query or a mutation may take.
    pub time: Duration,
    /// Open WebSocket connections.
    pub connections: usize,
    /// Operations that run at once on one WebSocket connection.
    pub streams: usize,
    /// How often a subscription looks by itself, should a notification be lost. Also how late a
    /// token's end is noticed at most.
    pub poll: Duration,
    /// How often a WebSocket client is asked whether it is there; a client that stays silent is
    /// closed.
    pub ping: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            depth: 15,
            introspection_depth: 20,
            introspection: true,
            arguments: 1_000,
            variables: 200,
            aliases: 100,
            directives: 50,
            fragments: 100,
            root_fields: 50,
            fields: 2_000,
            cost: 10_000,
            token_bucket: Bucket {
                size: 50_000,
                restore_per_second: 1_000,
            },
            owner_bucket: Bucket {
                size: 100_000,
                restore_per_second: 2_000,
            },
            visitor_bucket: Bucket {
                size: 10_000,
                restore_per_second: 200,
            },
            issue_bucket: Bucket {
                size: 60,
                restore_per_second: 1,
            },
            failure_bucket: Bucket {
                size: 10,
                restore_per_second: 1,
            },
            buckets: 100_000,
            time: Duration::from_secs(30),
            connections: 10_000,
            streams: 50,
            poll: Duration::from_secs(5),
            ping: Duration::from_secs(20),
        }
    }
}
