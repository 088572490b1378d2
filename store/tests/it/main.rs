//! The store on a real PostgreSQL: one binary, one file for each subject.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod audit;
mod catalogue;
mod deployment;
mod deployment_change;
mod deployment_shared;
mod idempotency;
mod identity_call;
mod keys;
mod members;
mod migrations;
mod notice;
mod pages;
mod policy;
mod policy_call;
mod realms;
mod tokens;
mod walls;
mod webhook_call;
mod webhook_delivery;
mod webhook_endpoint;
mod webhook_event;
mod world;
