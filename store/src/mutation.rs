//! What every mutation ends with.

use berth_model::{Result, TenantId};
use serde::Serialize;

use crate::{Cx, Store, tx::Tx};

impl Store {
    /// Keeps the ids of what was made under the idempotency key, and writes the audit log.
    /// `subject` is the global id of what it was done to.
    pub(crate) async fn mutation_end(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        tenant_id: TenantId,
        mutation: &str,
        made: &impl Serialize,
        subject: impl ToString,
    ) -> Result<()> {
        self.idempotency_end(tx, cx, tenant_id, mutation, made)
            .await?;
        self.audit(tx, cx, tenant_id, mutation, subject).await
    }
}
