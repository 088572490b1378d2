//! Decisions on a snapshot that serves several of them: reading a thousand machines takes longer than
//! deciding among them, and orders come together.
//!
//! A snapshot that is a moment old decides no worse, since the claim checks the counters in any
//! case, and never refuses: what doesn't fit on it is decided again on a fresh one. Decisions that
//! rely on more than counters are always made on a fresh one.

use std::collections::HashMap;

use berth_model::{ImageId, MachineId, Result, SiteId, Timestamp, VirtualMachineId};
use berth_placement::{Chosen, Decision, MoveRefused, Platform, Request};
use berth_store::Claim;
use chrono::TimeDelta;
use tokio::sync::Mutex;

use crate::Fleet;

/// By site, and by the image that is better already there.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<HashMap<(SiteId, ImageId), Snapshot>>);

struct Snapshot {
    /// With everything that was decided on it since.
    platform: Platform,
    read_at: Timestamp,
}

impl Fleet {
    /// Where it goes. Those that ask at the same time wait for one reading.
    pub(crate) async fn decide(
        &self,
        claim: &Claim,
        image: ImageId,
        request: &Request,
    ) -> Result<Decision> {
        let key = (request.site_id, image);
        let mut known = self.snapshots.0.lock().await;
        let now = self.clock.now();
        known.retain(|_, snapshot| self.is_fresh(snapshot, now));
        if request.held.is_none()
            && let Some(snapshot) = known.get_mut(&key)
        {
            let decision = snapshot.platform.decide(request);
            if decision.chosen.is_some() {
                return Ok(decision);
            }
        }
        known.remove(&key);
        let facts = self
            .store
            .fleet_snapshot(claim, request.site_id, image)
            .await?;
        let is_shared = !facts.policy.looks_at_reservations();
        let mut platform = Platform::new(facts);
        let decision = platform.decide(request);
        if is_shared {
            let read_at = now;
            known.insert(key, Snapshot { platform, read_at });
        }
        Ok(decision)
    }

    /// Whether a virtual machine may go to a machine, on a fresh snapshot with everything that is held.
    pub(crate) async fn decide_move(
        &self,
        claim: &Claim,
        site: SiteId,
        (vm, to): (VirtualMachineId, MachineId),
    ) -> Result<Result<Chosen, MoveRefused>> {
        let facts = self.store.fleet_snapshot_whole(claim, site).await?;
        Ok(Platform::of_site(facts).move_begin(vm, to))
    }

    /// A claim was lost: the snapshot is not how things are.
    pub(crate) async fn snapshot_forget(&self, site: SiteId, image: ImageId) {
        self.snapshots.0.lock().await.remove(&(site, image));
    }

    fn is_fresh(&self, snapshot: &Snapshot, now: Timestamp) -> bool {
        let age = TimeDelta::from_std(self.config.snapshot_age).unwrap_or(TimeDelta::MAX);
        now - snapshot.read_at < age
    }
}
