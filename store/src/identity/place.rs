//! Whose pages are asked for: known before anybody has signed in.

use berth_model::{DomainName, Result, Storefront, StorefrontId};
use diesel::prelude::*;

use crate::{Store, schema::storefronts, storefront::StorefrontRow};

impl Store {
    /// What a storefront shows to anybody: its brand, its language, its host.
    pub async fn storefront_shown(&self, id: StorefrontId) -> Result<Option<Storefront>> {
        let row = storefronts::table
            .find(id.0)
            .select(StorefrontRow::as_select());
        let row: Option<StorefrontRow> = self.auth_row(row).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// The storefront whose pages show under this host.
    pub async fn storefront_of_host(&self, host: &DomainName) -> Result<Option<Storefront>> {
        let row = storefronts::table
            .filter(storefronts::host.eq(host.as_str()))
            .select(StorefrontRow::as_select());
        let row: Option<StorefrontRow> = self.auth_row(row).await?;
        row.map(TryInto::try_into).transpose()
    }
}
