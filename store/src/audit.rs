//! The audit log: a line is written before a change begins, and completed when it is over.
//!
//! The line is committed first, so that a crash leaves it, with an outcome that nobody knows. What
//! was done is completed in the transaction of its effect: there is never one without the other.
//! Nobody may change a line; its completion is a row of its own, of which there is one at most.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use berth_model::{AuditEntryId, Caller, ErrorCode, GlobalId, Result, TenantId, Timestamp};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    error::internal,
    schema::{audit_log, audit_outcomes},
    tx::Tx,
};

/// A line that was opened, until it is completed.
#[derive(Clone, Debug)]
pub struct AuditLine {
    id: AuditEntryId,
    tenant_id: TenantId,
    /// Whether a transaction has completed it: when that one commits, all is written.
    completed: Arc<AtomicBool>,
}

#[derive(QueryableByName)]
struct Owner {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
}

impl Store {
    /// Writes and commits that the caller begins something; `subject` is what its arguments say that
    /// it is about. The line is of the tenant whose that is, if the caller can see it; else of the
    /// caller's own tenant, and of the provider's log where it has none.
    pub async fn audit_open(
        &self,
        cx: &Cx,
        action: &str,
        subject: Option<GlobalId>,
    ) -> Result<AuditLine> {
        // In this order: the id is never older than the time, which filters rely on.
        let at = self.clock.now();
        let id: AuditEntryId = self.ids.next();
        // A person who acts for no tenant may look at nothing that one owns.
        let seen = match cx.actor.caller {
            Caller::Account(..) => None,
            _ => subject,
        };
        let line = sql_query(open_sql(seen))
            .bind::<SqlUuid, _>(id.0)
            .bind::<SqlUuid, _>(own_tenant(cx).0)
            .bind::<Nullable<SqlUuid>, _>(subject.map(|subject| subject.uuid))
            .bind::<Nullable<SqlUuid>, _>(cx.actor.client_id.map(|id| id.0))
            .bind::<Text, _>(cx.name())
            .bind::<Text, _>(action.to_owned())
            .bind::<Nullable<Text>, _>(subject.map(|subject| subject.to_string()))
            .bind::<Nullable<Text>, _>(cx.request_id.clone())
            .bind::<Nullable<Text>, _>(cx.remote.map(|remote| remote.to_string()))
            .bind::<Nullable<Text>, _>(cx.user_agent.clone())
            .bind::<Timestamptz, Timestamp>(at);
        let owners: Vec<Owner> = self.rows(cx, line).await?;
        let owner = owners.into_iter().next();
        let tenant_id = owner.map_or(own_tenant(cx), |row| row.tenant_id.into());
        Ok(AuditLine {
            id,
            tenant_id,
            completed: Arc::default(),
        })
    }

    /// Completes a line after the fact: with why it was refused, or as done if nothing had to be
    /// changed. One that was completed with its effect stays as it is, and while that transaction's
    /// end is unknown, this waits for it.
    pub async fn audit_complete(
        &self,
        cx: &Cx,
        line: &AuditLine,
        refused: Option<ErrorCode>,
    ) -> Result<()> {
        if refused.is_none() && AtomicBool::load(&line.completed, Ordering::Relaxed) {
            return Ok(());
        }
        let mut tx = self.begin(cx).await?;
        let done = self.outcome_write(&mut tx, line, refused, None).await;
        tx.end(done).await
    }

    /// In the transaction of the effect: completes the context's line, or writes one that is complete
    /// where none was opened. `tenant_id` is whom it was done for, `subject` the global id of what.
    pub(crate) async fn audit(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        tenant_id: TenantId,
        action: &str,
        subject: impl ToString,
    ) -> Result<()> {
        let subject = subject.to_string();
        let opened = cx.audit.as_ref();
        if let Some(line) = opened {
            self.outcome_write(tx, line, None, Some(&subject)).await?;
            line.completed.store(true, Ordering::Relaxed);
        }
        // A tenant that was not there when the line was opened is told too.
        if opened.is_none_or(|line| line.tenant_id != tenant_id) {
            let at = self.clock.now();
            diesel::insert_into(audit_log::table)
                .values((
                    audit_log::id.eq(self.ids.next::<AuditEntryId>().0),
                    audit_log::tenant_id.eq(tenant_id.0),
                    audit_log::client_id.eq(cx.actor.client_id.map(|id| id.0)),
                    audit_log::actor.eq(cx.name()),
                    audit_log::action.eq(action),
                    audit_log::subject.eq(subject),
                    audit_log::request_id.eq(cx.request_id.as_deref()),
                    audit_log::remote.eq(cx.remote.map(|remote| remote.to_string())),
                    audit_log::user_agent.eq(cx.user_agent.as_deref()),
                    audit_log::copy_of.eq(opened.map(|line| line.id.0)),
                    audit_log::at.eq(at),
                ))
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
        }
        Ok(())
    }

    async fn outcome_write(
        &self,
        tx: &mut Tx,
        line: &AuditLine,
        refused: Option<ErrorCode>,
        subject: Option<&str>,
    ) -> Result<()> {
        diesel::insert_into(audit_outcomes::table)
            .values((
                audit_outcomes::entry_id.eq(line.id.0),
                audit_outcomes::tenant_id.eq(line.tenant_id.0),
                audit_outcomes::error_code.eq(refused.map(ErrorCode::as_str)),
                audit_outcomes::subject.eq(subject),
                audit_outcomes::at.eq(self.clock.now()),
            ))
            .on_conflict_do_nothing()
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }
}

/// Whose log a line goes to when nothing else is known: what a caller does for itself.
pub(crate) fn own_tenant(cx: &Cx) -> TenantId {
    match cx.actor.caller {
        Caller::Tenant(id, _) => id,
        Caller::Platform(_)
        | Caller::Storefront(_)
        | Caller::Account(..)
        | Caller::Visitor(_)
        | Caller::Worker(_) => TenantId::PLATFORM,
    }
}

/// Looks whose the subject is, with the caller's eyes, and writes the line. Not `RETURNING`: a
/// storefront may add to the provider's log, and not read it.
fn open_sql(subject: Option<GlobalId>) -> String {
    let owner = match subject.map(|subject| subject.noun) {
        // A storefront's is changed by whoever owns the storefront: that is told in its own log.
        Some("Client") => "SELECT tenant_id FROM clients WHERE id = $3 AND kind = 'TENANT'",
        Some("Deployment") => "SELECT tenant_id FROM deployments WHERE id = $3",
        Some("Invitation") => "SELECT tenant_id FROM invitations WHERE id = $3",
        Some("Member") => "SELECT tenant_id FROM members WHERE id = $3",
        Some("SupportGrant") => "SELECT tenant_id FROM support_grants WHERE id = $3",
        Some("Operation") => "SELECT tenant_id FROM operations WHERE id = $3",
        Some("Tenant") => "SELECT id FROM tenants WHERE id = $3",
        Some("VirtualMachine") => "SELECT tenant_id FROM virtual_machines WHERE id = $3",
        Some("Volume") => "SELECT tenant_id FROM volumes WHERE id = $3",
        _ => "SELECT $3 WHERE false",
    };
    format!(
        "WITH owner AS (SELECT coalesce(({owner}), $2) AS tenant_id),
              line AS (INSERT INTO audit_log (id, tenant_id, client_id, actor, action, subject,
                                              request_id, remote, user_agent, at, opened)
                       SELECT $1, tenant_id, $4, $5, $6, $7, $8, $9, $10, $11, true FROM owner)
         SELECT tenant_id FROM owner"
    )
}
