//! Images: base disks of guests. Their files are kept outside, under their hashes.

use berth_model::{
    Error, Image, ImageCreate, ImageId, Page, PageRequest, Result, Sha256, TenantId, Timestamp,
    policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::already_exists,
    idempotency::Begun,
    reads::{keyset, page_of, reads, row_read},
    schema::images,
    tx::Tx,
};

/// The version of the guest contract (docs/guest-contract.md) that all images keep.
const CONTRACT: i32 = 1;

#[derive(Queryable, Selectable)]
#[diesel(table_name = images)]
pub(crate) struct ImageRow {
    id: Uuid,
    name: String,
    sha256: Vec<u8>,
    size_bytes: i64,
    virtual_bytes: i64,
    created_at: Timestamp,
}

impl TryFrom<ImageRow> for Image {
    type Error = Error;

    fn try_from(row: ImageRow) -> Result<Self> {
        let digest = <[u8; 32]>::try_from(row.sha256);
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            sha256: Sha256(digest.map_err(|_| Error::internal("a digest of another length"))?),
            size_bytes: row.size_bytes,
            virtual_bytes: row.virtual_bytes,
            created_at: row.created_at,
        })
    }
}

reads!("image", FleetRead, images, ImageRow => Image, image_get, image_by_ids, ImageId);
row_read!("image", images, ImageRow => Image, ImageId);

impl Store {
    /// The images.
    pub async fn image_list(&self, cx: &Cx, page: PageRequest) -> Result<Page<Image>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let query = images::table.select(ImageRow::as_select()).into_boxed();
        let query = keyset!(query, images::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Makes an image known.
    pub async fn image_create(&self, cx: &Cx, input: ImageCreate) -> Result<Image> {
        policy::check(&cx.actor, Action::CatalogueWrite)?;
        check::text("name", &input.name, 100)?;
        check::range(
            "sizeBytes",
            input.size_bytes,
            1,
            check::BYTES_MOST,
            " bytes",
        )?;
        check::range(
            "virtualBytes",
            input.virtual_bytes,
            1,
            check::BYTES_MOST,
            " bytes",
        )?;
        let mut tx = self.begin(cx).await?;
        let made = self.image_create_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn image_create_in(&self, tx: &mut Tx, cx: &Cx, input: &ImageCreate) -> Result<Image> {
        const NAME: &str = "imageCreate";
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, input)
            .await?;
        if let Begun::Replay(id) = begun {
            return ImageRow::read(tx, id).await;
        }
        let id: ImageId = self.ids.next();
        diesel::insert_into(images::table)
            .values((
                images::id.eq(id.0),
                images::name.eq(&input.name),
                images::sha256.eq(input.sha256.0.as_slice()),
                images::size_bytes.eq(input.size_bytes),
                images::virtual_bytes.eq(input.virtual_bytes),
                images::contract.eq(CONTRACT),
                images::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "images_name_key",
                "name",
                "There is an image of this name. Choose another.",
            )]))?;
        self.mutation_end(tx, cx, TenantId::PLATFORM, NAME, &id, id)
            .await?;
        ImageRow::read(tx, id).await
    }
}
