//! Sites: places with networks that all of their machines are on.

use berth_model::{
    Page, PageRequest, Result, Site, SiteId, TenantId, Timestamp, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::already_exists,
    idempotency::Begun,
    reads::{keyset, page_of, reads, row_read},
    schema::sites,
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = sites)]
pub(crate) struct SiteRow {
    id: Uuid,
    name: String,
    created_at: Timestamp,
}

impl From<SiteRow> for Site {
    fn from(row: SiteRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            created_at: row.created_at,
        }
    }
}

reads!("site", CatalogueRead, sites, SiteRow => Site, site_get, site_by_ids, SiteId);
row_read!("site", sites, SiteRow => Site, SiteId);

impl Store {
    /// The sites.
    pub async fn site_list(&self, cx: &Cx, page: PageRequest) -> Result<Page<Site>> {
        policy::check(&cx.actor, Action::CatalogueRead)?;
        let query = sites::table.select(SiteRow::as_select()).into_boxed();
        let query = keyset!(query, sites::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Makes a site. `name`: 1 to 100 characters, unique.
    pub async fn site_create(&self, cx: &Cx, name: String) -> Result<Site> {
        policy::check(&cx.actor, Action::FleetWrite)?;
        check::text("name", &name, 100)?;
        let mut tx = self.begin(cx).await?;
        let made = self.site_create_in(&mut tx, cx, &name).await;
        tx.end(made).await
    }

    async fn site_create_in(&self, tx: &mut Tx, cx: &Cx, name: &str) -> Result<Site> {
        const NAME: &str = "siteCreate";
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, &name)
            .await?;
        if let Begun::Replay(id) = begun {
            return SiteRow::read(tx, id).await;
        }
        let id: SiteId = self.ids.next();
        diesel::insert_into(sites::table)
            .values((
                sites::id.eq(id.0),
                sites::name.eq(name),
                sites::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "sites_name_key",
                "name",
                "There is a site of this name. Choose another.",
            )]))?;
        self.mutation_end(tx, cx, TenantId::PLATFORM, NAME, &id, id)
            .await?;
        SiteRow::read(tx, id).await
    }
}
