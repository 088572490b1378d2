//! Changes of OAuth clients.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use berth_model as model;
use berth_model::{ClientFor, Error, RedirectUri, Role, TokenScope};
use chrono::TimeDelta;

use super::{
    client::Client,
    input::{id, parsed},
    noun::global,
    payload::{UserError, about, settle},
    states::State,
};
use crate::context::{Request, request};

/// Whom a new client acts for: one of these.
#[derive(OneofObject)]
enum ClientForInput {
    /// The provider, as one of the roles that begin with `PLATFORM_`.
    Platform(State<Role>),
    /// A storefront.
    Storefront(ID),
    /// A tenant, with a role.
    Tenant(ClientTenantInput),
}

/// A tenant, and what a client may do there.
#[derive(InputObject)]
struct ClientTenantInput {
    /// The tenant.
    tenant_id: ID,
    /// As what.
    role: State<Role>,
}

/// A new OAuth client.
#[derive(InputObject)]
pub(crate) struct ClientCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// For people, 1 to 100 characters.
    name: String,
    /// Whom it acts for.
    acts_for: ClientForInput,
    /// What its tokens can open. Left out: everything that such a client may do.
    scopes: Option<Vec<State<TokenScope>>>,
    /// Where people are sent back to whom it asks to act in their name: `https`, for apps also `http`
    /// at a loopback address or a scheme of their own. Left out: it asks nobody.
    #[graphql(default)]
    redirect_uris: Vec<String>,
    /// Whether it runs where no secret can be kept, in a browser or on a phone. It then has none, and
    /// does nothing in its own name.
    #[graphql(default)]
    is_public: bool,
}

/// A new secret for a client.
#[derive(InputObject)]
pub(crate) struct ClientSecretRotateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// The client.
    client_id: ID,
    /// For how many seconds the old secret is still taken: up to 604,800, which is a week. 0: it ends
    /// at once.
    #[graphql(default)]
    keep_seconds: i32,
}

/// A client to remove.
#[derive(InputObject)]
pub(crate) struct ClientDeleteInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// The client.
    client_id: ID,
}

/// What `clientCreate` or `clientSecretRotate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct ClientSecretPayload {
    /// The client.
    client: Option<Client>,
    /// Its new secret, shown this once: a repetition with the same idempotency key gives none.
    secret: Option<String>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// What `clientDelete` removed, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct ClientDeletePayload {
    /// The id of the client that is gone.
    client_id: Option<ID>,
    /// Why nothing was removed.
    user_errors: Vec<UserError>,
}

/// Changes of OAuth clients.
#[derive(Default)]
pub(crate) struct ClientMutation;

#[Object]
impl ClientMutation {
    /// Makes an OAuth client. Keep the secret safe: it is shown once.
    async fn client_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new client.")] input: ClientCreateInput,
    ) -> Result<ClientSecretPayload> {
        payload(create(request(ctx), input).await)
    }

    /// Gives a client a new secret. The old one can be kept for a time, so that programs can be
    /// changed over. Tokens that were issued stay good until they expire.
    async fn client_secret_rotate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which client, and how.")] input: ClientSecretRotateInput,
    ) -> Result<ClientSecretPayload> {
        payload(rotate(request(ctx), input).await)
    }

    /// Removes an OAuth client. Its secret and all of its tokens end at once.
    async fn client_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which client.")] input: ClientDeleteInput,
    ) -> Result<ClientDeletePayload> {
        let (client_id, user_errors) = settle(delete(request(ctx), input).await)?;
        Ok(ClientDeletePayload {
            client_id: client_id.map(global),
            user_errors,
        })
    }
}

fn payload(made: model::Result<(model::Client, Option<String>)>) -> Result<ClientSecretPayload> {
    let (made, user_errors) = settle(made)?;
    let (client, secret) = made.unzip();
    Ok(ClientSecretPayload {
        client: client.map(Client),
        secret: secret.flatten(),
        user_errors,
    })
}

async fn create(
    request: &Request,
    input: ClientCreateInput,
) -> model::Result<(model::Client, Option<String>)> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = model::ClientCreate {
        name: input.name,
        acts_for: acts_for(input.acts_for)?,
        scopes: input
            .scopes
            .map(|scopes| scopes.into_iter().map(|scope| scope.0).collect()),
        redirect_uris: redirect_uris(&input.redirect_uris)?,
        is_public: input.is_public,
    };
    let made = request.store.client_create(&cx, create).await;
    made.map_err(|error| match error.field() {
        Some("storefrontId") => error.at("actsFor.storefront"),
        Some("tenantId") => error.at("actsFor.tenant.tenantId"),
        Some("role") => error.at("actsFor.tenant.role"),
        _ => error,
    })
}

fn redirect_uris(given: &[String]) -> model::Result<Vec<RedirectUri>> {
    given
        .iter()
        .map(|uri| parsed("redirectUris", uri))
        .collect()
}

fn acts_for(input: ClientForInput) -> model::Result<ClientFor> {
    Ok(match input {
        ClientForInput::Platform(role) => {
            let text = "Give a role of the provider's: one that begins with PLATFORM_.";
            let role = role.0.platform();
            ClientFor::Platform(role.ok_or_else(|| Error::invalid("actsFor.platform", text))?)
        }
        ClientForInput::Storefront(given) => {
            ClientFor::Storefront(id("actsFor.storefront", &given)?)
        }
        ClientForInput::Tenant(tenant) => ClientFor::Tenant(
            id("actsFor.tenant.tenantId", &tenant.tenant_id)?,
            tenant.role.0,
        ),
    })
}

async fn rotate(
    request: &Request,
    input: ClientSecretRotateInput,
) -> model::Result<(model::Client, Option<String>)> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let client_id = id("clientId", &input.client_id)?;
    let keep = TimeDelta::seconds(input.keep_seconds.into());
    let made = request.store.client_secret_rotate(&cx, client_id, keep);
    made.await.map_err(about("clientId"))
}

async fn delete(request: &Request, input: ClientDeleteInput) -> model::Result<model::ClientId> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let client_id = id("clientId", &input.client_id)?;
    let gone = request.store.client_delete(&cx, client_id).await;
    gone.map_err(about("clientId"))
}
