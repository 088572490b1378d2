//! Sites.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model::{RackId, SiteId, Timestamp};

use super::{
    noun::{global, noun},
    page::{Connection, PageArguments, connection},
    payload::{UserError, settle},
    rack::Rack,
};
use crate::context::{Request, request};

noun!(Site, SiteId);

/// A place with layer-2 networks that all of its machines are on.
#[Object]
impl Site {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// For people, unique.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its racks. For the provider.
    async fn racks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<Rack>>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<RackId>()?;
        let found = request
            .store
            .rack_list(&request.cx, page, Some(self.0.id))
            .await?;
        Ok(Some(connection(page, found)))
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// A new site.
#[derive(InputObject)]
pub(crate) struct SiteCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// 1 to 100 characters, unique.
    name: String,
}

/// What `siteCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct SiteCreatePayload {
    /// The site.
    site: Option<Site>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Questions about sites.
#[derive(Default)]
pub(crate) struct SiteQuery;

#[Object]
impl SiteQuery {
    /// All sites.
    async fn sites(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Site>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<SiteId>()?;
        let found = request.store.site_list(&request.cx, page).await?;
        Ok(connection(page, found))
    }
}

/// Changes of sites.
#[derive(Default)]
pub(crate) struct SiteMutation;

#[Object]
impl SiteMutation {
    /// Makes a site. For the provider.
    async fn site_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new site.")] input: SiteCreateInput,
    ) -> Result<SiteCreatePayload> {
        let (site, user_errors) = settle(create(request(ctx), input).await)?;
        Ok(SiteCreatePayload {
            site: site.map(Site),
            user_errors,
        })
    }
}

async fn create(
    request: &Request,
    input: SiteCreateInput,
) -> berth_model::Result<berth_model::Site> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    request.store.site_create(&cx, input.name).await
}
