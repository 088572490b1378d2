//! [`Hypervisor`] by libvirt: each call goes to a thread of the machine.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use berth_model::{Result, Sha256};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::{
    LibvirtConfig, calls::Calls, console, copy, events::Events, facts, guests, moves, transfer,
    volumes, watch,
};
use crate::{
    GuestEvent, GuestFacts, GuestSpec, Health, Hypervisor, MachineFacts, MoveProgress, MoveTarget,
    PoolFacts, ProbeTarget, Prober, VolumeFacts, VolumeSpec,
};

/// A machine with libvirtd, or libvirt's test driver.
#[derive(Debug)]
pub struct LibvirtMachine {
    calls: Calls,
    events: Events,
    prober: Prober,
    config: LibvirtConfig,
}

impl LibvirtMachine {
    /// A machine by its connection URI (<https://libvirt.org/uri.html>). Connects when it is first
    /// needed. `name` stands for it in logs and metrics.
    ///
    /// # Errors
    ///
    /// Internal, if the HTTP library of probes can't start.
    pub fn connect(name: &str, uri: &str, config: LibvirtConfig) -> Result<Self> {
        Ok(Self {
            calls: Calls::new(name, uri, config.clone()),
            events: Events::new(),
            prober: Prober::new()?,
            config,
        })
    }
}

#[async_trait]
impl Hypervisor for LibvirtMachine {
    async fn machine_facts(&self) -> Result<MachineFacts> {
        self.calls
            .run("machine_facts", |connect, _| facts::machine(connect))
            .await
    }

    async fn pool_facts(&self, pool: &str) -> Result<PoolFacts> {
        let pool = pool.to_owned();
        self.calls
            .run("pool_facts", move |connect, _| {
                volumes::pool_facts(connect, &pool)
            })
            .await
    }

    async fn volume_list(&self, pool: &str) -> Result<Vec<VolumeFacts>> {
        let pool = pool.to_owned();
        self.calls
            .run("volume_list", move |connect, _| {
                volumes::list(connect, &pool)
            })
            .await
    }

    async fn volume_get(&self, pool: &str, name: &str) -> Result<Option<VolumeFacts>> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.calls
            .run("volume_get", move |connect, _| {
                volumes::patiently(|| volumes::get(connect, &pool, &name))
            })
            .await
    }

    async fn volume_create(&self, pool: &str, spec: &VolumeSpec) -> Result<()> {
        let (pool, spec) = (pool.to_owned(), spec.clone());
        self.calls
            .run("volume_create", move |connect, _| {
                volumes::patiently(|| volumes::create(connect, &pool, &spec))
            })
            .await
    }

    async fn volume_upload(&self, pool: &str, name: &str, file: &Path) -> Result<()> {
        let (pool, name, file) = (pool.to_owned(), name.to_owned(), PathBuf::from(file));
        self.calls
            .run("volume_upload", move |connect, pulse| {
                volumes::patiently(|| transfer::upload(connect, pulse, &pool, &name, &file))
            })
            .await
    }

    async fn volume_digest(&self, pool: &str, name: &str, length: u64) -> Result<Sha256> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.calls
            .run("volume_digest", move |connect, pulse| {
                volumes::patiently(|| transfer::digest(connect, pulse, &pool, &name, length))
            })
            .await
    }

    async fn volume_grow(&self, pool: &str, name: &str, bytes: u64) -> Result<()> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.calls
            .run("volume_grow", move |connect, _| {
                volumes::patiently(|| volumes::grow(connect, &pool, &name, bytes))
            })
            .await
    }

    async fn volume_delete(&self, pool: &str, name: &str) -> Result<()> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.calls
            .run("volume_delete", move |connect, _| {
                volumes::patiently(|| volumes::delete(connect, &pool, &name))
            })
            .await
    }

    async fn volume_copy(&self, pool: &str, name: &str, to: &MoveTarget) -> Result<()> {
        let (pool, name, to, calls) = (
            pool.to_owned(),
            name.to_owned(),
            to.clone(),
            self.calls.clone(),
        );
        self.calls
            .run_long("volume_copy", move |connect, pulse| {
                copy::volume(&calls, connect, pulse, (&pool, &name), &to)
            })
            .await
    }

    async fn guest_list(&self) -> Result<Vec<GuestFacts>> {
        self.calls
            .run("guest_list", |connect, _| facts::guest_list(connect))
            .await
    }

    async fn guest_get(&self, id: Uuid) -> Result<Option<GuestFacts>> {
        self.calls
            .run("guest_get", move |connect, _| facts::guest_get(connect, id))
            .await
    }

    async fn guest_define(&self, spec: &GuestSpec) -> Result<()> {
        let spec = spec.clone();
        self.calls
            .run("guest_define", move |connect, _| {
                guests::define(connect, &spec)
            })
            .await
    }

    async fn guest_start(&self, id: Uuid) -> Result<()> {
        self.calls
            .run("guest_start", move |connect, _| guests::start(connect, id))
            .await
    }

    async fn guest_shutdown(&self, id: Uuid) -> Result<()> {
        self.calls
            .run("guest_shutdown", move |connect, _| {
                guests::shutdown(connect, id)
            })
            .await
    }

    async fn guest_power_off(&self, id: Uuid) -> Result<()> {
        self.calls
            .run("guest_power_off", move |connect, _| {
                guests::power_off(connect, id)
            })
            .await
    }

    async fn guest_undefine(&self, id: Uuid) -> Result<()> {
        self.calls
            .run("guest_undefine", move |connect, _| {
                guests::undefine(connect, id)
            })
            .await
    }

    async fn guest_seed_eject(&self, id: Uuid) -> Result<()> {
        self.calls
            .run("guest_seed_eject", move |connect, _| {
                guests::seed_eject(connect, id)
            })
            .await
    }

    async fn guest_move(&self, id: Uuid, to: &MoveTarget) -> Result<()> {
        let (to, calls) = (to.clone(), self.calls.clone());
        self.calls
            .run_long("guest_move", move |connect, pulse| {
                moves::run(&calls, connect, pulse, id, &to)
            })
            .await
    }

    async fn guest_move_progress(&self, id: Uuid) -> Result<Option<MoveProgress>> {
        self.calls
            .run("guest_move_progress", move |connect, _| {
                watch::progress(connect, id)
            })
            .await
    }

    async fn guest_console(&self, id: Uuid, pool: &str, limit: usize) -> Result<String> {
        let pool = pool.to_owned();
        self.calls
            .run("guest_console", move |connect, pulse| {
                console::tail(connect, pulse, id, &pool, limit)
            })
            .await
    }

    async fn guest_probe(&self, _id: Uuid, target: &ProbeTarget) -> Result<Health> {
        Ok(self.prober.probe(target).await)
    }

    fn events(&self) -> broadcast::Receiver<GuestEvent> {
        self.events
            .receiver(&self.calls, self.config.events_backoff_limit)
    }
}
