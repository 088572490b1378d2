//! `identityProviderCreate`, `identityProviderUpdate` and `identityProviderDelete`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{policy, policy::Action};

use super::{
    identity_provider::IdentityProvider,
    input::{id, id_opt},
    noun::global,
    payload::{UserError, about, settle},
};
use crate::context::{Request, request};

/// A new identity provider.
#[derive(InputObject)]
pub(crate) struct IdentityProviderCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Whose people sign in by it. A storefront's are its own people; the provider leaves it out for
    /// its own.
    storefront_id: Option<ID>,
    /// What people know it by, 1 to 100 characters: the text of the button.
    name: String,
    /// Its issuer's URL, to the letter: `https`, at a public address, 500 characters at most. It is
    /// asked at once whether it answers to this name, and can't be changed later.
    issuer: String,
    /// What it knows Berth by, 1 to 200 characters.
    client_id: String,
    /// What Berth proves itself to it with, 1 to 500 characters. It is never shown.
    client_secret: String,
}

/// What `identityProviderCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct IdentityProviderCreatePayload {
    /// The identity provider.
    identity_provider: Option<IdentityProvider>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Changes of an identity provider; what isn't given stays.
#[derive(InputObject)]
pub(crate) struct IdentityProviderUpdateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which identity provider.
    identity_provider_id: ID,
    /// 1 to 100 characters: the text of the button.
    name: Option<String>,
    /// What it knows Berth by, 1 to 200 characters.
    client_id: Option<String>,
    /// A new secret, 1 to 500 characters.
    client_secret: Option<String>,
    /// Whether people can sign in by it. Who is linked stays linked.
    enabled: Option<bool>,
}

/// What `identityProviderUpdate` changed, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct IdentityProviderUpdatePayload {
    /// The identity provider.
    identity_provider: Option<IdentityProvider>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// Which identity provider to delete.
#[derive(InputObject)]
pub(crate) struct IdentityProviderDeleteInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which identity provider.
    identity_provider_id: ID,
}

/// What `identityProviderDelete` deleted, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct IdentityProviderDeletePayload {
    /// The id of the identity provider, which is gone with every link to it. Whoever had no other way
    /// in sets a password by mail.
    identity_provider_id: Option<ID>,
    /// Why nothing was deleted.
    user_errors: Vec<UserError>,
}

/// Changes of identity providers.
#[derive(Default)]
pub(crate) struct IdentityProviderMutation;

#[Object]
impl IdentityProviderMutation {
    /// Makes an identity provider, by which people can sign in. For storefronts and the provider.
    async fn identity_provider_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new identity provider.")] input: IdentityProviderCreateInput,
    ) -> Result<IdentityProviderCreatePayload> {
        let (made, user_errors) = settle(create(request(ctx), input).await)?;
        Ok(IdentityProviderCreatePayload {
            identity_provider: made.map(IdentityProvider),
            user_errors,
        })
    }

    /// Changes an identity provider, or switches it off or on. For storefronts and the provider.
    async fn identity_provider_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: IdentityProviderUpdateInput,
    ) -> Result<IdentityProviderUpdatePayload> {
        let (changed, user_errors) = settle(update(request(ctx), input).await)?;
        Ok(IdentityProviderUpdatePayload {
            identity_provider: changed.map(IdentityProvider),
            user_errors,
        })
    }

    /// Deletes an identity provider, with every link to it. For storefronts and the provider.
    async fn identity_provider_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: IdentityProviderDeleteInput,
    ) -> Result<IdentityProviderDeletePayload> {
        let (deleted, user_errors) = settle(delete(request(ctx), &input).await)?;
        Ok(IdentityProviderDeletePayload {
            identity_provider_id: deleted.map(global),
            user_errors,
        })
    }
}

async fn create(
    request: &Request,
    input: IdentityProviderCreateInput,
) -> model::Result<model::IdentityProvider> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    // Not for those who may not save one: nobody has us ask others for nothing.
    policy::check(&cx.actor, Action::IdentityProviderWrite)?;
    let create = model::IdentityProviderCreate {
        storefront_id: id_opt("storefrontId", input.storefront_id.as_ref())?,
        name: input.name,
        issuer: request.issuers.check(&input.issuer).await?,
        client_id: input.client_id,
        client_secret: input.client_secret,
    };
    request.store.identity_provider_create(&cx, create).await
}

async fn update(
    request: &Request,
    input: IdentityProviderUpdateInput,
) -> model::Result<model::IdentityProvider> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let update = model::IdentityProviderUpdate {
        id: id("identityProviderId", &input.identity_provider_id)?,
        name: input.name,
        client_id: input.client_id,
        client_secret: input.client_secret,
        enabled: input.enabled,
    };
    let updated = request.store.identity_provider_update(&cx, update).await;
    updated.map_err(about("identityProviderId"))
}

async fn delete(
    request: &Request,
    input: &IdentityProviderDeleteInput,
) -> model::Result<model::IdentityProviderId> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let provider = id("identityProviderId", &input.identity_provider_id)?;
    let deleted = request.store.identity_provider_delete(&cx, provider).await;
    deleted.map_err(about("identityProviderId"))
}
