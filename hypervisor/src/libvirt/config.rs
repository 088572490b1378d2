//! Limits of a machine's connections.

use std::time::Duration;

/// How a machine is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibvirtConfig {
    /// How long a call may take, with opening its connection. A transfer may take longer as long as
    /// bytes move: the limit is then one on silence.
    pub call_timeout: Duration,
    /// Calls at the same time, each with a connection. More wait for their turn.
    pub connections: usize,
    /// Calls that ran out of time and have not come back. More than these, and every call fails at
    /// once until one comes back.
    pub stuck_limit: usize,
    /// Between two keepalive messages (`virConnectSetKeepAlive`), in seconds. 0: none.
    pub keepalive_seconds: u16,
    /// Keepalive messages without an answer until a connection counts as broken.
    pub keepalive_count: u16,
    /// The longest wait between two attempts to subscribe to events; the first is after a second.
    pub events_backoff_limit: Duration,
}

impl Default for LibvirtConfig {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(30),
            connections: 4,
            stuck_limit: 8,
            keepalive_seconds: 5,
            keepalive_count: 3,
            events_backoff_limit: Duration::from_secs(60),
        }
    }
}
