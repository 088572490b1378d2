//! Signing in by identity providers: with oidc-provider, which nobody here wrote, and with an issuer
//! that forges.

mod attack;
mod flow;
mod forged;
mod link;
mod parts;
mod provider;
