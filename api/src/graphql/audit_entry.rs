//! The audit log.

use async_graphql::{Context, ID, InputObject, Object, Result};
use berth_model::{AuditEntryId, AuditFilter, AuditResult, ErrorCode, Timestamp};

use super::{
    noun::{global, noun},
    page::{Connection, PageArguments, connection},
    states::State,
};
use crate::context::request;

noun!(AuditEntry, AuditEntryId);

/// Who did what for a tenant, from where and when, and what came of it.
#[Object]
impl AuditEntry {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// Who: `platform` or the id of a storefront, a tenant's id with the role of its client
    /// (`ten_…/OWNER`), `worker/…`, or the user of a command on the provider's machine (`cli/…`).
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// What: the mutation.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// Global id of what it was done to, or of whom it was asked for. It may be gone since.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// The request, as its answer's header `x-request-id` said.
    async fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The IP address that the request came from.
    async fn from(&self) -> Option<String> {
        self.0.remote.map(|remote| remote.to_string())
    }

    /// What the caller's program calls itself: at most 200 characters.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// When it was begun. The line was written then.
    async fn opened_at(&self) -> Timestamp {
        self.0.opened_at
    }

    /// When it was done or refused.
    async fn completed_at(&self) -> Option<Timestamp> {
        self.0.completed_at
    }

    /// What came of it.
    async fn result(&self) -> State<AuditResult> {
        State(self.0.result)
    }

    /// Why it was refused.
    async fn error_code(&self) -> Option<State<ErrorCode>> {
        self.0.error_code.map(State)
    }
}

/// Which lines of an audit log.
#[derive(InputObject)]
pub(crate) struct AuditFilterInput {
    /// Only of this mutation, such as `deploymentCreate`.
    action: Option<String>,
    /// Only by this actor, as lines name it.
    actor: Option<String>,
    /// Only what was begun then or later.
    since: Option<Timestamp>,
    /// Only what was begun before then.
    until: Option<Timestamp>,
}

impl From<AuditFilterInput> for AuditFilter {
    fn from(given: AuditFilterInput) -> Self {
        Self {
            action: given.action,
            actor: given.actor,
            since: given.since,
            until: given.until,
        }
    }
}

/// Questions about the audit log.
#[derive(Default)]
pub(crate) struct AuditEntryQuery;

#[Object]
impl AuditEntryQuery {
    /// The audit log of the whole platform, each change once. For the provider.
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; without it all.")] filter: Option<AuditFilterInput>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<AuditEntry>>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<AuditEntryId>()?;
        let filter = filter.map(AuditFilter::from).unwrap_or_default();
        let found = request
            .store
            .audit_entry_list_all(&request.cx, page, &filter)
            .await?;
        Ok(Some(connection(page, found)))
    }
}
