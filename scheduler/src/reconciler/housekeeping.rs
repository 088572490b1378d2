//! What time brings: purges of what was deleted long enough ago, moves that were left unfinished, and
//! expired tokens and keys.

use berth_model::Result;
use chrono::TimeDelta;

use super::Reconciler;

impl Reconciler {
    pub(super) async fn housekeep(&self) {
        if let Err(error) = self.try_housekeep().await {
            tracing::warn!(%error, cause = error.cause_text(), "housekeeping failed");
        }
    }

    async fn try_housekeep(&self) -> Result<()> {
        let floor = TimeDelta::from_std(self.config.repair_floor).unwrap_or(TimeDelta::MAX);
        let purges = self
            .store
            .purges_enqueue(self.config.purge_limit, floor)
            .await?;
        if !purges.is_empty() {
            tracing::info!(
                count = purges.len(),
                "retention is over: purges are asked for"
            );
        }
        let (seen_at, unfinished) = self.store.moves_unfinished().await?;
        for moved in &unfinished {
            if self
                .store
                .repair_enqueue(moved, seen_at, floor)
                .await?
                .is_some()
            {
                let vm = moved.virtual_machine_id;
                tracing::info!(%vm, "a move was left unfinished: a repair is asked for");
            }
        }
        let removed = self.store.expired_remove().await?;
        tracing::debug!(
            removed.tokens,
            removed.keys,
            removed.sessions,
            "what expired is removed"
        );
        Ok(())
    }
}
