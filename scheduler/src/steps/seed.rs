//! The seed: what a guest is told. A new one is written when what it tells changed, or when the
//! guest begins on a new system disk; it lies on the machine until the guest was healthy with it.

use std::{io::Write, net::IpAddr};

use berth_hypervisor::{
    CONTRACT, Seed, SeedAdministrator, SeedDataVolume, SeedDeployment, SeedHttp, SeedNetwork,
    SeedSecret, SeedVirtualMachine, VolumeSource, VolumeSpec, seed_image,
};
use berth_model::{Address, Error, Result};
use berth_store::DeploymentWork;
use ipnet::IpNet;
use sha2::Digest;

use crate::{
    names,
    task::{Host, StepResult, Task, done, unsigned},
};

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    if !task.desired.is_on() {
        return done("It will be told when it starts");
    }
    let host = task.host()?;
    let seed = describe(task)?;
    let digest = digest(&seed)?;
    if task.vm.seed_digest.as_deref() == Some(digest.as_str()) {
        let is_waiting = pending(task, &host).await?.is_some();
        if is_waiting || knows(task, &host).await? {
            return done("It knows all it needs");
        }
    }
    write(task, &host, seed, &digest).await?;
    task.reload().await?;
    done("The configuration is written")
}

/// The complete seed that the guest was not yet healthy with.
pub(super) async fn pending(task: &Task<'_>, host: &Host) -> Result<Option<String>> {
    if task.vm.seed_digest.is_none() {
        return Ok(None);
    }
    let name = names::seed_volume(task.vm.vm.id, task.vm.vm.revision);
    let found = host.machine.volume_get(&host.pool, &name).await?;
    Ok(found.map(|_| name))
}

/// A guest on its current system disk knows what the last seed told.
async fn knows(task: &Task<'_>, host: &Host) -> Result<bool> {
    let system = names::system_volume(task.vm.vm.id, task.vm.vm.system_revision);
    let guest = task.guest(host).await?;
    Ok(guest.is_some_and(|guest| guest.volumes.first() == Some(&system)))
}

async fn write(task: &Task<'_>, host: &Host, mut seed: Seed, digest: &str) -> Result<()> {
    let (store, claim, vm) = (&task.fleet.store, &task.work.claim, task.vm.vm.id);
    let mut secrets = store.vm_secrets(claim, &task.desired.running).await?;
    for deployment in &mut seed.deployments {
        let of_it = secrets.remove(&deployment.id.into()).unwrap_or_default();
        deployment.secrets = of_it
            .into_iter()
            .map(|(name, secret)| (name, SeedSecret(secret)))
            .collect();
    }
    let revision = store.revision_next(claim, vm).await?;
    seed.revision = unsigned(revision);
    let bytes = seed_image(&seed)?;
    let length = bytes.len() as u64;
    // Readable by this process alone, and gone with the handle.
    let mut file = tempfile::NamedTempFile::new().map_err(Error::internal)?;
    file.write_all(&bytes)
        .and_then(|()| file.flush())
        .map_err(Error::internal)?;
    let name = names::seed_volume(vm, revision);
    let spec = VolumeSpec {
        name: name.clone(),
        bytes: length,
        source: VolumeSource::Empty,
    };
    host.machine.volume_create(&host.pool, &spec).await?;
    host.machine
        .volume_upload(&host.pool, &name, file.path())
        .await?;
    store.seed_written(claim, vm, revision, digest).await
}

fn describe(task: &Task<'_>) -> Result<Seed> {
    let vm = &task.vm.vm;
    let items = task
        .desired
        .running
        .iter()
        .map(|id| task.deployment(*id).map(deployment));
    Ok(Seed {
        contract: CONTRACT,
        revision: 0,
        virtual_machine: SeedVirtualMachine {
            id: vm.id.0,
            hostname: names::hostname(vm.id),
        },
        network: network(task)?,
        deployments: items.collect::<Result<_>>()?,
    })
}

fn deployment(item: &DeploymentWork) -> SeedDeployment {
    let of = &item.deployment;
    SeedDeployment {
        id: of.id.0,
        application: item.application.slug.clone(),
        application_version: item.version.version.clone(),
        domain_name: of.domain_name.to_string(),
        options: of.options.clone(),
        secrets: std::collections::BTreeMap::new(),
        administrator: SeedAdministrator {
            username: of.administrator_username.clone(),
            email: of.administrator_email.to_string(),
        },
        data_volume: SeedDataVolume {
            serial: names::data_serial(item.data.id),
            label: "berth-data".to_owned(),
        },
        http: SeedHttp {
            port: item.version.http_port,
        },
    }
}

fn network(task: &Task<'_>) -> Result<SeedNetwork> {
    let network = task
        .vm
        .network
        .as_ref()
        .ok_or_else(|| Error::internal("no addresses"))?;
    let prefixed = |address: &Address| -> Result<IpNet> {
        let length = match address.address {
            IpAddr::V4(_) => network.ipv4.map(|net| net.prefix_len()),
            IpAddr::V6(_) => network.ipv6.map(|net| net.prefix_len()),
        };
        let length = length.ok_or_else(|| Error::internal("an address of another family"))?;
        IpNet::new(address.address, length).map_err(Error::internal)
    };
    Ok(SeedNetwork {
        mac: task.vm.vm.mac.clone(),
        addresses: task
            .vm
            .addresses
            .iter()
            .map(prefixed)
            .collect::<Result<_>>()?,
        gateways: [network.ipv4_gateway, network.ipv6_gateway]
            .into_iter()
            .flatten()
            .collect(),
        nameservers: task.fleet.config.nameservers.clone(),
    })
}

/// Of all but the revision and the secrets, which never change.
fn digest(seed: &Seed) -> Result<String> {
    let text = serde_json::to_vec(seed).map_err(Error::internal)?;
    Ok(berth_model::Sha256(sha2::Sha256::digest(text).into()).to_string())
}
