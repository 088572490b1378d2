//! The API on a real PostgreSQL, over real HTTP and WebSockets: one binary, one file for each
//! subject.

#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing fails, as it should"
)]

mod audit;
mod bad_input;
mod cors;
mod cost;
mod federation;
mod fleet;
mod graphiql;
mod guards;
mod http;
mod idempotency;
mod inputs;
mod interfaces;
mod isolation;
mod language;
mod languages;
mod limits;
mod matrix;
mod npm;
mod oauth;
mod operation_name;
mod pages;
mod proxy;
mod pypi;
mod revoked;
mod schema;
mod subscription;
mod support;
mod visitor;
mod webhooks;
mod world;
