//! Applications: catalogue entries, and how a version is published.

use berth_model::{
    Application, ApplicationId, ApplicationPublish, ApplicationVersion, Error, Page, PageRequest,
    Result, TenantId, Timestamp, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Cx, Store,
    application_version::{ApplicationVersionRow, publish_check},
    error::internal,
    idempotency::Begun,
    image::ImageRow,
    offer::shop_sells_application,
    reads::{keyset, page_of, reads, row_read},
    schema::applications,
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = applications)]
pub(crate) struct ApplicationRow {
    id: Uuid,
    slug: String,
    name: String,
    summary: String,
    translations: Value,
    created_at: Timestamp,
}

impl TryFrom<ApplicationRow> for Application {
    type Error = Error;

    fn try_from(row: ApplicationRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            slug: row.slug,
            name: row.name,
            summary: row.summary,
            translations: serde_json::from_value(row.translations).map_err(Error::internal)?,
            created_at: row.created_at,
        })
    }
}

reads!(
    "application", CatalogueRead, applications, ApplicationRow => Application,
    application_get, application_by_ids, ApplicationId
);
row_read!("application", applications, ApplicationRow => Application, ApplicationId);

impl Store {
    /// The applications that the caller can buy: its storefront's, or all of the catalogue.
    pub async fn application_list(&self, cx: &Cx, page: PageRequest) -> Result<Page<Application>> {
        policy::check(&cx.actor, Action::CatalogueRead)?;
        let query = applications::table
            .filter(shop_sells_application(applications::id))
            .select(ApplicationRow::as_select())
            .into_boxed();
        let query = keyset!(query, applications::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Publishes a version. The application is found by its slug, and gets the new name and
    /// summary, or is made.
    pub async fn application_publish(
        &self,
        cx: &Cx,
        input: ApplicationPublish,
    ) -> Result<(Application, ApplicationVersion)> {
        policy::check(&cx.actor, Action::CatalogueWrite)?;
        publish_check(&input)?;
        let mut tx = self.begin(cx).await?;
        let made = self.application_publish_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn application_publish_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &ApplicationPublish,
    ) -> Result<(Application, ApplicationVersion)> {
        const NAME: &str = "applicationPublish";
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, input)
            .await?;
        let version_id = match begun {
            Begun::Replay(id) => id,
            Begun::Fresh => {
                ImageRow::read(tx, input.image_id)
                    .await
                    .map_err(|error| error.at("imageId"))?;
                let application_id = self.application_upsert(tx, input).await?;
                let id = self
                    .application_version_insert(tx, application_id, input)
                    .await?;
                self.mutation_end(tx, cx, TenantId::PLATFORM, NAME, &id, id)
                    .await?;
                id
            }
        };
        let version = ApplicationVersionRow::read(tx, version_id).await?;
        let application = ApplicationRow::read(tx, version.application_id).await?;
        Ok((application, version))
    }

    async fn application_upsert(
        &self,
        tx: &mut Tx,
        input: &ApplicationPublish,
    ) -> Result<ApplicationId> {
        let translations = serde_json::to_value(&input.translations).map_err(Error::internal)?;
        let texts = (
            applications::name.eq(&input.name),
            applications::summary.eq(&input.summary),
            applications::translations.eq(&translations),
        );
        let id: Uuid = diesel::insert_into(applications::table)
            .values((
                applications::id.eq(self.ids.next::<ApplicationId>().0),
                applications::slug.eq(&input.slug),
                texts,
                applications::created_at.eq(self.clock.now()),
            ))
            .on_conflict(applications::slug)
            .do_update()
            .set(texts)
            .returning(applications::id)
            .get_result(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(id.into())
    }
}
