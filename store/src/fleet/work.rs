//! Everything about a virtual machine that an operation works on, in few queries.

use std::collections::{BTreeMap, HashMap};

use berth_model::{
    Address, Application, ApplicationVersion, Deployment, DeploymentId, Error, ErrorCode, Image,
    Machine, Network, Plan, Reservation, Result, StoragePool, VirtualMachine, Volume, VolumeKind,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::transit::{TransitWork, transit_read};
use crate::{
    Claim, Store,
    address::AddressRow,
    application::ApplicationRow,
    application_version::ApplicationVersionRow,
    deployment::DeploymentRow,
    error::internal,
    image::ImageRow,
    machine::MachineRow,
    network::NetworkRow,
    plan::PlanRow,
    reservation::ReservationRow,
    schema::{
        addresses, application_versions, applications, deployments, images, machines, networks,
        operations, plans, reservations, storage_pools, virtual_machines, volumes,
    },
    storage_pool::StoragePoolRow,
    tx::Tx,
    virtual_machine::VirtualMachineRow,
    volume::VolumeRow,
};

/// A virtual machine with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct VmWork {
    /// It.
    pub vm: VirtualMachine,
    /// SHA-256 (hexadecimal) of what its newest complete seed tells, without secrets.
    pub seed_digest: Option<String>,
    /// Its system disk's base.
    pub image: Image,
    /// Its system disk.
    pub system: Volume,
    /// All of its deployments, also deleted and purged ones, in the order of their ids.
    pub deployments: Vec<DeploymentWork>,
    /// Where it is placed.
    pub place: Option<(Machine, StoragePool)>,
    /// What it holds.
    pub reservation: Option<Reservation>,
    /// The second machine that it holds the same on, while it is being moved.
    pub transit: Option<TransitWork>,
    /// Its addresses, IPv4 first.
    pub addresses: Vec<Address>,
    /// The network of its addresses.
    pub network: Option<Network>,
}

/// A deployment with what it is made of.
#[derive(Clone, Debug)]
pub struct DeploymentWork {
    /// It.
    pub deployment: Deployment,
    /// What it is an instance of.
    pub application: Application,
    /// Its release.
    pub version: ApplicationVersion,
    /// Its size.
    pub plan: Plan,
    /// Its data.
    pub data: Volume,
}

impl Store {
    /// Everything about the virtual machine that the claimed operation works on. Fails with
    /// [`ErrorCode::ClaimLost`] once the claim is another's.
    pub async fn vm_work(&self, claim: &Claim) -> Result<VmWork> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let work = vm_work_read(&mut tx, claim).await;
        tx.end(work).await
    }

    /// The opened secrets of deployments of the virtual machine that the claimed operation works
    /// on, for a seed. Never logged.
    pub async fn vm_secrets(
        &self,
        claim: &Claim,
        ids: &[DeploymentId],
    ) -> Result<HashMap<DeploymentId, BTreeMap<String, String>>> {
        let mut tx = self.begin_claimed(claim).await?;
        let secrets = self.secrets_open(&mut tx, ids).await;
        tx.end(secrets).await
    }
}

async fn vm_work_read(tx: &mut Tx, claim: &Claim) -> Result<VmWork> {
    let found: Option<(VirtualMachineRow, Option<String>, ImageRow)> = virtual_machines::table
        .inner_join(operations::table.on(operations::lock_key.eq(virtual_machines::id)))
        .inner_join(images::table.on(images::id.eq(virtual_machines::image_id)))
        .filter(operations::id.eq(claim.operation_id.0))
        .filter(operations::claim_number.eq(claim.claim_number))
        .filter(operations::state.eq("RUNNING"))
        .select((
            VirtualMachineRow::as_select(),
            virtual_machines::seed_digest,
            ImageRow::as_select(),
        ))
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)?;
    let (vm, seed_digest, image) = found.ok_or_else(|| {
        Error::new(
            ErrorCode::ClaimLost,
            "Another worker has taken this operation over.",
        )
    })?;
    let vm = VirtualMachine::try_from(vm)?;
    let (system, data) = volumes_read(tx, &vm).await?;
    let deployments = deployments_read(tx, &vm, data).await?;
    let place = place_read(tx, &vm).await?;
    let reservation: Option<ReservationRow> = reservations::table
        .filter(reservations::tenant_id.eq(vm.tenant_id.0))
        .filter(reservations::virtual_machine_id.eq(vm.id.0))
        .select(ReservationRow::as_select())
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)?;
    let transit = transit_read(tx, vm.tenant_id, vm.id).await?;
    let (addresses, network) = addresses_read(tx, &vm).await?;
    Ok(VmWork {
        vm,
        seed_digest,
        image: image.try_into()?,
        system,
        deployments,
        place,
        reservation: reservation.map(Into::into),
        transit,
        addresses,
        network,
    })
}

