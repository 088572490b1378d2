//! Racks: machines that fail together.

use berth_model::{
    Page, PageRequest, Rack, RackId, Result, SiteId, TenantId, Timestamp, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::already_exists,
    idempotency::Begun,
    reads::{keyset, page_of, reads, row_read},
    schema::racks,
    site::SiteRow,
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = racks)]
pub(crate) struct RackRow {
    id: Uuid,
    site_id: Uuid,
    name: String,
    created_at: Timestamp,
}

impl From<RackRow> for Rack {
    fn from(row: RackRow) -> Self {
        Self {
            id: row.id.into(),
            site_id: row.site_id.into(),
            name: row.name,
            created_at: row.created_at,
        }
    }
}

reads!("rack", FleetRead, racks, RackRow => Rack, rack_get, rack_by_ids, RackId);
row_read!("rack", racks, RackRow => Rack, RackId);

impl Store {
    /// The racks, of one site if one is named.
    pub async fn rack_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        site_id: Option<SiteId>,
    ) -> Result<Page<Rack>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let mut query = racks::table.select(RackRow::as_select()).into_boxed();
        if let Some(id) = site_id {
            query = query.filter(racks::site_id.eq(id.0));
        }
        let query = keyset!(query, racks::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Makes a rack. `name`: 1 to 100 characters, unique in its site.
    pub async fn rack_create(&self, cx: &Cx, site_id: SiteId, name: String) -> Result<Rack> {
        policy::check(&cx.actor, Action::FleetWrite)?;
        check::text("name", &name, 100)?;
        let mut tx = self.begin(cx).await?;
        let made = self.rack_create_in(&mut tx, cx, site_id, &name).await;
        tx.end(made).await
    }

    async fn rack_create_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        site_id: SiteId,
        name: &str,
    ) -> Result<Rack> {
        const NAME: &str = "rackCreate";
        let variables = (site_id, name);
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, &variables)
            .await?;
        if let Begun::Replay(id) = begun {
            return RackRow::read(tx, id).await;
        }
        SiteRow::read(tx, site_id)
            .await
            .map_err(|error| error.at("siteId"))?;
        let id: RackId = self.ids.next();
        diesel::insert_into(racks::table)
            .values((
                racks::id.eq(id.0),
                racks::site_id.eq(site_id.0),
                racks::name.eq(name),
                racks::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "racks_site_id_name_key",
                "name",
                "There is a rack of this name in the site. Choose another.",
            )]))?;
        self.mutation_end(tx, cx, TenantId::PLATFORM, NAME, &id, id)
            .await?;
        RackRow::read(tx, id).await
    }
}
