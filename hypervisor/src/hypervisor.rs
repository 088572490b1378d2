//! One machine, as Berth uses it.

use std::path::Path;

use async_trait::async_trait;
use berth_model::{Result, Sha256};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{
    GuestEvent, GuestFacts, GuestSpec, Health, MachineFacts, MoveProgress, MoveTarget, PoolFacts,
    ProbeTarget, VolumeFacts, VolumeSpec,
};

/// One machine.
///
/// Errors: [`berth_model::ErrorCode::MachineUnavailable`] when it can't be reached or a time limit
/// ran out (the outcome is then unknown: look again), [`berth_model::ErrorCode::MachineRefused`]
/// when it refused. Calls of one machine never wait for calls of another.
#[async_trait]
pub trait Hypervisor: Send + Sync {
    /// What the machine is and has (`virNodeGetInfo`, `virConnectGetCapabilities`).
    async fn machine_facts(&self) -> Result<MachineFacts>;

    /// A storage pool (`virStoragePoolGetInfo`).
    async fn pool_facts(&self, pool: &str) -> Result<PoolFacts>;

    /// All volumes of a pool, by name (`virStoragePoolListAllVolumes`, after a refresh).
    async fn volume_list(&self, pool: &str) -> Result<Vec<VolumeFacts>>;

    /// One volume; `None` if it isn't there (`virStorageVolLookupByName`).
    async fn volume_get(&self, pool: &str, name: &str) -> Result<Option<VolumeFacts>>;

    /// Makes a volume unless it is there (`virStorageVolCreateXML`). A volume that is there in
    /// another size or format, or on another base, is refused, never replaced; of
    /// [`crate::VolumeSource::Qcow2Upload`] only the format counts.
    async fn volume_create(&self, pool: &str, spec: &VolumeSpec) -> Result<()>;

    /// Writes a local file's bytes into a volume from its start (`virStorageVolUpload`). A raw
    /// volume smaller than the file is refused. Cut off in the middle it leaves a part: check by
    /// the digest.
    async fn volume_upload(&self, pool: &str, name: &str, file: &Path) -> Result<()>;

    /// The SHA-256 of the first `length` bytes of a volume (of all of it, if it is shorter), read
    /// back from the machine (`virStorageVolDownload`). A simulated machine knows only the digest
    /// of all that was uploaded.
    async fn volume_digest(&self, pool: &str, name: &str, length: u64) -> Result<Sha256>;

    /// Grows a volume to `bytes`; one that is as large already stays (`virStorageVolResize`). For a
    /// guest that is off: a volume of a running one is refused.
    async fn volume_grow(&self, pool: &str, name: &str, bytes: u64) -> Result<()>;

    /// Removes a volume; one that isn't there is fine (`virStorageVolDelete`). A volume in a drive
    /// of a running guest is refused.
    async fn volume_delete(&self, pool: &str, name: &str) -> Result<()>;

    /// Copies a raw volume's bytes into the volume of the same name in the target's pool, which
    /// must be there and as large at least, and reads them back to compare digests
    /// (`virStorageVolDownload`, `virStorageVolUpload`). A volume in a drive of a running guest is
    /// refused, here and there, and so is a copy that came out different. The volume here stays.
    /// Cut off in the middle it leaves a part there: copy again.
    async fn volume_copy(&self, pool: &str, name: &str, to: &MoveTarget) -> Result<()>;

    /// All guests, Berth's and others (`virConnectListAllDomains`).
    async fn guest_list(&self) -> Result<Vec<GuestFacts>>;

    /// One guest; `None` if it isn't there (`virDomainLookupByUUID`).
    async fn guest_get(&self, id: Uuid) -> Result<Option<GuestFacts>>;

    /// Defines a guest, or changes the definition of one that is off (`virDomainDefineXML`). One
    /// that runs stays if it is as asked, or its seed was ejected since; else it is refused. So is
    /// one that is arriving or leaving.
    async fn guest_define(&self, spec: &GuestSpec) -> Result<()>;

    /// Powers a guest on; one that runs is fine (`virDomainCreate`). One that is arriving or
    /// leaving is refused: it runs elsewhere.
    async fn guest_start(&self, id: Uuid) -> Result<()>;

    /// Presses the power button; returns at once; one that is off is fine (`virDomainShutdown`).
    async fn guest_shutdown(&self, id: Uuid) -> Result<()>;

    /// Pulls the plug; one that is off or isn't there is fine (`virDomainDestroy`). The move of one
    /// that is arriving is given up: it is gone from here, and runs on where it is; or stays here,
    /// off, if it was just gone from there.
    async fn guest_power_off(&self, id: Uuid) -> Result<()>;

    /// Removes a guest's definition and console, not its volumes; one that isn't there is fine
    /// (`virDomainUndefineFlags`). A guest that runs is powered off first.
    async fn guest_undefine(&self, id: Uuid) -> Result<()>;

    /// Takes the seed out of a guest's drive, now and for the next start; an empty drive is fine
    /// (`virDomainUpdateDeviceFlags`).
    async fn guest_seed_eject(&self, id: Uuid) -> Result<()>;

    /// Moves a running guest to another machine while it runs, with what is on its disks
    /// (`virDomainMigrate3`). There must be a volume of the same name, size and base for each disk
    /// in the target's pool, new or left by an earlier try. Afterwards it runs and is defined there
    /// alone; its volumes here stay and are the caller's to delete; its console here is gone. One
    /// that runs there already, and isn't here any more, is fine. It takes as long as it takes: the
    /// limit is on silence.
    ///
    /// Refused: a guest that is off, isn't here, isn't Berth's, is being moved already or has its
    /// seed in its drive; a target that has this guest as well, or lacks a volume. The guest then
    /// runs on here.
    ///
    /// When the caller goes away the move is given up, and the guest runs on here; unless it had
    /// arrived. Which of the two is unknown then, as after
    /// [`berth_model::ErrorCode::MachineUnavailable`], and [`Hypervisor::guest_get`] tells: ask the
    /// target first, then here, so that it can't slip through in between. It runs where it is
    /// [`crate::GuestPower::On`], which it never is on both. If it is on on neither,
    /// [`crate::GuestPower::Arriving`] there or [`crate::GuestPower::Leaving`] here, it stands
    /// still: call this again, which ends the move in one way or the other. A machine that can't be
    /// asked decides nothing; least of all that the guest may be started on the other.
    async fn guest_move(&self, id: Uuid, to: &MoveTarget) -> Result<()>;

    /// How far the move of a guest away from here is; `None` if none is going on, or the guest
    /// isn't here (`virDomainGetJobInfo`).
    async fn guest_move_progress(&self, id: Uuid) -> Result<Option<MoveProgress>>;

    /// The end of a guest's console since it was powered on or arrived here, `limit` bytes at most,
    /// as text with what isn't UTF-8 replaced. Empty if there is none.
    async fn guest_console(&self, id: Uuid, pool: &str, limit: usize) -> Result<String>;

    /// Asks a guest's application for its health: by HTTP for a real machine, by its model for a
    /// simulated one. An answer that can't be had is [`Health::Unreachable`], not an error.
    async fn guest_probe(&self, id: Uuid, target: &ProbeTarget) -> Result<Health>;

    /// What happens to guests, as hints: some may be lost. Closed when the machine is dropped.
    fn events(&self) -> broadcast::Receiver<GuestEvent>;
}
