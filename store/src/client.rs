//! OAuth clients. Their secrets are shown once and kept as hashes.

use berth_model::{
    Client, ClientCreate, ClientFor, ClientId, ClientKind, Error, ErrorCode, Page, PageRequest,
    RedirectUri, Result, Role, TenantId, Timestamp, TokenScope, TokenScopes, message, policy,
    policy::Action,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    audit::own_tenant,
    check,
    error::internal,
    idempotency::Begun,
    member::role_check,
    reads::{keyset, page_of, reads, row_read},
    schema::clients,
    storefront_change,
    tenant::TenantRow,
    token::{token_hash, token_text},
    tx::Tx,
};

/// How long an old secret can be kept beside its successor.
const SECRET_KEEP_MOST: TimeDelta = TimeDelta::days(7);

/// The most redirect URIs of a client.
const REDIRECT_URIS: usize = 20;

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
pub(crate) struct ClientRow {
    id: Uuid,
    kind: String,
    name: String,
    storefront_id: Option<Uuid>,
    tenant_id: Uuid,
    role: Option<String>,
    scopes: Option<Vec<String>>,
    redirect_uris: Vec<String>,
    is_public: bool,
    created_at: Timestamp,
}

impl TryFrom<ClientRow> for Client {
    type Error = Error;

    fn try_from(row: ClientRow) -> Result<Self> {
        let acts_for = match (row.kind.parse()?, row.storefront_id, row.role) {
            (ClientKind::Platform, _, None) => ClientFor::PROVIDER,
            (ClientKind::Platform, _, Some(role)) => {
                let role: Role = role.parse()?;
                let role = role.platform();
                ClientFor::Platform(role.ok_or_else(|| Error::internal("a role of no provider"))?)
            }
            (ClientKind::Storefront, Some(id), _) => ClientFor::Storefront(id.into()),
            (ClientKind::Tenant, _, Some(role)) => {
                ClientFor::Tenant(row.tenant_id.into(), role.parse()?)
            }
            _ => {
                return Err(Error::internal(format!(
                    "the client {} is incomplete",
                    row.id
                )));
            }
        };
        let uris: Result<Vec<RedirectUri>> = row
            .redirect_uris
            .into_iter()
            .map(TryInto::try_into)
            .collect();
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            acts_for,
            redirect_uris: uris.map_err(Error::internal)?,
            is_public: row.is_public,
            scopes: scopes_within(acts_for.scopes(), row.scopes)?,
            created_at: row.created_at,
        })
    }
}

/// What of `most` a row opens: all of it, unless the row says.
pub(crate) fn scopes_within(most: TokenScopes, row: Option<Vec<String>>) -> Result<TokenScopes> {
    let Some(names) = row else {
        return Ok(most);
    };
    let scopes: Result<TokenScopes> = names.iter().map(|name| name.parse()).collect();
    Ok(scopes?.and(most))
}

/// As a row keeps them.
pub(crate) fn scope_names(scopes: TokenScopes) -> Vec<&'static str> {
    scopes.iter().map(TokenScope::as_str).collect()
}

reads!(
    "client", ClientRead, clients, ClientRow => Client,
    client_get, client_by_ids, ClientId
);
row_read!("client", clients, ClientRow => Client, ClientId);

