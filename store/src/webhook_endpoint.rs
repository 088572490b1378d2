//! Webhook endpoints: reading them. A storefront sees its own, the provider all.

use berth_model::{
    Error, Page, PageRequest, Result, Timestamp, WebhookEndpoint, WebhookEndpointId, policy,
    policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{keyset, page_of, reads, row_read},
    schema::webhook_endpoints,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_endpoints)]
pub(crate) struct WebhookEndpointRow {
    id: Uuid,
    storefront_id: Option<Uuid>,
    url: String,
    description: Option<String>,
    patterns: Vec<String>,
    disabled_at: Option<Timestamp>,
    disabled_reason: Option<String>,
    failing_since: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<WebhookEndpointRow> for WebhookEndpoint {
    type Error = Error;

    fn try_from(row: WebhookEndpointRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            storefront_id: row.storefront_id.map(Into::into),
            url: row.url,
            description: row.description,
            patterns: row.patterns,
            disabled_at: row.disabled_at,
            disabled_reason: row.disabled_reason.map(|why| why.parse()).transpose()?,
            failing_since: row.failing_since,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

reads!(
    "webhook endpoint", WebhookRead, webhook_endpoints, WebhookEndpointRow => WebhookEndpoint,
    webhook_endpoint_get, webhook_endpoint_by_ids, WebhookEndpointId
);
row_read!(
    "webhook endpoint", webhook_endpoints, WebhookEndpointRow => WebhookEndpoint, WebhookEndpointId
);

impl Store {
    /// The webhook endpoints that the caller can see.
    pub async fn webhook_endpoint_list(
        &self,
        cx: &Cx,
        page: PageRequest,
    ) -> Result<Page<WebhookEndpoint>> {
        policy::check(&cx.actor, Action::WebhookRead)?;
        let query = webhook_endpoints::table
            .select(WebhookEndpointRow::as_select())
            .into_boxed();
        let query = keyset!(query, webhook_endpoints::id, page);
        page_of(self.rows(cx, query).await?, page)
    }
}
