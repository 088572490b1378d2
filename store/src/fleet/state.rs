//! What a worker writes about virtual machines, volumes and images.

use berth_model::{
    Error, ImageId, MachineId, Result, VirtualMachineId, VirtualMachineState, VolumeId, VolumeState,
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;

use crate::{
    Claim, Store,
    error::internal,
    schema::{machine_images, virtual_machines},
};

/// A volume that is there is in its virtual machine's pool.
const VOLUME: &str = "
    UPDATE volumes SET state = $2, size_bytes = coalesce($3, size_bytes),
        storage_pool_id = CASE WHEN $2 = 'PRESENT' THEN
            (SELECT vm.storage_pool_id FROM virtual_machines vm
             WHERE vm.id = virtual_machine_id) END
    WHERE id = $1";

impl Store {
    /// Fails with [`berth_model::ErrorCode::ClaimLost`] unless the claim still holds: asked right before
    /// anything is destroyed.
    pub async fn claim_check(&self, claim: &Claim) -> Result<()> {
        self.begin_claimed(claim).await?.commit().await
    }

    /// Writes what was last done with a virtual machine.
    pub async fn vm_state_set(
        &self,
        claim: &Claim,
        id: VirtualMachineId,
        state: VirtualMachineState,
    ) -> Result<()> {
        let mut tx = self.begin_claimed(claim).await?;
        let written = diesel::update(virtual_machines::table.find(id.0))
            .filter(virtual_machines::tenant_id.eq(claim.tenant_id.0))
            .set(virtual_machines::state.eq(state.as_str()))
            .execute(&mut *tx)
            .await
            .map(|_| ());
        tx.end(written.map_err(internal)).await
    }

    /// Writes that a virtual machine is powered on now. Called before it is, so that a crash
    /// between the two doesn't restart it once more.
    pub async fn vm_started(&self, claim: &Claim, id: VirtualMachineId) -> Result<()> {
        let mut tx = self.begin_claimed(claim).await?;
        let written = diesel::update(virtual_machines::table.find(id.0))
            .filter(virtual_machines::tenant_id.eq(claim.tenant_id.0))
            .set((
                virtual_machines::state.eq(VirtualMachineState::Running.as_str()),
                virtual_machines::started_at.eq(self.clock.now()),
            ))
            .execute(&mut *tx)
            .await
            .map(|_| ());
        tx.end(written.map_err(internal)).await
    }

    /// The revision of the next seed: one more than the last. The last seed's digest is forgotten.
    pub async fn revision_next(&self, claim: &Claim, id: VirtualMachineId) -> Result<i64> {
        let mut tx = self.begin_claimed(claim).await?;
        let revision = diesel::update(virtual_machines::table.find(id.0))
            .filter(virtual_machines::tenant_id.eq(claim.tenant_id.0))
            .set((
                virtual_machines::revision.eq(virtual_machines::revision + 1),
                virtual_machines::seed_digest.eq(None::<String>),
            ))
            .returning(virtual_machines::revision)
            .get_result(&mut *tx)
            .await;
        tx.end(revision.map_err(internal)).await
    }

    /// Writes that the seed of this revision lies complete on the machine.
    pub async fn seed_written(
        &self,
        claim: &Claim,
        id: VirtualMachineId,
        revision: i64,
        digest: &str,
    ) -> Result<()> {
        let mut tx = self.begin_claimed(claim).await?;
        let written = diesel::update(virtual_machines::table.find(id.0))
            .filter(virtual_machines::tenant_id.eq(claim.tenant_id.0))
            .filter(virtual_machines::revision.eq(revision))
            .set(virtual_machines::seed_digest.eq(digest))
            .execute(&mut *tx)
            .await;
        match tx.end(written.map_err(internal)).await? {
            1 => Ok(()),
            _ => Err(Error::internal(format!(
                "{id} has another seed than revision {revision}"
            ))),
        }
    }

    /// Writes a volume's state, and its size in bytes if that changed.
    pub async fn volume_state_set(
        &self,
        claim: &Claim,
        id: VolumeId,
        state: VolumeState,
        size_bytes: Option<i64>,
    ) -> Result<()> {
        let mut tx = self.begin_claimed(claim).await?;
        let written = sql_query(VOLUME)
            .bind::<SqlUuid, _>(id.0)
            .bind::<Text, _>(state.as_str())
            .bind::<Nullable<BigInt>, _>(size_bytes)
            .execute(&mut *tx)
            .await
            .map(|_| ());
        tx.end(written.map_err(internal)).await
    }

    /// Writes that an image's volume on a machine was read back and had the right hash.
    pub async fn image_verified(
        &self,
        claim: &Claim,
        machine: MachineId,
        image: ImageId,
    ) -> Result<()> {
        let mut tx = self.begin_claimed(claim).await?;
        let written = diesel::insert_into(machine_images::table)
            .values((
                machine_images::machine_id.eq(machine.0),
                machine_images::image_id.eq(image.0),
                machine_images::verified_at.eq(self.clock.now()),
            ))
            .on_conflict((machine_images::machine_id, machine_images::image_id))
            .do_update()
            .set(machine_images::verified_at.eq(self.clock.now()))
            .execute(&mut *tx)
            .await
            .map(|_| ());
        tx.end(written.map_err(internal)).await
    }

    /// Whether an image was found right on a machine.
    pub async fn image_is_verified(
        &self,
        claim: &Claim,
        machine: MachineId,
        image: ImageId,
    ) -> Result<bool> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let found = diesel::select(diesel::dsl::exists(
            machine_images::table.find((machine.0, image.0)),
        ))
        .get_result(&mut *tx)
        .await;
        tx.end(found.map_err(internal)).await
    }
}
