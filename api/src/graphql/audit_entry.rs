//! The audit log.

use async_graphql::{ID, Object};
use berth_model::Timestamp;

use super::noun::{global, noun};

noun!(AuditEntry, AuditEntryId);

/// Who did what for a tenant, and when.
#[Object]
impl AuditEntry {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// Who.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// What: the mutation.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// Global id of what it was done to. It may be gone since.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// The request, as its answer's header `x-request-id` said.
    async fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// When.
    async fn at(&self) -> Timestamp {
        self.0.at
    }
}
