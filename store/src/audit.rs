//! The audit log: written in the transaction of what it tells.

use berth_model::{AuditEntryId, Result, TenantId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{Cx, Store, error::internal, schema::audit_log, tx::Tx};

impl Store {
    /// Writes a line: who (the context's actor), for whom, what, and to what.
    pub(crate) async fn audit(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        tenant_id: TenantId,
        action: &str,
        subject: impl ToString,
    ) -> Result<()> {
        diesel::insert_into(audit_log::table)
            .values((
                audit_log::id.eq(self.ids.next::<AuditEntryId>().0),
                audit_log::tenant_id.eq(tenant_id.0),
                audit_log::client_id.eq(cx.actor.client_id.map(|id| id.0)),
                audit_log::actor.eq(cx.actor.name()),
                audit_log::action.eq(action),
                audit_log::subject.eq(subject.to_string()),
                audit_log::request_id.eq(cx.request_id.as_deref()),
                audit_log::at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }
}
