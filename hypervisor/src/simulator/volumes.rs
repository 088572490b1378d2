//! Volumes of a simulated machine, by the rules of a libvirt pool.

use berth_model::{Result, Sha256};
use sha2::Digest;

use super::{SimulatedUpload, SimulatedVolume, SimulatorState, faults::refused};
use crate::{VolumeFacts, VolumeFormat, VolumeSource, VolumeSpec};

impl SimulatorState {
    pub(super) fn volume_list(&self, pool: &str) -> Result<Vec<VolumeFacts>> {
        self.pool_check(pool)?;
        Ok(self
            .volumes
            .iter()
            .map(|(name, volume)| volume.facts(name))
            .collect())
    }

    pub(super) fn volume_get(&self, pool: &str, name: &str) -> Result<Option<VolumeFacts>> {
        self.pool_check(pool)?;
        Ok(self.volumes.get(name).map(|volume| volume.facts(name)))
    }

    pub(super) fn volume_create(&mut self, pool: &str, spec: &VolumeSpec) -> Result<()> {
        self.pool_check(pool)?;
        let format = spec.source.format();
        let backing = self.base_check(spec)?;
        if let Some(volume) = self.volumes.get(&spec.name) {
            let any_size = spec.source == VolumeSource::Qcow2Upload;
            let same = volume.format == format
                && (any_size || volume.bytes == spec.bytes)
                && volume.backing == backing;
            if same {
                return Ok(());
            }
            return Err(refused(format!(
                "The volume {} is there already, but is {:?} of {} bytes.",
                spec.name, volume.format, volume.bytes
            )));
        }
        self.space_check(spec.bytes)?;
        let volume = SimulatedVolume {
            format,
            bytes: spec.bytes,
            backing,
            upload: None,
            data: None,
        };
        self.volumes.insert(spec.name.clone(), volume);
        self.peak_pool_bytes = self.peak_pool_bytes.max(self.promised_bytes());
        Ok(())
    }

    /// The volume that an overlay shall lie on.
    fn base_check(&self, spec: &VolumeSpec) -> Result<Option<String>> {
        let VolumeSource::OverlayOn(name) = &spec.source else {
            return Ok(None);
        };
        let base = self.volumes.get(name).ok_or_else(|| missing(name))?;
        if base.format != VolumeFormat::Qcow2 || base.bytes > spec.bytes {
            return Err(refused(format!(
                "An overlay of {} bytes can't lie on {name}, which is {:?} of {} bytes.",
                spec.bytes, base.format, base.bytes
            )));
        }
        Ok(Some(name.clone()))
    }

    /// A real pool is thin and would take it; here selling too much is found out at once.
    fn space_check(&self, more: u64) -> Result<()> {
        let promised = self.promised_bytes() + more;
        if self.faults.no_space || promised > self.pool_bytes {
            return Err(refused(format!(
                "No space: {promised} of {} bytes are promised (overcommitted).",
                self.pool_bytes
            )));
        }
        Ok(())
    }

    /// What all volumes can grow to.
    fn promised_bytes(&self) -> u64 {
        self.volumes.values().map(|volume| volume.bytes).sum()
    }

    pub(super) fn volume_upload(
        &mut self,
        pool: &str,
        name: &str,
        upload: SimulatedUpload,
        virtual_bytes: Option<u64>,
    ) -> Result<()> {
        self.pool_check(pool)?;
        if self.faults.no_space {
            return Err(refused("No space left on the machine."));
        }
        let volume = self.volumes.get_mut(name).ok_or_else(|| missing(name))?;
        if volume.format == VolumeFormat::Raw && upload.bytes > volume.bytes {
            return Err(refused(format!(
                "A file of {} bytes does not fit the volume {name} of {}.",
                upload.bytes, volume.bytes
            )));
        }
        if volume.format == VolumeFormat::Qcow2 {
            volume.bytes = virtual_bytes.unwrap_or(volume.bytes);
        }
        volume.upload = Some(upload);
        Ok(())
    }

    pub(super) fn volume_digest(&self, pool: &str, name: &str, length: u64) -> Result<Sha256> {
        self.pool_check(pool)?;
        let volume = self.volumes.get(name).ok_or_else(|| missing(name))?;
        match &volume.upload {
            Some(upload) if upload.bytes == length => upload.sha256.parse(),
            Some(upload) => Err(refused(format!(
                "A simulated machine knows the digest of all {} bytes uploaded, not of {length}.",
                upload.bytes
            ))),
            None => Ok(zeros(length.min(volume.bytes))),
        }
    }

    pub(super) fn volume_grow(&mut self, pool: &str, name: &str, bytes: u64) -> Result<()> {
        self.pool_check(pool)?;
        let now = self.volumes.get(name).ok_or_else(|| missing(name))?.bytes;
        if now >= bytes {
            return Ok(());
        }
        self.idle_check(name)?;
        self.space_check(bytes - now)?;
        if let Some(volume) = self.volumes.get_mut(name) {
            volume.bytes = bytes;
        }
        self.peak_pool_bytes = self.peak_pool_bytes.max(self.promised_bytes());
        Ok(())
    }

    pub(super) fn volume_delete(&mut self, pool: &str, name: &str) -> Result<()> {
        self.pool_check(pool)?;
        if self.volumes.contains_key(name) {
            self.idle_check(name)?;
        }
        self.volumes.remove(name);
        Ok(())
    }

    pub(super) fn idle_check(&self, name: &str) -> Result<()> {
        match self.active().find(|guest| guest.uses(name)) {
            Some(guest) => Err(refused(format!(
                "The volume {name} is in use by the running guest {}.",
                guest.name
            ))),
            None => Ok(()),
        }
    }
}

pub(super) fn missing(name: &str) -> berth_model::Error {
    refused(format!("A machine has no volume {name}."))
}

fn zeros(length: u64) -> Sha256 {
    let chunk = [0; 64 * 1024];
    let mut hasher = sha2::Sha256::new();
    let mut rest = length;
    while rest > 0 {
        let step = rest.min(chunk.len() as u64);
        hasher.update(&chunk[..usize::try_from(step).unwrap_or(chunk.len())]);
        rest -= step;
    }
    Sha256(hasher.finalize().into())
}
