//! Images: base disks of guests.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{ImageId, Timestamp};

use super::{
    input::{bytes, parsed},
    noun::{global, noun},
    page::{Connection, PageArguments, connection},
    payload::{UserError, settle},
    scalars::{Bytes, Sha256},
};
use crate::context::{Request, request};

noun!(Image, ImageId);

/// A base disk in qcow2 that keeps the guest contract.
#[Object]
impl Image {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// For people, unique.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Of the file.
    async fn sha256(&self) -> Sha256 {
        Sha256::of(self.0.sha256)
    }

    /// Of the file.
    async fn size_bytes(&self) -> Bytes {
        Bytes(self.0.size_bytes)
    }

    /// Of the disk that a guest sees.
    async fn virtual_bytes(&self) -> Bytes {
        Bytes(self.0.virtual_bytes)
    }

    /// When it was made known.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// A new image. The file itself is brought by `berth image import`.
#[derive(InputObject)]
pub(crate) struct ImageCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// 1 to 100 characters, unique.
    name: String,
    /// Of the file.
    sha256: Sha256,
    /// Of the file.
    size_bytes: Bytes,
    /// Of the disk that a guest sees.
    virtual_bytes: Bytes,
}

/// What `imageCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct ImageCreatePayload {
    /// The image.
    image: Option<Image>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Questions about images.
#[derive(Default)]
pub(crate) struct ImageQuery;

#[Object]
impl ImageQuery {
    /// All images. For the provider.
    async fn images(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<Image>>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<ImageId>()?;
        let found = request.store.image_list(&request.cx, page).await?;
        Ok(Some(connection(page, found)))
    }
}

/// Changes of images.
#[derive(Default)]
pub(crate) struct ImageMutation;

#[Object]
impl ImageMutation {
    /// Makes an image known. For the provider.
    async fn image_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new image.")] input: ImageCreateInput,
    ) -> Result<ImageCreatePayload> {
        let (image, user_errors) = settle(create(request(ctx), input).await)?;
        Ok(ImageCreatePayload {
            image: image.map(Image),
            user_errors,
        })
    }
}

async fn create(request: &Request, input: ImageCreateInput) -> model::Result<model::Image> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = model::ImageCreate {
        name: input.name,
        sha256: parsed("sha256", &input.sha256.0)?,
        size_bytes: bytes("sizeBytes", input.size_bytes)?,
        virtual_bytes: bytes("virtualBytes", input.virtual_bytes)?,
    };
    request.store.image_create(&cx, create).await
}
