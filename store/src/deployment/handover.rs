//! Handing a deployment over to its operator, as the application's first administrator.

use berth_model::{DeploymentId, Error, Handover, Result, policy, policy::Action};

use super::DeploymentRow;
use crate::{Cx, Store, secret::ADMINISTRATOR_PASSWORD, tx::Tx};

impl Store {
    /// User name and initial password of the first administrator. Each look is in the audit log.
    pub async fn deployment_handover(&self, cx: &Cx, id: DeploymentId) -> Result<Handover> {
        policy::check(&cx.actor, Action::DeploymentHandover)?;
        let mut tx = self.begin(cx).await?;
        let handover = self.deployment_handover_in(&mut tx, cx, id).await;
        tx.end(handover).await
    }

    async fn deployment_handover_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: DeploymentId,
    ) -> Result<Handover> {
        let deployment = DeploymentRow::read(tx, id).await?;
        let mut secrets = self
            .secrets_open(tx, &[id])
            .await?
            .remove(&id)
            .unwrap_or_default();
        let initial_password = secrets
            .remove(ADMINISTRATOR_PASSWORD)
            .ok_or_else(|| Error::internal(format!("{id} has no administrator's password")))?;
        self.audit(tx, cx, deployment.tenant_id, "deploymentHandover", id)
            .await?;
        Ok(Handover {
            username: deployment.administrator_username,
            initial_password,
        })
    }
}