async fn volumes_read(
    tx: &mut Tx,
    vm: &VirtualMachine,
) -> Result<(Volume, HashMap<DeploymentId, Volume>)> {
    let rows: Vec<VolumeRow> = volumes::table
        .filter(volumes::tenant_id.eq(vm.tenant_id.0))
        .filter(volumes::virtual_machine_id.eq(vm.id.0))
        .select(VolumeRow::as_select())
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let mut system = None;
    let mut data = HashMap::new();
    for row in rows {
        let volume = Volume::try_from(row)?;
        match (volume.kind, volume.deployment_id) {
            (VolumeKind::System, _) => system = Some(volume),
            (VolumeKind::Data, Some(id)) => {
                data.insert(id, volume);
            }
            (VolumeKind::Data, None) => {}
        }
    }
    let system = system.ok_or_else(|| Error::internal(format!("{} has no system disk", vm.id)))?;
    Ok((system, data))
}

async fn deployments_read(
    tx: &mut Tx,
    vm: &VirtualMachine,
    mut data: HashMap<DeploymentId, Volume>,
) -> Result<Vec<DeploymentWork>> {
    let version_is = application_versions::id.eq(deployments::application_version_id);
    let application_is = applications::id.eq(application_versions::application_id);
    let rows: Vec<(
        DeploymentRow,
        ApplicationVersionRow,
        ApplicationRow,
        PlanRow,
    )> = deployments::table
        .inner_join(application_versions::table.on(version_is))
        .inner_join(applications::table.on(application_is))
        .inner_join(plans::table.on(plans::id.eq(deployments::plan_id)))
        .filter(deployments::tenant_id.eq(vm.tenant_id.0))
        .filter(deployments::virtual_machine_id.eq(vm.id.0))
        .order(deployments::id)
        .select((
            DeploymentRow::as_select(),
            ApplicationVersionRow::as_select(),
            ApplicationRow::as_select(),
            PlanRow::as_select(),
        ))
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let mut works = Vec::with_capacity(rows.len());
    for (deployment, version, application, plan) in rows {
        let deployment = Deployment::try_from(deployment)?;
        let data = data
            .remove(&deployment.id)
            .ok_or_else(|| Error::internal(format!("{} has no data volume", deployment.id)))?;
        works.push(DeploymentWork {
            deployment,
            application: application.try_into()?,
            version: version.try_into()?,
            plan: plan.try_into()?,
            data,
        });
    }
    Ok(works)
}

async fn place_read(tx: &mut Tx, vm: &VirtualMachine) -> Result<Option<(Machine, StoragePool)>> {
    let Some(pool_id) = vm.storage_pool_id else {
        return Ok(None);
    };
    let (machine, pool): (MachineRow, StoragePoolRow) = storage_pools::table
        .inner_join(machines::table.on(machines::id.eq(storage_pools::machine_id)))
        .filter(storage_pools::id.eq(pool_id.0))
        .select((MachineRow::as_select(), StoragePoolRow::as_select()))
        .first(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(Some((machine.try_into()?, pool.into())))
}

async fn addresses_read(
    tx: &mut Tx,
    vm: &VirtualMachine,
) -> Result<(Vec<Address>, Option<Network>)> {
    let rows: Vec<(AddressRow, NetworkRow)> = addresses::table
        .inner_join(networks::table.on(networks::id.eq(addresses::network_id)))
        .filter(addresses::tenant_id.eq(vm.tenant_id.0))
        .filter(addresses::virtual_machine_id.eq(vm.id.0))
        .order((addresses::family, addresses::id))
        .select((AddressRow::as_select(), NetworkRow::as_select()))
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let mut found = Vec::with_capacity(rows.len());
    let mut network = None;
    for (address, of) in rows {
        found.push(address.try_into()?);
        network = Some(of.try_into()?);
    }
    Ok((found, network))
}
