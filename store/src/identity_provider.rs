//! Identity providers: reading them. A storefront sees its own, the provider all. Never their secrets.

use berth_model::{
    IdentityProvider, IdentityProviderId, Page, PageRequest, Result, StorefrontId, Timestamp,
    policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{keyset, page_of, reads, row_read},
    schema::identity_providers,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = identity_providers)]
pub(crate) struct IdentityProviderRow {
    id: Uuid,
    storefront_id: Option<Uuid>,
    name: String,
    issuer: String,
    client_id: String,
    enabled: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<IdentityProviderRow> for IdentityProvider {
    fn from(row: IdentityProviderRow) -> Self {
        Self {
            id: row.id.into(),
            storefront_id: row.storefront_id.map(Into::into),
            name: row.name,
            issuer: row.issuer,
            client_id: row.client_id,
            enabled: row.enabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

reads!(
    "identity provider", IdentityProviderRead, identity_providers,
    IdentityProviderRow => IdentityProvider,
    identity_provider_get, identity_provider_by_ids, IdentityProviderId
);
row_read!(
    "identity provider", identity_providers, IdentityProviderRow => IdentityProvider,
    IdentityProviderId
);

impl Store {
    /// The identity providers that the caller can see; of one storefront, if it is named.
    pub async fn identity_provider_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        storefront_id: Option<StorefrontId>,
    ) -> Result<Page<IdentityProvider>> {
        policy::check(&cx.actor, Action::IdentityProviderRead)?;
        let mut query = identity_providers::table
            .select(IdentityProviderRow::as_select())
            .into_boxed();
        if let Some(id) = storefront_id {
            query = query.filter(identity_providers::storefront_id.eq(id.0));
        }
        let query = keyset!(query, identity_providers::id, page);
        page_of(self.rows(cx, query).await?, page)
    }
}
