//! OAuth clients. Their secrets are shown once and kept as hashes.

use berth_model::{
    Client, ClientFor, ClientId, ClientKind, Error, Page, PageRequest, Result, Role, StorefrontId,
    TenantId, Timestamp, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::internal,
    idempotency::Begun,
    reads::{keyset, page_of, reads, row_read},
    schema::clients,
    storefront::StorefrontRow,
    tenant::TenantRow,
    token::{token_hash, token_text},
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
pub(crate) struct ClientRow {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) storefront_id: Option<Uuid>,
    pub(crate) tenant_id: Uuid,
    pub(crate) role: Option<String>,
    pub(crate) created_at: Timestamp,
}

impl TryFrom<ClientRow> for Client {
    type Error = Error;

    fn try_from(row: ClientRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            kind: row.kind.parse()?,
            name: row.name,
            storefront_id: row.storefront_id.map(Into::into),
            tenant_id: row.tenant_id.into(),
            role: row.role.map(|role| role.parse()).transpose()?,
            created_at: row.created_at,
        })
    }
}

reads!(
    "client", ClientRead, clients, ClientRow => Client,
    client_get, client_by_ids, ClientId
);
row_read!("client", clients, ClientRow => Client, ClientId);

impl Store {
    /// The clients that the caller can see: a tenant's, or those of a storefront's tenants.
    pub async fn client_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        tenant_id: Option<TenantId>,
    ) -> Result<Page<Client>> {
        policy::check(&cx.actor, Action::ClientRead)?;
        let mut query = clients::table.select(ClientRow::as_select()).into_boxed();
        if let Some(id) = tenant_id {
            query = query.filter(clients::tenant_id.eq(id.0));
        }
        let query = keyset!(query, clients::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Makes a client. The secret (`bs_…`) is given this once; a replay by idempotency key gives
    /// none. `name`: 1 to 100 characters.
    pub async fn client_create(
        &self,
        cx: &Cx,
        name: String,
        acts_for: ClientFor,
    ) -> Result<(Client, Option<String>)> {
        policy::check(&cx.actor, Action::ClientWrite)?;
        check::text("name", &name, 100)?;
        let mut tx = self.begin(cx).await?;
        let made = self.client_create_in(&mut tx, cx, &name, acts_for).await;
        tx.end(made).await
    }

    async fn client_create_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        name: &str,
        acts_for: ClientFor,
    ) -> Result<(Client, Option<String>)> {
        const NAME: &str = "clientCreate";
        let (kind, storefront_id, tenant_id, role) = parts(acts_for);
        if let Some(id) = storefront_id {
            StorefrontRow::read(tx, id)
                .await
                .map_err(|error| error.at("storefrontId"))?;
        }
        TenantRow::read(tx, tenant_id)
            .await
            .map_err(|error| error.at("tenantId"))?;
        let begun = self
            .idempotency_begin(tx, cx, tenant_id, NAME, &(name, acts_for))
            .await?;
        if let Begun::Replay(id) = begun {
            return Ok((ClientRow::read(tx, id).await?, None));
        }
        let id: ClientId = self.ids.next();
        let secret = token_text("bs_", self.ids.bytes());
        diesel::insert_into(clients::table)
            .values((
                clients::id.eq(id.0),
                clients::kind.eq(kind.as_str()),
                clients::name.eq(name),
                clients::storefront_id.eq(storefront_id.map(|id| id.0)),
                clients::tenant_id.eq(tenant_id.0),
                clients::role.eq(role.map(Role::as_str)),
                clients::secret_hash.eq(token_hash(&secret).as_slice()),
                clients::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.mutation_end(tx, cx, tenant_id, NAME, &id, id).await?;
        Ok((ClientRow::read(tx, id).await?, Some(secret)))
    }
}

fn parts(acts_for: ClientFor) -> (ClientKind, Option<StorefrontId>, TenantId, Option<Role>) {
    match acts_for {
        ClientFor::Platform => (ClientKind::Platform, None, TenantId::PLATFORM, None),
        ClientFor::Storefront(id) => (ClientKind::Storefront, Some(id), TenantId::PLATFORM, None),
        ClientFor::Tenant(id, role) => (ClientKind::Tenant, None, id, Some(role)),
    }
}
