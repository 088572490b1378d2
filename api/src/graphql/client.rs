//! OAuth clients.

use async_graphql::{Context, ID, Object, Result};
use berth_model::{ClientFor, ClientId, ClientKind, Role, Timestamp, TokenScope};

use super::{
    noun::{find, find_opt, global, noun},
    page::{Connection, PageArguments, connection},
    states::State,
    storefront::Storefront,
    tenant::Tenant,
};
use crate::context::request;

noun!(Client, ClientId);

/// An OAuth client. Its secret was shown when it was made, and never again.
#[Object]
impl Client {
    /// Its global id, which is its `client_id` too.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// What it acts as.
    async fn kind(&self) -> State<ClientKind> {
        State(self.0.acts_for.kind())
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The storefront that it acts for.
    async fn storefront(&self, ctx: &Context<'_>) -> Result<Option<Storefront>> {
        find_opt(ctx, self.0.acts_for.storefront_id()).await
    }

    /// The tenant that it acts for, if for one.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        match self.0.acts_for {
            ClientFor::Tenant(id, _) => find(ctx, id).await,
            ClientFor::Platform(_) | ClientFor::Storefront(_) => Ok(None),
        }
    }

    /// Its role: in its tenant, or as the provider.
    async fn role(&self) -> Option<State<Role>> {
        self.0.acts_for.role().map(State)
    }

    /// What its tokens can open.
    async fn scopes(&self) -> Vec<State<TokenScope>> {
        self.0.scopes.iter().map(State).collect()
    }

    /// Where people are sent back to whom it asks. None: it asks nobody.
    async fn redirect_uris(&self) -> Vec<&str> {
        let uris = self.0.redirect_uris.iter();
        uris.map(|uri| uri.as_str()).collect()
    }

    /// Whether it can keep no secret, and so has none.
    async fn is_public(&self) -> bool {
        self.0.is_public
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// Questions about clients.
#[derive(Default)]
pub(crate) struct ClientQuery;

#[Object]
impl ClientQuery {
    /// The OAuth clients that the caller may know of.
    async fn clients(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Client>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<ClientId>()?;
        let found = request.store.client_list(&request.cx, page, None).await?;
        Ok(connection(page, found))
    }
}
