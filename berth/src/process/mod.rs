//! What every long-running process of Berth has: logs, metrics, readiness, roles, a graceful stop.

pub(crate) mod internal;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod parts;
pub(crate) mod roles;
pub(crate) mod stop;
