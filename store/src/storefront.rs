//! Storefronts: shops under their own brand.

use std::str::FromStr;

use berth_model::{
    Brand, Error, Page, PageRequest, Result, Storefront, StorefrontId, TenantId, Timestamp, policy,
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
    locale: String,
    host: Option<String>,
    created_at: Timestamp,
    #[diesel(embed)]
    brand: BrandRow,
}

impl TryFrom<StorefrontRow> for Storefront {
    type Error = Error;

    fn try_from(row: StorefrontRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            brand: row.brand.try_into()?,
            locale: row.locale.parse()?,
            host: kept(row.host)?,
            created_at: row.created_at,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = storefronts)]
pub(crate) struct BrandRow {
    name: String,
    accent_color: Option<String>,
    background_color: Option<String>,
    logo_url: Option<String>,
    sender_email: Option<String>,
    support_email: Option<String>,
    support_url: Option<String>,
    terms_url: Option<String>,
    terms_version: Option<String>,
    privacy_url: Option<String>,
    imprint_url: Option<String>,
}

impl TryFrom<BrandRow> for Brand {
    type Error = Error;

    fn try_from(row: BrandRow) -> Result<Self> {
        Ok(Self {
            name: row.name,
            accent_color: kept(row.accent_color)?,
            background_color: kept(row.background_color)?,
            logo_url: row.logo_url,
            sender_email: kept(row.sender_email)?,
            support_email: kept(row.support_email)?,
            support_url: row.support_url,
            terms_url: row.terms_url,
            terms_version: row.terms_version,
            privacy_url: row.privacy_url,
            imprint_url: row.imprint_url,
        })
    }
}

/// What was checked when it was written.
fn kept<T: FromStr<Err = Error>>(text: Option<String>) -> Result<Option<T>> {
    let read = text.as_deref().map(str::parse).transpose();
    read.map_err(Error::internal)
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
