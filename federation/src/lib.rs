//! Signing in by identity providers (OpenID Connect Core 1.0, with PKCE and RFC 9207).
//!
//! An issuer may be a storefront's choice, which is a stranger's. So each request goes to an address
//! that was checked for it, follows nobody anywhere, and has its time and its size; and what comes of
//! it is told in words of ours alone, never in the issuer's.

mod http_client;
mod issuers;
mod metadata;
mod token;

pub use issuers::{FederationConfig, Issuers};
