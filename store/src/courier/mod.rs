//! What couriers need: events become deliveries, deliveries are claimed with a lease, and what came
//! of an attempt is written down.
//!
//! A courier works outside of these transactions. One that dies loses its leases; another sends the
//! same again, under the same id.

mod claim;
mod depth;
mod housekeeping;
mod outbox;
mod record;

use berth_model::{Result, Scope};
use diesel_async::RunQueryDsl;

use crate::{Cx, Store, error::internal, tx::Tx};

pub use claim::{WebhookClaim, WebhookLane, WebhookWork};
pub use depth::WebhookDepth;
pub use housekeeping::WebhookPurged;
pub use outbox::WebhookFannedOut;
pub use record::{WebhookOutcome, WebhookRecorded};

/// How long a delivery is tried, and how long everything to an endpoint may fail.
pub(crate) const TRIED_FOR_HOURS: i64 = 72;

impl Store {
    async fn begin_courier(&self) -> Result<Tx> {
        self.begin_scope(Scope::Worker, &Cx::worker("courier"))
            .await
    }

    /// Wakes the couriers when the transaction commits.
    pub(crate) async fn wake_couriers(&self, tx: &mut Tx) -> Result<()> {
        diesel::sql_query("SELECT pg_notify('berth_webhook', '')")
            .execute(&mut **tx)
            .await
            .map(drop)
            .map_err(internal)
    }
}
