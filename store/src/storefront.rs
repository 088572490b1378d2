//! Storefronts: shops under their own brand.

use std::{collections::HashMap, str::FromStr};

use berth_model::{
    Brand, Error, Locale, Page, PageRequest, Result, Storefront, StorefrontId, Tenant, Timestamp,
    WebOrigin, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    plan::shop_id,
    reads::{keyset, page_of, reads, row_read, uuids},
    schema::{storefronts, tenants},
    tenant::TenantRow,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = storefronts)]
pub(crate) struct StorefrontRow {
    id: Uuid,
    locale: String,
    host: Option<String>,
    cors_origins: Vec<String>,
    public_token: Option<String>,
    created_at: Timestamp,
    #[diesel(embed)]
    brand: BrandRow,
}

impl TryFrom<StorefrontRow> for Storefront {
    type Error = Error;

    fn try_from(row: StorefrontRow) -> Result<Self> {
        let origins: Result<Vec<WebOrigin>> = row
            .cors_origins
            .into_iter()
            .map(TryInto::try_into)
            .collect();
        Ok(Self {
            id: row.id.into(),
            brand: row.brand.try_into()?,
            locale: row.locale.parse()?,
            host: kept(row.host)?,
            cors_origins: origins.map_err(Error::internal)?,
            public_token: row.public_token,
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
    "storefront", StorefrontRead, storefronts, StorefrontRow => Storefront,
    storefront_get, storefront_by_ids, StorefrontId
);
row_read!("storefront", storefronts, StorefrontRow => Storefront, StorefrontId);

impl Store {
    /// The storefronts that the caller can see.
    pub async fn storefront_list(&self, cx: &Cx, page: PageRequest) -> Result<Page<Storefront>> {
        policy::check(&cx.actor, Action::StorefrontRead)?;
        let query = storefronts::table
            .select(StorefrontRow::as_select())
            .into_boxed();
        let query = keyset!(query, storefronts::id, page);
        page_of(self.rows(cx, query).await?, page)
    }
    /// The language of the storefront that the caller buys from, for those who chose none. None: the
    /// provider's own.
    pub async fn storefront_locale(&self, cx: &Cx) -> Result<Option<Locale>> {
        policy::check(&cx.actor, Action::StorefrontRead)?;
        let locale = storefronts::table
            .filter(storefronts::id.nullable().eq(shop_id()))
            .select(storefronts::locale);
        let locale: Vec<String> = self.rows(cx, locale).await?;
        let locale = locale.into_iter().next();
        locale.map(|locale| locale.parse()).transpose()
    }

    /// The resellers of these storefronts that the caller can see, by the storefront.
    pub async fn reseller_by_storefront_ids(
        &self,
        cx: &Cx,
        ids: &[StorefrontId],
    ) -> Result<HashMap<StorefrontId, Tenant>> {
        policy::check(&cx.actor, Action::TenantRead)?;
        let rows = storefronts::table
            .inner_join(tenants::table.on(storefronts::reseller_id.eq(tenants::id.nullable())))
            .filter(storefronts::id.eq_any(uuids(ids)))
            .select((storefronts::id, TenantRow::as_select()));
        let rows: Vec<(Uuid, TenantRow)> = self.rows(cx, rows).await?;
        Ok(rows
            .into_iter()
            .map(|(id, row)| (id.into(), row.into()))
            .collect())
    }
}
