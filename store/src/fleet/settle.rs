//! What a worker writes about deployments.

use berth_model::{
    DeploymentId, DeploymentNotice, DeploymentState, DesiredState, NoticeBody, Result, Role,
    Timestamp,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Claim, Store,
    error::internal,
    schema::{deployment_secrets, deployments},
    tx::Tx,
};

/// A deployment's state, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settling {
    /// Which.
    pub deployment_id: DeploymentId,
    /// What it is.
    pub state: DeploymentState,
    /// What the tenant's owners and administrators are told if this is news.
    pub notice: Option<DeploymentNotice>,
}

impl Settling {
    /// A state that nobody is told of.
    #[must_use]
    pub fn quiet(deployment_id: DeploymentId, state: DeploymentState) -> Self {
        Self {
            deployment_id,
            state,
            notice: None,
        }
    }
}

impl Store {
    /// Writes states of deployments, and with each that changes by it the notice of that.
    pub async fn deployment_settle(&self, claim: &Claim, mut states: Vec<Settling>) -> Result<()> {
        // Always in one order: two that write can't wait for each other.
        states.sort_unstable_by_key(|settling| settling.deployment_id);
        let mut tx = self.begin_claimed(claim).await?;
        let written = async {
            for settling in &states {
                let is_news = self.state_write(&mut tx, claim, settling).await?;
                if let Some(notice) = settling.notice.as_ref().filter(|_| is_news) {
                    let id = settling.deployment_id;
                    self.deployment_notice_write(&mut tx, claim, id, notice)
                        .await?;
                }
            }
            Ok(())
        }
        .await;
        tx.end(written).await
    }

    /// Whether it changed.
    async fn state_write(&self, tx: &mut Tx, claim: &Claim, settling: &Settling) -> Result<bool> {
        let (id, after) = (settling.deployment_id, settling.state);
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
            return Ok(false);
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
        Ok(true)
    }

    /// Writes that nothing is left of a deployment, in what is desired and in what was found, and
    /// removes its secrets; with it the notice, unless that was so already.
    pub async fn deployment_purged(
        &self,
        claim: &Claim,
        id: DeploymentId,
        notice: Option<&DeploymentNotice>,
    ) -> Result<()> {
        let mut tx = self.begin_claimed(claim).await?;
        let written = async {
            let is_news = self.purged_write(&mut tx, claim, id).await?;
            match notice {
                Some(notice) if is_news => {
                    self.deployment_notice_write(&mut tx, claim, id, notice)
                        .await
                }
                _ => Ok(()),
            }
        }
        .await;
        tx.end(written).await
    }

    /// Tells the tenant's owners and administrators, each once of each operation, deployment and
    /// kind.
    async fn deployment_notice_write(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        id: DeploymentId,
        notice: &DeploymentNotice,
    ) -> Result<()> {
        let key = format!("{}/{}/{id}", notice.operation_id, notice.event.kind());
        let body = NoticeBody::Deployment(notice.clone());
        let told = (claim.tenant_id, &[Role::Owner, Role::Admin] as &[Role]);
        self.members_tell(tx, told, &body, Some(&key)).await
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
