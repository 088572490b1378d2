//! What a worker writes about deployments.

use berth_model::{DeploymentId, DeploymentState, DesiredState, Result, Timestamp};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Claim, Store,
    error::internal,
    schema::{deployment_secrets, deployments},
    tx::Tx,
};

/// A deployment whose state a write changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub deployment_id: DeploymentId,
    /// What it was.
    pub before: DeploymentState,
    /// What it is.
    pub after: DeploymentState,
}

impl Store {
    /// Writes states of deployments; answers which of them changed by it.
    pub async fn deployment_settle(
        &self,
        claim: &Claim,
        states: &[(DeploymentId, DeploymentState)],
    ) -> Result<Vec<Settled>> {
        let mut states = states.to_vec();
        states.sort_unstable();
        let mut tx = self.begin_claimed(claim).await?;
        let mut changed = Vec::new();
        for (id, after) in states {
            match self.state_write(&mut tx, claim, id, after).await {
                Ok(settled) => changed.extend(settled),
                Err(error) => return tx.end(Err(error)).await,
            }
        }
        tx.commit().await.map(|()| changed)
    }

    async fn state_write(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        id: DeploymentId,
        after: DeploymentState,
    ) -> Result<Option<Settled>> {
        let row = deployments::table
            .find(id.0)
            .filter(deployments::tenant_id.eq(claim.tenant_id.0));
        let (before, healthy_at): (String, Option<Timestamp>) = row
            .select((deployments::state, deployments::healthy_at))
            .for_no_key_update()
            .first(&mut **tx)
            .await
            .map_err(internal)?;
        let before: DeploymentState = before.parse()?;
        if before == after {
            return Ok(None);
        }
        let now = self.clock.now();
        let first = (after == DeploymentState::Running).then_some(now);
        diesel::update(row)
            .set((
                deployments::state.eq(after.as_str()),
                deployments::healthy_at.eq(healthy_at.or(first)),
                deployments::updated_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(Some(Settled {
            deployment_id: id,
            before,
            after,
        }))
    }

    /// Writes that nothing is left of a deployment, in what is desired and in what was found, and
    /// removes its secrets. `false` if that was so already.
    pub async fn deployment_purged(&self, claim: &Claim, id: DeploymentId) -> Result<bool> {
        let mut tx = self.begin_claimed(claim).await?;
        let written = self.purged_write(&mut tx, claim, id).await;
        tx.end(written).await
    }

    async fn purged_write(&self, tx: &mut Tx, claim: &Claim, id: DeploymentId) -> Result<bool> {
        diesel::delete(deployment_secrets::table)
            .filter(deployment_secrets::tenant_id.eq(claim.tenant_id.0))
            .filter(deployment_secrets::deployment_id.eq(id.0))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let changed = diesel::update(deployments::table.find(id.0))
            .filter(deployments::tenant_id.eq(claim.tenant_id.0))
            .filter(deployments::state.ne(DeploymentState::Purged.as_str()))
            .set((
                deployments::desired_state.eq(DesiredState::Purged.as_str()),
                deployments::state.eq(DeploymentState::Purged.as_str()),
                deployments::updated_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(changed == 1)
    }
}
