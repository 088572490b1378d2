//! What a provider can set about a courier.

use std::{path::PathBuf, time::Duration};

use crate::Bounds;

/// How a courier works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CourierConfig {
    /// Where it may go.
    pub bounds: Bounds,
    /// Certificates (PEM) of authorities to trust beside the usual ones.
    pub ca_file: Option<PathBuf>,
    /// Attempts at a time at endpoints that answer; as many again at endpoints that fail.
    pub concurrency: usize,
    /// Attempts at a time at one endpoint that answers, over all couriers. At one that fails there
    /// is one at a time.
    pub per_endpoint: i64,
    /// The longest time of an attempt, from the name's resolution to the end of the answer.
    pub time_limit: Duration,
    /// How often it looks for work when no notification comes.
    pub poll: Duration,
}

impl Default for CourierConfig {
    fn default() -> Self {
        Self {
            bounds: Bounds::default(),
            ca_file: None,
            concurrency: 16,
            per_endpoint: 4,
            time_limit: Duration::from_secs(15),
            poll: Duration::from_secs(1),
        }
    }
}

impl CourierConfig {
    /// How long a claim holds: an attempt is over by then, and written down.
    pub(crate) fn lease(&self) -> Duration {
        self.time_limit * 2 + Duration::from_secs(30)
    }
}
