//! Tells storefronts and the provider what changes: takes events from the outbox, signs them as
//! Standard Webhooks says (<https://www.standardwebhooks.com>), and sends them to addresses that
//! were checked for this very connection.
//!
//! Each delivery is made at least once. The store knows what is due and holds the claims; this room
//! is the only one that sends webhooks, and holds no transaction while it does.

mod config;
mod courier;
mod gauges;
mod resolve;
mod retry_after;
mod schedule;
mod send;
mod sign;

pub use berth_outbound::{Bounds, Names, SystemNames};
pub use config::CourierConfig;
pub use courier::Courier;
pub use gauges::{metrics_describe, webhook_gauges_refresh};
pub use resolve::Destinations;
