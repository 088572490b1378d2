//! Decisions on a snapshot that serves several of them: reading a thousand machines takes longer than
//! deciding among them, and orders come together.
//!
//! A snapshot that is a moment old decides no worse, since the claim checks the counters in any
//! case, and never refuses: what doesn't fit on it is decided again on a fresh one. Decisions that
//! rely on more than counters are always made on a fresh one.

use std::{
    collections::HashMap,
    sync::{MutexGuard, PoisonError},
};

use berth_model::{ImageId, MachineId, Result, SiteId, Timestamp, VirtualMachineId};
use berth_placement::{Chosen, Decision, MoveRefused, Platform, Request};
use berth_store::Claim;
use chrono::TimeDelta;
use tokio::sync::Mutex;

use crate::Fleet;

/// How long after a lost claim others are expected to place at the same time.
const CONTENDED: TimeDelta = TimeDelta::minutes(1);

#[derive(Default)]
pub(crate) struct Snapshots {
    /// By site, and by the image that is better already there.
    known: Mutex<HashMap<(SiteId, ImageId), Snapshot>>,
    lost_at: std::sync::Mutex<Option<Timestamp>>,
}

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
        let mut known = self.snapshots.known.lock().await;
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
        *self.lost_at() = Some(self.clock.now());
        self.snapshots.known.lock().await.remove(&(site, image));
    }

    /// Whether another process seems to place too: then places that are as good are claimed with the
    /// best, which costs a little.
    pub(crate) fn is_contended(&self) -> bool {
        let now = self.clock.now();
        self.lost_at()
            .is_some_and(|lost_at| now - lost_at < CONTENDED)
    }

    fn lost_at(&self) -> MutexGuard<'_, Option<Timestamp>> {
        let lost_at = self.snapshots.lost_at.lock();
        lost_at.unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fresh(&self, snapshot: &Snapshot, now: Timestamp) -> bool {
        let age = TimeDelta::from_std(self.config.snapshot_age).unwrap_or(TimeDelta::MAX);
        now - snapshot.read_at < age
    }
}
