//! Identity providers.

use async_graphql::{Context, ID, Object, Result};
use berth_model::{IdentityProviderId, StorefrontId, Timestamp};

use super::{
    noun::{find_opt, global, noun},
    page::{Connection, PageArguments, connection},
    storefront::Storefront,
};
use crate::context::request;

noun!(IdentityProvider, IdentityProviderId);

/// Where people have an account already, with which they can sign in here too (OpenID Connect). Its
/// client's secret is never shown.
#[Object]
impl IdentityProvider {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// The storefront whose people sign in by it; the provider's own people without one.
    async fn storefront(&self, ctx: &Context<'_>) -> Result<Option<Storefront>> {
        find_opt(ctx, self.0.storefront_id).await
    }

    /// What people know it by: the text of the button.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its issuer's URL, to the letter.
    async fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// What it knows Berth by.
    async fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// Whether people can sign in by it now.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// The way to where people come back to, below the host of the pages on which they sign in: what
    /// it needs to know as redirect URI.
    async fn redirect_path(&self) -> String {
        berth_pages::identity_callback(self.0.realm(), self.0.id)
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When it was last changed.
    async fn updated_at(&self) -> Timestamp {
        self.0.updated_at
    }
}

/// The identity providers that the caller can see; of one storefront, if it is named.
pub(crate) async fn list(
    ctx: &Context<'_>,
    arguments: PageArguments,
    storefront_id: Option<StorefrontId>,
) -> Result<Connection<IdentityProvider>> {
    let request = request(ctx);
    let page = arguments.request::<IdentityProviderId>()?;
    let found = request
        .store
        .identity_provider_list(&request.cx, page, storefront_id)
        .await?;
    Ok(connection(page, found))
}

/// Questions about identity providers.
#[derive(Default)]
pub(crate) struct IdentityProviderQuery;

#[Object]
impl IdentityProviderQuery {
    /// The identity providers that the caller may see: a storefront its own, the provider all.
    async fn identity_providers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<IdentityProvider>> {
        let arguments = PageArguments {
            first,
            after,
            last,
            before,
        };
        list(ctx, arguments, None).await
    }
}
