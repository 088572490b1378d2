//! What a deployment lives in: a virtual machine, new or shared, with its volumes. All of it is
//! only planned here; a worker makes it.

use berth_model::{
    ApplicationVersion, DeploymentId, DesiredState, Error, ErrorCode, Hosting, Plan, Result,
    SiteId, TenantId, VirtualMachineId, VirtualMachineState, VolumeId, VolumeKind, VolumeState,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Store,
    error::internal,
    schema::{deployments, images, sites, virtual_machines, volumes},
    site::SiteRow,
    tx::Tx,
};

/// How often a network address (MAC) that is taken already is drawn again.
const MAC_DRAWS: usize = 8;

/// The site that was asked for, or the first.
pub(super) async fn site(tx: &mut Tx, asked: Option<SiteId>) -> Result<SiteId> {
    if let Some(id) = asked {
        return Ok(SiteRow::read(tx, id)
            .await
            .map_err(|error| error.at("siteId"))?
            .id);
    }
    let first: Option<Uuid> = sites::table
        .order(sites::id)
        .select(sites::id)
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)?;
    first.map(SiteId).ok_or_else(|| {
        Error::new(
            ErrorCode::NoCapacity,
            "The provider has no site yet. Try again later.",
        )
    })
}

/// A shared virtual machine that a new deployment can join, locked. Deployments share one only with
/// those of the same tenant, image and site.
async fn shared_vm(
    tx: &mut Tx,
    tenant_id: TenantId,
    site_id: SiteId,
    version: &ApplicationVersion,
) -> Result<Option<VirtualMachineId>> {
    let candidates: Vec<Uuid> = virtual_machines::table
        .filter(virtual_machines::tenant_id.eq(tenant_id.0))
        .filter(virtual_machines::site_id.eq(site_id.0))
        .filter(virtual_machines::image_id.eq(version.image_id.0))
        .filter(virtual_machines::hosting.eq(Hosting::Shared.as_str()))
        .filter(virtual_machines::state.ne(VirtualMachineState::Gone.as_str()))
        .order(virtual_machines::id)
        .select(virtual_machines::id)
        .for_no_key_update()
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    // Asked only now, under the lock: a delete that was waited for may have taken the last one
    // away.
    let desired = [DesiredState::Running, DesiredState::Stopped].map(DesiredState::as_str);
    let lived_in: Option<Uuid> = deployments::table
        .filter(deployments::virtual_machine_id.eq_any(candidates))
        .filter(deployments::desired_state.eq_any(desired))
        .order(deployments::virtual_machine_id)
        .select(deployments::virtual_machine_id)
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)?;
    Ok(lived_in.map(VirtualMachineId))
}

impl Store {
    /// The virtual machine of a new deployment.
    pub(super) async fn vm_take(
        &self,
        tx: &mut Tx,
        tenant_id: TenantId,
        site_id: SiteId,
        version: &ApplicationVersion,
        plan: &Plan,
    ) -> Result<VirtualMachineId> {
        if plan.hosting == Hosting::Shared
            && let Some(id) = shared_vm(tx, tenant_id, site_id, version).await?
        {
            return Ok(id);
        }
        let id = self
            .vm_insert(tx, tenant_id, site_id, version, plan.hosting)
            .await?;
        let system_bytes: i64 = images::table
            .find(version.image_id.0)
            .select(images::virtual_bytes)
            .first(&mut **tx)
            .await
            .map_err(internal)?;
        self.volume_insert(tx, tenant_id, id, None, system_bytes)
            .await?;
        Ok(id)
    }

    async fn vm_insert(
        &self,
        tx: &mut Tx,
        tenant_id: TenantId,
        site_id: SiteId,
        version: &ApplicationVersion,
        hosting: Hosting,
    ) -> Result<VirtualMachineId> {
        let id: VirtualMachineId = self.ids.next();
        for _ in 0..MAC_DRAWS {
            // QEMU's own prefix; three bytes of 16 million are drawn again when they are taken.
            let [a, b, c] = self.ids.bytes();
            let made = diesel::insert_into(virtual_machines::table)
                .values((
                    virtual_machines::id.eq(id.0),
                    virtual_machines::tenant_id.eq(tenant_id.0),
                    virtual_machines::site_id.eq(site_id.0),
                    virtual_machines::image_id.eq(version.image_id.0),
                    virtual_machines::hosting.eq(hosting.as_str()),
                    virtual_machines::state.eq(VirtualMachineState::Planned.as_str()),
                    virtual_machines::mac.eq(format!("52:54:00:{a:02x}:{b:02x}:{c:02x}")),
                    virtual_machines::created_at.eq(self.clock.now()),
                ))
                .on_conflict(virtual_machines::mac)
                .do_nothing()
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
            if made == 1 {
                return Ok(id);
            }
        }
        Err(Error::internal("no free MAC was drawn"))
    }

    /// The data volume of a new deployment.
    pub(super) async fn data_volume_insert(
        &self,
        tx: &mut Tx,
        tenant_id: TenantId,
        vm: VirtualMachineId,
        deployment_id: DeploymentId,
        size_bytes: i64,
    ) -> Result<()> {
        self.volume_insert(tx, tenant_id, vm, Some(deployment_id), size_bytes)
            .await
    }

    async fn volume_insert(
        &self,
        tx: &mut Tx,
        tenant_id: TenantId,
        vm: VirtualMachineId,
        deployment_id: Option<DeploymentId>,
        size_bytes: i64,
    ) -> Result<()> {
        let kind = if deployment_id.is_some() {
            VolumeKind::Data
        } else {
            VolumeKind::System
        };
        diesel::insert_into(volumes::table)
            .values((
                volumes::id.eq(self.ids.next::<VolumeId>().0),
                volumes::tenant_id.eq(tenant_id.0),
                volumes::virtual_machine_id.eq(vm.0),
                volumes::deployment_id.eq(deployment_id.map(|id| id.0)),
                volumes::kind.eq(kind.as_str()),
                volumes::size_bytes.eq(size_bytes),
                volumes::state.eq(VolumeState::Planned.as_str()),
                volumes::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }
}
