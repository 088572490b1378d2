//! Lines of the audit log about signing in: written with their effect, or with why there was none.
//!
//! They are the provider's lines, and the person's own. An address without an account gets a line too,
//! without the address: the same work is done for it, and the provider sees what is tried.

use berth_model::{
    AccountEvent, AccountEventLine, AccountId, AuditEntryId, ErrorCode, Realm, Result, Session,
    TenantId, Timestamp, Visit,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::session::user_agent;
use crate::{
    Store,
    error::internal,
    schema::{audit_log, audit_outcomes},
    tx::Tx,
};

/// How many lines a person is shown.
const SHOWN: i64 = 50;

/// From where something is done.
pub(super) struct Whence {
    realm: Realm,
    remote: Option<String>,
    user_agent: Option<String>,
}

impl From<&Visit> for Whence {
    fn from(visit: &Visit) -> Self {
        Self {
            realm: visit.realm,
            remote: visit.remote.clone(),
            user_agent: user_agent(visit),
        }
    }
}

impl From<&Session> for Whence {
    fn from(session: &Session) -> Self {
        Self {
            realm: session.account.realm,
            remote: session.remote.clone(),
            user_agent: session.user_agent.clone(),
        }
    }
}

impl Store {
    /// That somebody did something of their own account. `subject`: what to, beside the account.
    pub(super) async fn event_log(
        &self,
        tx: &mut Tx,
        from: impl Into<Whence>,
        id: AccountId,
        event: AccountEvent,
        subject: Option<String>,
    ) -> Result<()> {
        let subject = subject.or_else(|| Some(id.to_string()));
        self.event_write(tx, &from.into(), Some(id), event, subject, None)
            .await
    }

    /// That somebody could not. Without an account there is none of that address.
    pub(super) async fn event_log_refused(
        &self,
        tx: &mut Tx,
        from: impl Into<Whence>,
        id: Option<AccountId>,
        event: AccountEvent,
        refused: ErrorCode,
    ) -> Result<()> {
        let from = from.into();
        let subject = match id {
            Some(id) => Some(id.to_string()),
            None => from.realm.0.map(|storefront| storefront.to_string()),
        };
        self.event_write(tx, &from, id, event, subject, Some(refused))
            .await
    }

    async fn event_write(
        &self,
        tx: &mut Tx,
        from: &Whence,
        id: Option<AccountId>,
        event: AccountEvent,
        subject: Option<String>,
        refused: Option<ErrorCode>,
    ) -> Result<()> {
        let at = self.clock.now();
        let line: AuditEntryId = self.ids.next();
        let actor = id.map_or_else(|| "anonymous".to_owned(), |id| id.to_string());
        diesel::insert_into(audit_log::table)
            .values((
                audit_log::id.eq(line.0),
                audit_log::tenant_id.eq(TenantId::PLATFORM.0),
                audit_log::actor.eq(actor),
                audit_log::action.eq(event.as_str()),
                audit_log::subject.eq(subject),
                audit_log::remote.eq(&from.remote),
                audit_log::user_agent.eq(&from.user_agent),
                audit_log::account_id.eq(id.map(|id| id.0)),
                audit_log::opened.eq(refused.is_some()),
                audit_log::at.eq(at),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let Some(code) = refused else {
            return Ok(());
        };
        diesel::insert_into(audit_outcomes::table)
            .values((
                audit_outcomes::entry_id.eq(line.0),
                audit_outcomes::tenant_id.eq(TenantId::PLATFORM.0),
                audit_outcomes::error_code.eq(code.as_str()),
                audit_outcomes::at.eq(at),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }

    /// What was done of late with the account, the newest first.
    pub async fn account_event_list(&self, session: &Session) -> Result<Vec<AccountEventLine>> {
        let rows = audit_log::table
            .left_join(audit_outcomes::table.on(audit_outcomes::entry_id.eq(audit_log::id)))
            .filter(audit_log::account_id.eq(session.account.id.0))
            .order(audit_log::id.desc())
            .limit(SHOWN)
            .select((
                audit_log::action,
                audit_log::remote,
                audit_log::user_agent,
                audit_log::at,
                audit_outcomes::error_code.nullable(),
            ));
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let rows: Result<Vec<EventRow>> = rows.load(&mut *tx).await.map_err(internal);
        let rows = tx.end(rows).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

#[derive(Queryable)]
struct EventRow {
    action: String,
    remote: Option<String>,
    user_agent: Option<String>,
    at: Timestamp,
    error_code: Option<String>,
}

impl TryFrom<EventRow> for AccountEventLine {
    type Error = berth_model::Error;

    fn try_from(row: EventRow) -> Result<Self> {
        Ok(Self {
            event: row.action.parse()?,
            remote: row.remote,
            user_agent: row.user_agent,
            at: row.at,
            refused: row.error_code.is_some(),
        })
    }
}
