//! Applications: the catalogue.

use async_graphql::{Context, ID, Object, Result};
use berth_model::{ApplicationId, ApplicationVersionId, Locale, Timestamp};

use super::{
    application_version::ApplicationVersion,
    noun::{global, noun},
    page::{Connection, PageArguments, connection},
    states::State,
};
use crate::context::request;

noun!(Application, ApplicationId);

/// A catalogue entry.
#[Object]
impl Application {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// A short name for addresses and scripts, unique.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// For people.
    async fn name(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The language. Unless said, that of Accept-Language, or else the storefront's."
        )]
        locale: Option<State<Locale>>,
    ) -> Result<&str> {
        let locale = request(ctx).locale_of(locale.map(|asked| asked.0)).await?;
        Ok(self.0.name_in(locale))
    }

    /// One sentence for the shop.
    async fn summary(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The language. Unless said, that of Accept-Language, or else the storefront's."
        )]
        locale: Option<State<Locale>>,
    ) -> Result<&str> {
        let locale = request(ctx).locale_of(locale.map(|asked| asked.0)).await?;
        Ok(self.0.summary_in(locale))
    }

    /// Its releases, oldest first: `last: 1` is the newest.
    async fn versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ApplicationVersion>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<ApplicationVersionId>()?;
        let found = request
            .store
            .application_version_list(&request.cx, page, self.0.id)
            .await?;
        Ok(connection(page, found))
    }

    /// When it was first published.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// Questions about the catalogue.
#[derive(Default)]
pub(crate) struct ApplicationQuery;

#[Object]
impl ApplicationQuery {
    /// The applications that the caller can buy: its storefront's, or all of the catalogue.
    async fn applications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Application>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<ApplicationId>()?;
        let found = request.store.application_list(&request.cx, page).await?;
        Ok(connection(page, found))
    }
}
