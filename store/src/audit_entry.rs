//! Reading the audit log.

use std::collections::HashMap;

use berth_model::{
    AuditEntry, AuditEntryId, AuditFilter, AuditResult, Error, Page, PageRequest, Result, TenantId,
    Timestamp, policy, policy::Action,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{keyset, page_of, uuids},
    schema::{audit_log, audit_outcomes},
};

/// How far a process's clock may have gone back while its ids went on: a line older than `until` is
/// looked for among ids up to so much younger.
const CLOCK_SLACK: TimeDelta = TimeDelta::hours(24);

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_log)]
struct LineRow {
    id: Uuid,
    tenant_id: Uuid,
    actor: String,
    action: String,
    subject: Option<String>,
    request_id: Option<String>,
    remote: Option<String>,
    user_agent: Option<String>,
    opened: bool,
    at: Timestamp,
}

#[derive(Queryable)]
struct AuditEntryRow {
    line: LineRow,
    /// When its outcome was written.
    completed_at: Option<Timestamp>,
    error_code: Option<String>,
    /// As the outcome says.
    subject: Option<String>,
}

impl TryFrom<AuditEntryRow> for AuditEntry {
    type Error = Error;

    fn try_from(row: AuditEntryRow) -> Result<Self> {
        let line = row.line;
        // One that was not opened was written with its effect.
        let completed_at = row.completed_at.or((!line.opened).then_some(line.at));
        let error_code = row.error_code.map(|code| code.parse()).transpose()?;
        let remote = line.remote.map(|remote| remote.parse()).transpose();
        Ok(Self {
            id: line.id.into(),
            tenant_id: line.tenant_id.into(),
            actor: line.actor,
            action: line.action,
            subject: row.subject.or(line.subject),
            request_id: line.request_id,
            remote: remote.map_err(Error::internal)?,
            user_agent: line.user_agent,
            opened_at: line.at,
            completed_at,
            result: match (completed_at, error_code) {
                (None, _) => AuditResult::Unknown,
                (Some(_), None) => AuditResult::Ok,
                (Some(_), Some(_)) => AuditResult::Refused,
            },
            error_code,
        })
    }
}

/// Lines with what came of them. Not a join: for one PostgreSQL may read all outcomes in their order
/// beside a page of lines, and here it can only look up those of the page.
macro_rules! entries {
    () => {{
        macro_rules! outcome {
            ($column:ident) => {
                audit_outcomes::table
                    .filter(audit_outcomes::entry_id.eq(audit_log::id))
                    .select(audit_outcomes::$column)
                    .single_value()
            };
        }
        audit_log::table.select((
            LineRow::as_select(),
            outcome!(at),
            outcome!(error_code),
            outcome!(subject),
        ))
    }};
}

/// Narrows a boxed query of [`entries`] to a filter and a page. The times are kept by ids too, which
/// grow with them, so that no index is read beyond what is asked for.
macro_rules! page_query {
    ($query:expr, $filter:expr, $page:expr) => {{
        let (mut query, filter): (_, &AuditFilter) = ($query, $filter);
        if let Some(action) = &filter.action {
            query = query.filter(audit_log::action.eq(action));
        }
        if let Some(actor) = &filter.actor {
            query = query.filter(audit_log::actor.eq(actor));
        }
        if let Some(since) = filter.since {
            query = query.filter(audit_log::at.ge(since));
            query = query.filter(audit_log::id.ge(first_id(since)));
        }
        if let Some(until) = filter.until {
            query = query.filter(audit_log::at.lt(until));
            query = query.filter(audit_log::id.lt(first_id(until + CLOCK_SLACK)));
        }
        keyset!(query, audit_log::id, $page)
    }};
}

impl Store {
    /// The line; `NOT_FOUND` when the caller can't see it.
    pub async fn audit_entry_get(&self, cx: &Cx, id: AuditEntryId) -> Result<AuditEntry> {
        let mut found = self.audit_entry_by_ids(cx, &[id]).await?;
        found
            .remove(&id)
            .ok_or_else(|| Error::not_found("audit entry"))
    }

    /// Each line of these ids that the caller can see, by its id.
    pub async fn audit_entry_by_ids(
        &self,
        cx: &Cx,
        ids: &[AuditEntryId],
    ) -> Result<HashMap<AuditEntryId, AuditEntry>> {
        policy::check(&cx.actor, Action::AuditRead)?;
        let rows = entries!().filter(audit_log::id.eq_any(uuids(ids)));
        let rows: Vec<AuditEntryRow> = self.rows(cx, rows).await?;
        rows.into_iter()
            .map(|row| {
                let entry = AuditEntry::try_from(row)?;
                Ok((entry.id, entry))
            })
            .collect()
    }

    /// What was done for a tenant and what was refused, the oldest first.
    pub async fn audit_entry_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        tenant_id: TenantId,
        filter: &AuditFilter,
    ) -> Result<Page<AuditEntry>> {
        policy::check(&cx.actor, Action::AuditRead)?;
        let query = entries!()
            .filter(audit_log::tenant_id.eq(tenant_id.0))
            .into_boxed();
        let query = page_query!(query, filter, page);
        let rows: Vec<AuditEntryRow> = self.rows(cx, query).await?;
        page_of(rows, page)
    }

    /// What was done and refused on the whole platform, the oldest first; each change once.
    pub async fn audit_entry_list_all(
        &self,
        cx: &Cx,
        page: PageRequest,
        filter: &AuditFilter,
    ) -> Result<Page<AuditEntry>> {
        policy::check(&cx.actor, Action::AuditReadAll)?;
        let query = entries!().filter(audit_log::copy_of.is_null()).into_boxed();
        let query = page_query!(query, filter, page);
        let rows: Vec<AuditEntryRow> = self.rows(cx, query).await?;
        page_of(rows, page)
    }
}

/// The least id of a time.
pub(crate) fn first_id(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis.min((1 << 48) - 1) << 80)
}
