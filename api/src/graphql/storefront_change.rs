//! `storefrontCreate`, `storefrontUpdate` and `storefrontPublicTokenRotate`.

use std::str::FromStr;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{Change, Error, Locale, StorefrontChanges};
use chrono::TimeDelta;

use super::{
    input::{change, id, parsed},
    payload::{UserError, about, settle},
    scalars::{DomainName, EmailAddress},
    states::State,
    storefront::Storefront,
};
use crate::context::{Request, request};

/// A new storefront.
#[derive(InputObject)]
pub(crate) struct StorefrontCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// For people, 1 to 100 characters: on pages, and as the sender of mails.
    name: String,
    /// Of buttons and links, such as `#1a4b8c`.
    accent_color: MaybeUndefined<String>,
    /// Behind everything, such as `#ffffff`.
    background_color: MaybeUndefined<String>,
    /// A picture: `https`, 500 characters at most.
    logo_url: MaybeUndefined<String>,
    /// Where people ask for help.
    support_email: MaybeUndefined<EmailAddress>,
    /// Where people find help: `https`, 500 characters at most.
    support_url: MaybeUndefined<String>,
    /// The terms: `https`, 500 characters at most.
    terms_url: MaybeUndefined<String>,
    /// Which version of the terms people accept, 1 to 50 characters, with `termsUrl`. Another one is
    /// asked for at the next sign-in.
    terms_version: MaybeUndefined<String>,
    /// What is done with personal data: `https`, 500 characters at most.
    privacy_url: MaybeUndefined<String>,
    /// Who is behind it: `https`, 500 characters at most.
    imprint_url: MaybeUndefined<String>,
    /// The language of those who chose none. English unless said.
    locale: Option<State<Locale>>,
    /// Where its browser code may run, such as `https://shop.example.org`: 20 at most, without paths,
    /// `http` on this machine alone. They replace the earlier ones.
    cors_origins: Option<Vec<String>>,
    /// The host under which its people sign in and give their leave, such as `login.example.org`, unique.
    /// It must lead to the API, with a certificate. For the provider.
    host: MaybeUndefined<DomainName>,
    /// Whom mails come from: an address that the provider's mail server may send for. For the provider.
    sender_email: MaybeUndefined<EmailAddress>,
    /// The tenant that owns it, one that the provider made for itself. For the provider.
    reseller_id: MaybeUndefined<ID>,
}

/// Changes of a storefront: what isn't given stays, `null` removes it.
#[derive(InputObject)]
pub(crate) struct StorefrontUpdateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which storefront.
    storefront_id: ID,
    /// For people, 1 to 100 characters: on pages, and as the sender of mails.
    name: Option<String>,
    /// Of buttons and links, such as `#1a4b8c`.
    accent_color: MaybeUndefined<String>,
    /// Behind everything, such as `#ffffff`.
    background_color: MaybeUndefined<String>,
    /// A picture: `https`, 500 characters at most.
    logo_url: MaybeUndefined<String>,
    /// Where people ask for help.
    support_email: MaybeUndefined<EmailAddress>,
    /// Where people find help: `https`, 500 characters at most.
    support_url: MaybeUndefined<String>,
    /// The terms: `https`, 500 characters at most.
    terms_url: MaybeUndefined<String>,
    /// Which version of the terms people accept, 1 to 50 characters, with `termsUrl`. Another one is
    /// asked for at the next sign-in.
    terms_version: MaybeUndefined<String>,
    /// What is done with personal data: `https`, 500 characters at most.
    privacy_url: MaybeUndefined<String>,
    /// Who is behind it: `https`, 500 characters at most.
    imprint_url: MaybeUndefined<String>,
    /// The language of those who chose none. It can't be removed.
    locale: Option<State<Locale>>,
    /// Where its browser code may run, such as `https://shop.example.org`: 20 at most, without paths,
    /// `http` on this machine alone. They replace the earlier ones.
    cors_origins: Option<Vec<String>>,
    /// The host under which its people sign in and give their leave, such as `login.example.org`, unique.
    /// It must lead to the API, with a certificate. For the provider.
    host: MaybeUndefined<DomainName>,
    /// Whom mails come from: an address that the provider's mail server may send for. For the provider.
    sender_email: MaybeUndefined<EmailAddress>,
    /// The tenant that owns it, one that the provider made for itself. For the provider.
    reseller_id: MaybeUndefined<ID>,
}

/// What `storefrontCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct StorefrontCreatePayload {
    /// The storefront.
    storefront: Option<Storefront>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// What `storefrontUpdate` changed, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct StorefrontUpdatePayload {
    /// The storefront.
    storefront: Option<Storefront>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// A new public token for a storefront.
