//! Handing a deployment over to its operator, as the application's first administrator.

use berth_model::{DeploymentId, Error, Handover, Result, policy, policy::Action};

use super::DeploymentRow;
use crate::{Cx, Store, idempotency::Begun, secret::ADMINISTRATOR_PASSWORD, tx::Tx};

impl Store {
    /// User name and initial password of the first administrator. Each look is in the audit log. A
    /// repeat with the same idempotency key is none: it tells no password.
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
        const NAME: &str = "deploymentHandover";
        let deployment = DeploymentRow::read(tx, id).await?;
        let begun = self
            .idempotency_begin::<DeploymentId>(tx, cx, deployment.tenant_id, NAME, &id)
            .await?;
        if let Begun::Replay(_) = begun {
            return Ok(Handover {
                username: deployment.administrator_username,
                initial_password: None,
            });
        }
        let mut secrets = self
            .secrets_open(tx, &[id])
            .await?
            .remove(&id)
            .unwrap_or_default();
        let initial_password = secrets
            .remove(ADMINISTRATOR_PASSWORD)
            .ok_or_else(|| Error::internal(format!("{id} has no administrator's password")))?;
        self.mutation_end(tx, cx, deployment.tenant_id, NAME, &id, id)
            .await?;
        Ok(Handover {
            username: deployment.administrator_username,
            initial_password: Some(initial_password),
        })
    }
}
