//! Storefronts.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{Locale, StorefrontId, Timestamp};

use super::{
    identity_provider::{IdentityProvider, list},
    loaders::{OffersOf, ResellerOf},
    noun::{global, noun},
    offer::StorefrontOffers,
    page::{Connection, PageArguments, connection},
    scalars::{DomainName, EmailAddress},
    states::State,
    tenant::Tenant,
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

    /// For people: its brand's name.
    async fn name(&self) -> &str {
        &self.0.brand.name
    }

    /// What it shows of itself on the pages where its people sign in, and in mails to them.
    async fn brand(&self) -> Brand {
        Brand::of(&self.0.brand)
    }

    /// The language of those who chose none.
    async fn locale(&self) -> State<Locale> {
        State(self.0.locale)
    }

    /// The host under which its people sign in and give their leave. Nothing: under the API's own.
    async fn host(&self) -> Option<DomainName> {
        self.0.host.as_ref().map(DomainName::of)
    }

    /// Where its browser code may run: what browsers send as `Origin`.
    async fn cors_origins(&self) -> Vec<&str> {
        let origins = self.0.cors_origins.iter();
        origins.map(|origin| origin.as_str()).collect()
    }

    /// A token for its browser code, which reads the catalogue, its prices and its brand without an
    /// account (`bp_…`). It is no secret. Nothing: `storefrontPublicTokenRotate` makes one.
    async fn public_token(&self) -> Option<&str> {
        self.0.public_token.as_deref()
    }

    /// What it sells.
    async fn offers(&self, ctx: &Context<'_>) -> Result<StorefrontOffers> {
        let found = request(ctx).loaders.load_one(OffersOf(self.0.id)).await?;
        Ok(StorefrontOffers(found.unwrap_or_default()))
    }

    /// The tenant that owns it, if the caller may see that. Nothing: the provider itself.
    async fn reseller(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        let found = request(ctx).loaders.load_one(ResellerOf(self.0.id)).await?;
        Ok(found.map(Tenant))
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

/// What a storefront shows of itself.
#[derive(SimpleObject)]
pub(crate) struct Brand {
    /// On pages, and as the sender of mails.
    name: String,
    /// Of buttons and links, such as `#1a4b8c`.
    accent_color: Option<String>,
    /// Behind everything.
    background_color: Option<String>,
    /// An `https` URL of a picture.
    logo_url: Option<String>,
    /// Whom mails come from. Nothing: the provider's own sender address.
    sender_email: Option<EmailAddress>,
    /// Where people ask for help.
    support_email: Option<EmailAddress>,
    /// An `https` URL where people find help.
    support_url: Option<String>,
    /// An `https` URL of the terms.
    terms_url: Option<String>,
    /// Which version of the terms people accept: another one is asked for at the next sign-in.
    terms_version: Option<String>,
    /// An `https` URL of what is done with personal data.
    privacy_url: Option<String>,
    /// An `https` URL that tells who is behind it.
    imprint_url: Option<String>,
}

impl Brand {
    fn of(brand: &model::Brand) -> Self {
        let brand = brand.clone();
        Self {
            name: brand.name,
            accent_color: brand.accent_color.map(String::from),
            background_color: brand.background_color.map(String::from),
            logo_url: brand.logo_url,
            sender_email: brand.sender_email.map(EmailAddress::of),
            support_email: brand.support_email.map(EmailAddress::of),
            support_url: brand.support_url,
            terms_url: brand.terms_url,
            terms_version: brand.terms_version,
            privacy_url: brand.privacy_url,
            imprint_url: brand.imprint_url,
        }
    }
}

/// Questions about storefronts.
#[derive(Default)]
pub(crate) struct StorefrontQuery;

#[Object]
impl StorefrontQuery {
    /// The storefronts that the caller may know of: a storefront knows itself, a reseller its own.
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
