//! Storefronts.

use async_graphql::{Context, ID, Object, Result};
use berth_model::{StorefrontId, Timestamp};

use super::{
    noun::{global, noun},
    page::{Connection, PageArguments, connection},
};
use crate::context::request;

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
        &self.0.name
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
