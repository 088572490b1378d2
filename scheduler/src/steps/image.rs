//! The image on the machine: uploaded once, and believed only after its bytes were read back.

use std::{io::Read, path::PathBuf};

use berth_hypervisor::{VolumeSource, VolumeSpec};
use berth_model::{Error, ErrorCode, Result, Sha256};
use sha2::Digest;

use crate::{
    names,
    task::{Host, StepResult, Task, done, unsigned},
};

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    bring(task, &task.host()?).await
}

/// Brings it to the machine that the virtual machine is on, or goes to.
pub(crate) async fn bring(task: &Task<'_>, host: &Host) -> StepResult {
    if is_there(task, host).await? {
        return done("The image is there");
    }
    let lock = task.fleet.upload_lock(host.id, task.vm.image.id);
    let _one_at_a_time = lock.lock().await;
    if is_there(task, host).await? {
        return done("The image is there");
    }
    upload(task, host).await?;
    done("The image is uploaded and checked")
}

async fn is_there(task: &Task<'_>, host: &Host) -> Result<bool> {
    let (machine, image) = (host.id, task.vm.image.id);
    if !task
        .fleet
        .store
        .image_is_verified(&task.work.claim, machine, image)
        .await?
    {
        return Ok(false);
    }
    let found = host
        .machine
        .volume_get(&host.pool, &names::image_volume(image))
        .await?;
    Ok(found.is_some())
}

async fn upload(task: &Task<'_>, host: &Host) -> Result<()> {
    let image = &task.vm.image;
    let file = task.fleet.config.image_dir.join(image.sha256.to_string());
    if file_digest(file.clone()).await? != image.sha256 {
        return Err(mismatch(format!("{} has another hash", file.display())));
    }
    let name = names::image_volume(image.id);
    let size = unsigned(image.size_bytes);
    // What an upload that was broken off left is written over: the file's own header tells its
    // size.
    if host.machine.volume_get(&host.pool, &name).await?.is_none() {
        let spec = VolumeSpec {
            name: name.clone(),
            bytes: size,
            source: VolumeSource::Qcow2Upload,
        };
        host.machine.volume_create(&host.pool, &spec).await?;
    }
    host.machine.volume_upload(&host.pool, &name, &file).await?;
    let found = host.machine.volume_digest(&host.pool, &name, size).await?;
    if found != image.sha256 {
        return Err(
            Error::new(ErrorCode::MachineRefused, "The image did not arrive whole.")
                .because(format!("{name} reads back as {found}")),
        );
    }
    task.fleet
        .store
        .image_verified(&task.work.claim, host.id, image.id)
        .await
}

fn mismatch(cause: String) -> Error {
    let message =
        "The application's image is not as it was published. The provider must import it again.";
    Error::new(ErrorCode::ImageMismatch, message).because(cause)
}

async fn file_digest(file: PathBuf) -> Result<Sha256> {
    let read = move || -> std::io::Result<Sha256> {
        let mut file = std::fs::File::open(file)?;
        let mut hash = sha2::Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(Sha256(hash.finalize().into())),
                length => hash.update(&buffer[..length]),
            }
        }
    };
    let digest = tokio::task::spawn_blocking(read)
        .await
        .map_err(Error::internal)?;
    digest.map_err(|cause| mismatch(cause.to_string()))
}
