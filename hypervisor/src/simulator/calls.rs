//! [`Hypervisor`] by the model.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use berth_model::{Error, Result, Sha256};
use tokio::{sync::broadcast, time::sleep};
use uuid::Uuid;

use super::{SimulatedMachine, machine::blocking, upload};
use crate::{
    GuestEvent, GuestFacts, GuestSpec, Health, Hypervisor, MachineFacts, MoveProgress, MoveTarget,
    PoolFacts, ProbeTarget, VolumeFacts, VolumeSpec,
};

#[async_trait]
impl Hypervisor for SimulatedMachine {
    async fn machine_facts(&self) -> Result<MachineFacts> {
        self.call(|state, _| Ok(state.machine_facts())).await
    }

    async fn pool_facts(&self, pool: &str) -> Result<PoolFacts> {
        let pool = pool.to_owned();
        self.call(move |state, _| state.pool_facts(&pool)).await
    }

    async fn volume_list(&self, pool: &str) -> Result<Vec<VolumeFacts>> {
        let pool = pool.to_owned();
        self.call(move |state, _| state.volume_list(&pool)).await
    }

    async fn volume_get(&self, pool: &str, name: &str) -> Result<Option<VolumeFacts>> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.call(move |state, _| state.volume_get(&pool, &name))
            .await
    }

    async fn volume_create(&self, pool: &str, spec: &VolumeSpec) -> Result<()> {
        let (pool, spec) = (pool.to_owned(), spec.clone());
        self.call(move |state, _| state.volume_create(&pool, &spec))
            .await
    }

    async fn volume_upload(&self, pool: &str, name: &str, file: &Path) -> Result<()> {
        let (pool, name, path) = (pool.to_owned(), name.to_owned(), PathBuf::from(file));
        let (upload, virtual_bytes) =
            blocking(move || upload::look(&path).map_err(Error::internal)).await?;
        self.call(move |state, _| state.volume_upload(&pool, &name, upload, virtual_bytes))
            .await
    }

    async fn volume_digest(&self, pool: &str, name: &str, length: u64) -> Result<Sha256> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.call(move |state, _| state.volume_digest(&pool, &name, length))
            .await
    }

    async fn volume_grow(&self, pool: &str, name: &str, bytes: u64) -> Result<()> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.call(move |state, _| state.volume_grow(&pool, &name, bytes))
            .await
    }

    async fn volume_delete(&self, pool: &str, name: &str) -> Result<()> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.call(move |state, _| state.volume_delete(&pool, &name))
            .await
    }

    async fn volume_copy(&self, pool: &str, name: &str, to: &MoveTarget) -> Result<()> {
        self.volume_copied(pool, name, to).await
    }

    async fn guest_list(&self) -> Result<Vec<GuestFacts>> {
        self.call(|state, _| Ok(state.guest_list())).await
    }

    async fn guest_get(&self, id: Uuid) -> Result<Option<GuestFacts>> {
        self.call(move |state, _| Ok(state.guest_get(id))).await
    }

    async fn guest_define(&self, spec: &GuestSpec) -> Result<()> {
        let spec = spec.clone();
        self.call(move |state, _| state.guest_define(&spec)).await
    }

    async fn guest_start(&self, id: Uuid) -> Result<()> {
        self.call(move |state, now| state.guest_start(id, now))
            .await
    }

    async fn guest_shutdown(&self, id: Uuid) -> Result<()> {
        self.call(move |state, now| state.guest_shutdown(id, now))
            .await
    }

    async fn guest_power_off(&self, id: Uuid) -> Result<()> {
        self.call(move |state, _| {
            state.guest_power_off(id);
            Ok(())
        })
        .await
    }

    async fn guest_undefine(&self, id: Uuid) -> Result<()> {
        self.call(move |state, _| {
            state.guests.remove(&id);
            Ok(())
        })
        .await
    }

    async fn guest_seed_eject(&self, id: Uuid) -> Result<()> {
        self.call(move |state, _| state.guest_seed_eject(id)).await
    }

    async fn guest_move(&self, id: Uuid, to: &MoveTarget) -> Result<()> {
        self.moved(id, to).await
    }

    async fn guest_move_progress(&self, id: Uuid) -> Result<Option<MoveProgress>> {
        self.call(move |state, now| Ok(state.guest_move_progress(id, now)))
            .await
    }

    async fn guest_console(&self, id: Uuid, pool: &str, limit: usize) -> Result<String> {
        let pool = pool.to_owned();
        self.call(move |state, _| {
            state.pool_check(&pool)?;
            Ok(state.guest_console(id, limit))
        })
        .await
    }

    async fn guest_probe(&self, id: Uuid, target: &ProbeTarget) -> Result<Health> {
        let (inner, target) = (Arc::clone(&self.inner), target.clone());
        // Past the faults of calls: a guest is asked directly, not through its machine.
        blocking(move || inner.change(|state, _| Ok(state.probe(id, &target)))).await
    }

    fn events(&self) -> broadcast::Receiver<GuestEvent> {
        let receiver = self.inner.watch.sender.subscribe();
        self.inner.watch.task.get_or_init(|| {
            let (inner, period) = (Arc::downgrade(&self.inner), self.watch_period);
            tokio::spawn(async move {
                while let Some(inner) = inner.upgrade() {
                    let looked = blocking(move || {
                        inner.watch_once();
                        Ok(())
                    });
                    drop(looked.await);
                    sleep(period).await;
                }
            })
        });
        receiver
    }
}