#[derive(InputObject)]
pub(crate) struct StorefrontPublicTokenRotateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which storefront.
    storefront_id: ID,
    /// For how many seconds the old token is still taken: up to 604,800, which is a week. 0: it ends
    /// at once.
    #[graphql(default)]
    keep_seconds: i32,
}

/// What `storefrontPublicTokenRotate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct StorefrontPublicTokenRotatePayload {
    /// The storefront, with its new `publicToken`.
    storefront: Option<Storefront>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Changes of storefronts.
#[derive(Default)]
pub(crate) struct StorefrontMutation;

#[Object]
impl StorefrontMutation {
    /// Makes a storefront. `clientCreate` then gives it its OAuth clients. For the provider.
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

    /// Changes what a storefront shows of itself, and where its browser code may run. For the provider,
    /// its reseller and its own clients.
    async fn storefront_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: StorefrontUpdateInput,
    ) -> Result<StorefrontUpdatePayload> {
        let (storefront, user_errors) = settle(update(request(ctx), input).await)?;
        Ok(StorefrontUpdatePayload {
            storefront: storefront.map(Storefront),
            user_errors,
        })
    }

    /// Gives a storefront a new public token. The old one can be kept for a time, so that pages can be
    /// changed over. For the provider, its reseller and its own clients.
    async fn storefront_public_token_rotate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how.")] input: StorefrontPublicTokenRotateInput,
    ) -> Result<StorefrontPublicTokenRotatePayload> {
        let (storefront, user_errors) = settle(rotate(request(ctx), &input).await)?;
        Ok(StorefrontPublicTokenRotatePayload {
            storefront: storefront.map(Storefront),
            user_errors,
        })
    }
}

/// The settings that both inputs have.
macro_rules! settings {
    ($input:ident, $name:expr) => {
        StorefrontChanges {
            name: $name,
            accent_color: text("accentColor", $input.accent_color)?,
            background_color: text("backgroundColor", $input.background_color)?,
            logo_url: text("logoUrl", $input.logo_url)?,
            support_email: text("supportEmail", email($input.support_email))?,
            support_url: text("supportUrl", $input.support_url)?,
            terms_url: text("termsUrl", $input.terms_url)?,
            terms_version: change($input.terms_version),
            privacy_url: text("privacyUrl", $input.privacy_url)?,
            imprint_url: text("imprintUrl", $input.imprint_url)?,
            locale: $input.locale.map(|locale| locale.0),
            cors_origins: origins($input.cors_origins)?,
            host: text("host", $input.host.map_value(|name| name.0))?,
            sender_email: text("senderEmail", email($input.sender_email))?,
            reseller_id: text("resellerId", $input.reseller_id.map_value(|id| id.0))?,
        }
    };
}

async fn create(
    request: &Request,
    input: StorefrontCreateInput,
) -> model::Result<model::Storefront> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = model::StorefrontCreate {
        name: input.name,
        settings: settings!(input, None),
    };
    request.store.storefront_create(&cx, create).await
}

async fn update(
    request: &Request,
    input: StorefrontUpdateInput,
) -> model::Result<model::Storefront> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let storefront_id = id("storefrontId", &input.storefront_id)?;
    let changes = settings!(input, input.name);
    let updated = request.store.storefront_update(&cx, storefront_id, changes);
    updated.await.map_err(about("storefrontId"))
}

async fn rotate(
    request: &Request,
    input: &StorefrontPublicTokenRotateInput,
) -> model::Result<model::Storefront> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let storefront_id = id("storefrontId", &input.storefront_id)?;
    let keep = TimeDelta::seconds(input.keep_seconds.into());
    let store = &request.store;
    let rotated = store.storefront_public_token_rotate(&cx, storefront_id, keep);
    rotated.await.map_err(about("storefrontId"))
}

/// Reads a text whose type tells what is wrong with it.
fn text<T: FromStr<Err = Error>>(
    field: &str,
    given: MaybeUndefined<String>,
) -> model::Result<Change<T>> {
    change(given)
        .map(|text| text.map(|text| parsed(field, &text)).transpose())
        .transpose()
}

fn email(address: MaybeUndefined<EmailAddress>) -> MaybeUndefined<String> {
    address.map_value(|address| address.0)
}

fn origins(texts: Option<Vec<String>>) -> model::Result<Option<Vec<model::WebOrigin>>> {
    let read = |texts: Vec<String>| {
        let origins = texts.iter().map(|text| parsed("corsOrigins", text));
        origins.collect()
    };
    texts.map(read).transpose()
}
