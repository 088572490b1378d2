//! Storefronts.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{StorefrontId, Timestamp};

use super::{
    identity_provider::{IdentityProvider, list},
    noun::{global, noun},
    page::{Connection, PageArguments, connection},
    payload::{UserError, settle},
};
use crate::context::{Request, request};

noun!(Storefront, StorefrontId);

/// A shop under its own brand, which orders for the operators who sign up there.
#[Object]
impl Storefront {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.brand.name
    }

    /// Where its people have an account already, with which they can sign in at its pages too. For
    /// the storefront and the provider.
    async fn identity_providers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<IdentityProvider>>> {
        let arguments = PageArguments {
            first,
            after,
            last,
            before,
        };
        list(ctx, arguments, Some(self.0.id)).await.map(Some)
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// Questions about storefronts.
#[derive(Default)]
pub(crate) struct StorefrontQuery;

#[Object]
impl StorefrontQuery {
    /// The storefronts that the caller may know of: a storefront knows itself.
    async fn storefronts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Storefront>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<StorefrontId>()?;
        let found = request.store.storefront_list(&request.cx, page).await?;
        Ok(connection(page, found))
    }
}

/// A new storefront.
#[derive(InputObject)]
pub(crate) struct StorefrontCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// For people, 1 to 100 characters.
    name: String,
}

/// What `storefrontCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct StorefrontCreatePayload {
    /// The storefront.
    storefront: Option<Storefront>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Changes of storefronts.
#[derive(Default)]
pub(crate) struct StorefrontMutation;

#[Object]
impl StorefrontMutation {
    /// Makes a storefront. `clientCreate` then gives it its OAuth clients.
    async fn storefront_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new storefront.")] input: StorefrontCreateInput,
    ) -> Result<StorefrontCreatePayload> {
        let (storefront, user_errors) = settle(create(request(ctx), input).await)?;
        Ok(StorefrontCreatePayload {
            storefront: storefront.map(Storefront),
            user_errors,
        })
    }
}

async fn create(
    request: &Request,
    input: StorefrontCreateInput,
) -> model::Result<model::Storefront> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    request.store.storefront_create(&cx, input.name).await
}
