//! Storefronts: shops under their own brand.

use berth_model::{
    Page, PageRequest, Result, Storefront, StorefrontId, TenantId, Timestamp, policy,
    policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::internal,
    idempotency::Begun,
    reads::{keyset, page_of, reads, row_read},
    schema::storefronts,
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = storefronts)]
pub(crate) struct StorefrontRow {
    id: Uuid,
    name: String,
    created_at: Timestamp,
}

impl From<StorefrontRow> for Storefront {
    fn from(row: StorefrontRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            created_at: row.created_at,
        }
    }
}

reads!(
    "storefront", TenantRead, storefronts, StorefrontRow => Storefront,
    storefront_get, storefront_by_ids, StorefrontId
);
row_read!("storefront", storefronts, StorefrontRow => Storefront, StorefrontId);

impl Store {
    /// The storefronts that the caller can see.
    pub async fn storefront_list(&self, cx: &Cx, page: PageRequest) -> Result<Page<Storefront>> {
        policy::check(&cx.actor, Action::TenantRead)?;
        let query = storefronts::table
            .select(StorefrontRow::as_select())
            .into_boxed();
        let query = keyset!(query, storefronts::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Makes a storefront. `name`: 1 to 100 characters.
    pub async fn storefront_create(&self, cx: &Cx, name: String) -> Result<Storefront> {
        policy::check(&cx.actor, Action::ClientWrite)?;
        check::text("name", &name, 100)?;
        let mut tx = self.begin(cx).await?;
        let made = self.storefront_create_in(&mut tx, cx, &name).await;
        tx.end(made).await
    }

    async fn storefront_create_in(&self, tx: &mut Tx, cx: &Cx, name: &str) -> Result<Storefront> {
        const NAME: &str = "storefrontCreate";
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, &name)
            .await?;
        if let Begun::Replay(id) = begun {
            return StorefrontRow::read(tx, id).await;
        }
        let id: StorefrontId = self.ids.next();
        diesel::insert_into(storefronts::table)
            .values((
                storefronts::id.eq(id.0),
                storefronts::name.eq(name),
                storefronts::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.mutation_end(tx, cx, TenantId::PLATFORM, NAME, &id, id)
            .await?;
        StorefrontRow::read(tx, id).await
    }
}
