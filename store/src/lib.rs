//! PostgreSQL: rows, queries, authorisation beside them, claims. The only room that knows diesel.
//!
//! A function here owns its transaction. It begins one in the caller's scope (`Store::begin`),
//! asks the policy, does its work and commits; what the scope can't see does not exist for it.
//! Functions put the noun first: `deployment_create`.

mod account;
mod address;
mod address_range;
mod application;
mod application_version;
mod audit;
mod audit_entry;
mod check;
mod client;
mod connect;
mod courier;
mod cx;
mod deployment;
mod envelope;
mod error;
mod fleet;
mod fleet_demand;
mod fleet_move;
mod idempotency;
mod identity;
mod identity_provider;
mod identity_provider_change;
mod image;
mod invitation;
mod keyring;
mod keys;
mod machine;
mod member;
mod member_change;
mod migrate;
mod mutation;
mod network;
mod notice;
mod offer;
mod placement_policy;
mod placement_question;
mod plan;
mod queue;
mod rack;
mod reads;
mod reservation;
mod schema;
mod secret;
mod site;
mod sql;
mod storage_pool;
mod storefront;
mod storefront_change;
mod support_grant;
mod tenant;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
mod tx;
mod virtual_machine;
mod visitor;
mod volume;
mod webhook_delivery;
mod webhook_endpoint;
mod webhook_endpoint_change;
mod webhook_secret;

pub use audit::AuditLine;
pub use connect::{Store, StoreConfig};
pub use courier::{
    WebhookClaim, WebhookDepth, WebhookFannedOut, WebhookLane, WebhookOutcome, WebhookPurged,
    WebhookRecorded, WebhookWork,
};
pub use cx::{Cx, IdempotencyKey};
pub use deployment::DeploymentFilter;
pub use fleet::{
    Arrived, ClaimOutcome, CounterMismatch, DeploymentWork, GuestExpected, GuestWanted,
    MachineToCheck, MachineWork, MovesProgress, Purged, ReleaseMode, Relied, ReservationRequest,
    Settling, TransitRequest, TransitWork, VmWork,
};
pub use identity::IssuedTokens;
pub use keyring::Keyring;
pub use keys::{KeyUse, Rotation};
pub use migrate::{MigrateReport, migrate, migrate_down};
pub use notice::{NewNotice, NoticeDepth, NoticeFailure, NoticeWork};
pub use placement_question::PlacementQuestion;
pub use queue::{
    Claim, ClaimRequest, Hints, OperationFeed, OperationFilter, Outcome, QueueDepth, Signals, Wake,
};
pub use token::{IssuedToken, TokenInfo};
pub use visitor::PUBLIC_TOKEN;
