//! The store on a real PostgreSQL: one binary, one file for each subject.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod audit;
mod catalogue;
mod deployment;
mod deployment_change;
mod deployment_shared;
mod idempotency;
mod identity_call;
mod invitations;
mod keys;
mod logs;
mod members;
mod migrations;
mod notice;
mod offer;
mod pages;
mod people_call;
mod policy;
mod policy_call;
mod realms;
mod reseller;
mod storefront;
mod support_grants;
mod tokens;
mod visitor;
mod walls;
mod webhook_call;
mod webhook_delivery;
mod webhook_endpoint;
mod webhook_event;
mod world;