impl Store {
    /// The clients that the caller can see: a tenant's, or those of a storefront's tenants.
    pub async fn client_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        tenant_id: Option<TenantId>,
    ) -> Result<Page<Client>> {
        policy::check(&cx.actor, Action::ClientRead)?;
        let mut query = clients::table.select(ClientRow::as_select()).into_boxed();
        if let Some(id) = tenant_id {
            query = query.filter(clients::tenant_id.eq(id.0));
        }
        let query = keyset!(query, clients::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Makes a client. The secret (`bs_…`) is given this once; a replay by idempotency key gives none,
    /// and a public client has none.
    pub async fn client_create(
        &self,
        cx: &Cx,
        input: ClientCreate,
    ) -> Result<(Client, Option<String>)> {
        policy::check(&cx.actor, write_action(input.acts_for))?;
        check::text("name", &input.name, 100)?;
        if let ClientFor::Tenant(id, role) = input.acts_for {
            // As the provider a client acts by a role of its own, not as a tenant's.
            if id == TenantId::PLATFORM {
                return Err(Error::not_found("tenant").at("tenantId"));
            }
            role_check(id, role)?;
        }
        scopes_check(&input)?;
        redirects_check(&input)?;
        let mut tx = self.begin(cx).await?;
        let made = self.client_create_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn client_create_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &ClientCreate,
    ) -> Result<(Client, Option<String>)> {
        const NAME: &str = "clientCreate";
        let acts_for = input.acts_for;
        let tenant_id = acts_for.tenant_id();
        match acts_for {
            ClientFor::Platform(_) => {}
            ClientFor::Storefront(id) => storefront_change::lock(tx, id)
                .await
                .map_err(|error| error.at("storefrontId"))?,
            ClientFor::Tenant(id, _) => {
                let tenant = TenantRow::read(tx, id).await;
                tenant.map_err(|error| error.at("tenantId"))?;
            }
        }
        let owner = owner(cx, acts_for);
        let begun = self.idempotency_begin(tx, cx, owner, NAME, input).await?;
        if let Begun::Replay(id) = begun {
            return Ok((ClientRow::read(tx, id).await?, None));
        }
        let id: ClientId = self.ids.next();
        let secret = (!input.is_public).then(|| token_text("bs_", self.ids.bytes()));
        let hash = secret.as_deref().map(|secret| token_hash(secret).to_vec());
        let uris: Vec<_> = input
            .redirect_uris
            .iter()
            .map(RedirectUri::as_str)
            .collect();
        diesel::insert_into(clients::table)
            .values((
                clients::id.eq(id.0),
                clients::kind.eq(acts_for.kind().as_str()),
                clients::name.eq(&input.name),
                clients::storefront_id.eq(acts_for.storefront_id().map(|id| id.0)),
                clients::tenant_id.eq(tenant_id.0),
                clients::role.eq(acts_for.role().map(Role::as_str)),
                clients::scopes.eq(input.scopes.map(scope_names)),
                clients::redirect_uris.eq(uris),
                clients::is_public.eq(input.is_public),
                clients::secret_hash.eq(hash),
                clients::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.mutation_end(tx, cx, owner, NAME, &id, id).await?;
        Ok((ClientRow::read(tx, id).await?, secret))
    }

    /// Gives a client a new secret, which is told this once; a replay by idempotency key gives none.
    /// The one before is taken for `keep` longer (at most 7 days), so that a program can be changed
    /// over; an older one is not taken any more.
    pub async fn client_secret_rotate(
        &self,
        cx: &Cx,
        id: ClientId,
        keep: TimeDelta,
    ) -> Result<(Client, Option<String>)> {
        policy::check(&cx.actor, Action::StorefrontClientWrite)?;
        keep_check(keep)?;
        let mut tx = self.begin(cx).await?;
        let made = self.client_secret_rotate_in(&mut tx, cx, id, keep).await;
        tx.end(made).await
    }

    async fn client_secret_rotate_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: ClientId,
        keep: TimeDelta,
    ) -> Result<(Client, Option<String>)> {
        const NAME: &str = "clientSecretRotate";
        let client = ClientRow::read(tx, id).await?;
        policy::check(&cx.actor, write_action(client.acts_for))?;
        if client.is_public {
            let text = "A public client has no secret.";
            return Err(Error::new(ErrorCode::WrongState, text));
        }
        let owner = owner(cx, client.acts_for);
        let input = (id, keep.num_seconds());
        let begun: Begun<ClientId> = self.idempotency_begin(tx, cx, owner, NAME, &input).await?;
        if let Begun::Replay(_) = begun {
            return Ok((client, None));
        }
        let secret = token_text("bs_", self.ids.bytes());
        // The hash of the one before is kept by the database: who replaces a secret can't read it.
        diesel::update(clients::table.find(id.0))
            .set((
                clients::previous_secret_until.eq(self.clock.now() + keep),
                clients::secret_hash.eq(token_hash(&secret).as_slice()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.mutation_end(tx, cx, owner, NAME, &id, id).await?;
        Ok((client, Some(secret)))
    }

    /// Removes a client. Its secret and all of its tokens end at once.
    pub async fn client_delete(&self, cx: &Cx, id: ClientId) -> Result<ClientId> {
        policy::check(&cx.actor, Action::StorefrontClientWrite)?;
        let mut tx = self.begin(cx).await?;
        let done = self.client_delete_in(&mut tx, cx, id).await;
        tx.end(done).await
    }

    async fn client_delete_in(&self, tx: &mut Tx, cx: &Cx, id: ClientId) -> Result<ClientId> {
        const NAME: &str = "clientDelete";
        // It is gone at a replay: what it belonged to can't be asked any more.
        let kept_by = own_tenant(cx);
        let begun = self.idempotency_begin(tx, cx, kept_by, NAME, &id).await?;
        if let Begun::Replay(id) = begun {
            return Ok(id);
        }
        let client = ClientRow::read(tx, id).await?;
        policy::check(&cx.actor, write_action(client.acts_for))?;
        diesel::delete(clients::table.find(id.0))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.idempotency_end(tx, cx, kept_by, NAME, &id).await?;
        self.audit(tx, cx, owner(cx, client.acts_for), NAME, id)
            .await?;
        Ok(id)
    }
}

/// How long something old may be taken beside something new.
pub(crate) fn keep_check(keep: TimeDelta) -> Result<()> {
    if (TimeDelta::zero()..=SECRET_KEEP_MOST).contains(&keep) {
        return Ok(());
    }
    let days = SECRET_KEEP_MOST.num_days();
    let text = message!(
        "The old one can be kept for 0 seconds to {days} days.",
        days
    );
    Err(Error::invalid("keepSeconds", text))
}

/// What the policy calls making, changing and removing such a client.
fn write_action(acts_for: ClientFor) -> Action {
    match acts_for {
        ClientFor::Storefront(_) => Action::StorefrontClientWrite,
        ClientFor::Platform(_) | ClientFor::Tenant(..) => Action::ClientWrite,
    }
}

/// Whose log tells of it: its tenant's, or of whoever does it.
fn owner(cx: &Cx, acts_for: ClientFor) -> TenantId {
    match acts_for {
        ClientFor::Tenant(id, _) => id,
        ClientFor::Platform(_) | ClientFor::Storefront(_) => own_tenant(cx),
    }
}

/// Scopes that would open nothing to it are a mistake.
fn scopes_check(input: &ClientCreate) -> Result<()> {
    let Some(scopes) = input.scopes else {
        return Ok(());
    };
    let most = input.acts_for.scopes();
    if scopes.is_empty() {
        let text = "Give at least one scope, or leave them out for all that such a client may do.";
        return Err(Error::invalid("scopes", text));
    }
    if !most.includes(scopes) {
        let text = message!(
            "Such a client can have these scopes: {scopes}.",
            scopes = most
        );
        return Err(Error::invalid("scopes", text));
    }
    Ok(())
}

/// Who asks people must be told where to send them back, and only those can that people sign in with.
fn redirects_check(input: &ClientCreate) -> Result<()> {
    let uris = &input.redirect_uris;
    if uris.len() > REDIRECT_URIS {
        let text = message!("Give at most {most} redirect URIs.", most = REDIRECT_URIS);
        return Err(Error::invalid("redirectUris", text));
    }
    if !uris.is_empty() && input.acts_for.realm().is_none() {
        let text = "A tenant's own client acts in its own name: it has no redirect URIs.";
        return Err(Error::invalid("redirectUris", text));
    }
    if input.is_public && uris.is_empty() {
        let text = "A public client does nothing in its own name: give it a redirect URI.";
        return Err(Error::invalid("isPublic", text));
    }
    Ok(())
}
