//! Access tokens: from a client's secret to a token, and from a token to an actor (RFC 6749 section
//! 4.4, RFC 6750). Secrets and tokens are 256 random bits and kept as SHA-256: there is nothing to
//! guess, so a slow hash would only slow us.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use berth_model::{
    Actor, Caller, Client, ClientId, Error, ErrorCode, Locale, Person, Realm, Result, Role, Scope,
    SupportGrant, SupportGrantId, TenantId, Timestamp, TokenScopes, message, policy,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl, methods::LoadQuery};
use hmac::digest::CtOutput;
use sha2::{Digest, Sha256};
use tokio::{sync::SemaphorePermit, time::timeout};
use uuid::Uuid;

use crate::{
    Cx, Store,
    client::{ClientRow, scope_names, scopes_within},
    connect::unavailable,
    error::internal,
    identity::grant_end,
    schema::{
        access_tokens, accounts, clients, consents, grants, members, refresh_tokens, support_grants,
    },
    tx::Tx,
    visitor::PUBLIC_TOKEN,
};

/// How long a token is good.
const TOKEN_HOURS: i64 = 1;

/// A token, as it is given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken {
    /// `bt_…`: 256 random bits. It is kept as a hash only.
    pub token: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// What it opens.
    pub scopes: TokenScopes,
}

/// By what a new token comes to be.
#[derive(Clone, Copy)]
pub(crate) enum TokenOf<'a> {
    /// By the client's own secret.
    Client,
    /// By a person's leave.
    Grant(Uuid),
    /// By a support grant, and no longer than that and the leave by which it was asked for.
    Support(&'a SupportGrant, Option<Uuid>),
}

/// What can be told of a token that is good (RFC 7662 section 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Whose it is.
    pub client: Client,
    /// For whom the client acts with it; none: in its own name.
    pub person: Option<Person>,
    /// The person's leave that it descends from.
    pub grant_id: Option<Uuid>,
    /// By which grant that person, one of the provider's, acts for a tenant.
    pub support_grant_id: Option<SupportGrantId>,
    /// The language that the person chose, if they chose one.
    pub locale: Option<Locale>,
    /// What it opens.
    pub scopes: TokenScopes,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = access_tokens)]
struct TokenRow {
    grant_id: Option<Uuid>,
    scopes: Option<Vec<String>>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl TokenInfo {
    /// As whom it calls.
    #[must_use]
    pub fn caller(&self) -> Caller {
        match self.person {
            None => self.client.acts_for.caller(),
            Some(Person {
                tenant: Some((id, role)),
                ..
            }) => Caller::member(id, role),
            Some(person) => Caller::Account(person.account_id, person.realm),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = consents)]
struct PersonRow {
    account_id: Uuid,
    realm_id: Uuid,
    tenant_id: Option<Uuid>,
}

impl PersonRow {
    /// With the role that they have now; none if they left the tenant.
    fn with(self, role: Option<String>) -> Result<Option<Person>> {
        let tenant = match (self.tenant_id, role) {
            (None, _) => None,
            (Some(id), Some(role)) => Some((id.into(), role.parse()?)),
            (Some(_), None) => return Ok(None),
        };
        Ok(Some(Person {
            account_id: self.account_id.into(),
            realm: self.realm_id.into(),
            tenant,
        }))
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = support_grants)]
struct SupportRow {
    id: Uuid,
    tenant_id: Uuid,
    account_id: Uuid,
    role: String,
    expires_at: Timestamp,
    ended_at: Option<Timestamp>,
}

impl SupportRow {
    /// The person, acting for the tenant; none if the grant is over, or if they may open none any more.
    /// `staff` is what they are in the platform tenant now.
    fn person(self, staff: Option<String>, now: Timestamp) -> Result<Option<Person>> {
        let staff: Option<Role> = staff.map(|role| role.parse()).transpose()?;
        let is_staff = staff.is_some_and(|role| {
            let caller = Caller::member(TenantId::PLATFORM, role);
            policy::allows(&caller, policy::Action::SupportGrantCreate)
        });
        if self.ended_at.is_some() || self.expires_at <= now || !is_staff {
            return Ok(None);
        }
        Ok(Some(Person {
            account_id: self.account_id.into(),
            realm: Realm::PROVIDER,
            tenant: Some((self.tenant_id.into(), self.role.parse()?)),
        }))
    }
}

#[derive(Default, Queryable, Selectable)]
#[diesel(table_name = clients)]
struct SecretsRow {
    secret_hash: Option<Vec<u8>>,
    previous_secret_hash: Option<Vec<u8>>,
    previous_secret_until: Option<Timestamp>,
}

impl SecretsRow {
    /// Whether it is the secret, or the one before while that is still taken. Always two comparisons
    /// of constant time.
    fn knows(&self, secret: &str, now: Timestamp) -> bool {
        let hash = token_hash(secret);
        let current = same(&hash, self.secret_hash.as_deref().unwrap_or_default());
        let previous = same(
            &hash,
            self.previous_secret_hash.as_deref().unwrap_or_default(),
        );
        current || previous && self.previous_secret_until.is_some_and(|until| now < until)
    }
}

/// A token with its client, the person who gave it with their role, the support grant with what its
/// person is of the provider's, and the person's language.
type FoundRow = (
    ClientRow,
    TokenRow,
    Option<PersonRow>,
    Option<String>,
    Option<SupportRow>,
    Option<String>,
    Option<String>,
);

fn wrong_client() -> Error {
    Error::new(
        ErrorCode::Unauthenticated,
        "The client id or its secret is wrong.",
    )
}

/// In constant time. Another length is another hash.
pub(crate) fn same(given: &[u8; 32], known: &[u8]) -> bool {
    let known: [u8; 32] = known.try_into().unwrap_or_default();
    CtOutput::<Sha256>::new((*given).into()) == CtOutput::new(known.into())
}

impl Store {
    /// The client of this id and secret. An unknown client and a wrong secret look the same
    /// (`UNAUTHENTICATED`) and take the same time.
    pub async fn client_authenticate(&self, client_id: &str, secret: &str) -> Result<Client> {
        // A text that is no id takes the same way, as an id that nobody has.
        let id = client_id.parse().unwrap_or(ClientId(Uuid::nil()));
        let known = clients::table
            .find(id.0)
            .select((ClientRow::as_select(), SecretsRow::as_select()));
        let found: Option<(ClientRow, SecretsRow)> = self.auth_row(known).await?;
        let (row, secrets) = found.unzip();
        let right = secrets.unwrap_or_default().knows(secret, self.clock.now());
        match row {
            Some(row) if right => row.try_into(),
            _ => Err(wrong_client()),
        }
    }

    /// The public client of this id: it has no secret to show. `UNAUTHENTICATED` if there is none.
    pub async fn client_public(&self, client_id: &str) -> Result<Client> {
        let id = client_id.parse().unwrap_or(ClientId(Uuid::nil()));
        let known = clients::table
            .find(id.0)
            .filter(clients::is_public)
            .select(ClientRow::as_select());
        let found: Option<ClientRow> = self.auth_row(known).await?;
        let row = found.ok_or_else(wrong_client)?;
        row.try_into()
    }

    /// A new token of the client, good for an hour. `scopes`: what it shall open of the client's; all
    /// of it, unless said.
    pub async fn token_issue(
        &self,
        client: &Client,
        scopes: Option<TokenScopes>,
    ) -> Result<IssuedToken> {
        if let Some(asked) = scopes
            && !client.scopes.includes(asked)
        {
            let text = message!(
                "This client can have these scopes: {scopes}.",
                scopes = client.scopes
            );
            return Err(Error::invalid("scope", text));
        }
        let (_turn, mut tx) = self.begin_auth().await?;
        let issued = self
            .token_write(&mut tx, client, scopes, TokenOf::Client)
            .await;
        tx.end(issued).await
    }

    /// Writes a new token, good for an hour or as long as the support grant that it is of.
    pub(crate) async fn token_write(
        &self,
        tx: &mut Tx,
        client: &Client,
        scopes: Option<TokenScopes>,
        of: TokenOf<'_>,
    ) -> Result<IssuedToken> {
        let token = token_text("bt_", self.ids.bytes());
        let now = self.clock.now();
        let hour = now + TimeDelta::hours(TOKEN_HOURS);
        let (grant_id, support_grant_id, expires_at) = match of {
            TokenOf::Client => (None, None, hour),
            TokenOf::Grant(id) => (Some(id), None, hour),
            TokenOf::Support(grant, asked_by) => (asked_by, Some(grant.id.0), grant.expires_at),
        };
        diesel::insert_into(access_tokens::table)
            .values((
                access_tokens::id.eq(self.ids.uuid()),
                access_tokens::tenant_id.eq(client.acts_for.tenant_id().0),
                access_tokens::client_id.eq(client.id.0),
                access_tokens::grant_id.eq(grant_id),
                access_tokens::support_grant_id.eq(support_grant_id),
                access_tokens::token_hash.eq(token_hash(&token).as_slice()),
                access_tokens::scopes.eq(scopes.map(scope_names)),
                access_tokens::expires_at.eq(expires_at),
                access_tokens::created_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(IssuedToken {
            token,
            expires_at,
            scopes: scopes.unwrap_or(client.scopes),
        })
    }

    /// Who comes with this token. `UNAUTHENTICATED` if it is unknown, revoked or has expired.
    pub async fn token_actor(&self, token: &str) -> Result<Actor> {
        if token.starts_with(PUBLIC_TOKEN) {
            return self.visitor_actor(token).await;
        }
        let found = self.token_info(token).await?.ok_or_else(|| {
            Error::new(
                ErrorCode::Unauthenticated,
                "The access token is unknown or has expired. Get a new one at the token endpoint.",
            )
        })?;
        Ok(Actor {
            caller: found.caller(),
            client_id: Some(found.client.id),
            account_id: found.person.map(|person| person.account_id),
            grant_id: found.grant_id,
            support_grant_id: found.support_grant_id,
            locale: found.locale,
            scopes: found.scopes,
        })
    }

    /// What is known of a token: one query. None if it is unknown, revoked or has expired, or if it was
    /// given by somebody who is no member of its tenant any more.
    pub async fn token_info(&self, token: &str) -> Result<Option<TokenInfo>> {
        let hash = token_hash(token);
        let staff = diesel::alias!(members as staff);
        let known = access_tokens::table
            .inner_join(clients::table.on(clients::id.eq(access_tokens::client_id)))
            .left_join(grants::table.on(grants::id.nullable().eq(access_tokens::grant_id)))
            .left_join(consents::table.on(consents::id.eq(grants::consent_id)))
            .left_join(
                members::table.on(members::tenant_id
                    .nullable()
                    .eq(consents::tenant_id)
                    .and(members::account_id.eq(consents::account_id))),
            )
            .left_join(
                support_grants::table.on(support_grants::id
                    .nullable()
                    .eq(access_tokens::support_grant_id)),
            )
            .left_join(
                staff.on(staff
                    .field(members::tenant_id)
                    .eq(TenantId::PLATFORM.0)
                    .and(
                        staff
                            .field(members::account_id)
                            .eq(support_grants::account_id),
                    )),
            )
            .left_join(accounts::table.on(accounts::id.eq(consents::account_id)))
            .filter(access_tokens::token_hash.eq(hash.as_slice()))
            .filter(access_tokens::expires_at.gt(self.clock.now()))
            .select((
                ClientRow::as_select(),
                TokenRow::as_select(),
                Option::<PersonRow>::as_select(),
                members::role.nullable(),
                Option::<SupportRow>::as_select(),
                staff.field(members::role).nullable(),
                accounts::locale.nullable(),
            ));
        let found: Option<FoundRow> = self.auth_row(known).await?;
        let Some((client, token, person, role, support, staff, locale)) = found else {
            return Ok(None);
        };
        let support_grant_id = support.as_ref().map(|row| row.id.into());
        let person = match (person, support) {
            (None, None) => Ok(None),
            (Some(row), None) => row.with(role)?.map(Some).ok_or(()),
            (_, Some(row)) => row.person(staff, self.clock.now())?.map(Some).ok_or(()),
        };
        // Who gave it may do so no longer.
        let Ok(person) = person else {
            return Ok(None);
        };
        let client = Client::try_from(client)?;
        let mut info = TokenInfo {
            scopes: scopes_within(client.scopes, token.scopes)?,
            created_at: token.created_at,
            expires_at: token.expires_at,
            person,
            grant_id: token.grant_id,
            locale: locale.as_deref().map(str::parse).transpose()?,
            support_grant_id,
            client,
        };
        // Of somebody's token only what their role opens is worth telling.
        info.scopes = info.scopes.and(policy::scopes(&info.caller()));
        Ok(Some(info))
    }

    /// Ends a token (RFC 7009 section 2), and with a refresh token all that its grant gave. One that is
    /// unknown has ended already. `FORBIDDEN` if it is another client's.
    pub async fn token_revoke(&self, client: &Client, token: &str) -> Result<()> {
        let hash = token_hash(token);
        let (_turn, mut tx) = self.begin_auth().await?;
        let done = token_revoke_in(&mut tx, client, &hash).await;
        tx.end(done).await
    }

    /// A transaction that knows only clients and tokens, and a turn to be kept as long as it.
    /// Anybody can make us authenticate, so that must not take every connection.
    pub(crate) async fn begin_auth(&self) -> Result<(SemaphorePermit<'_>, Tx)> {
        let turn = self.auth_turn().await?;
        let tx = self.begin_scope(Scope::Auth, &Cx::worker("auth")).await?;
        Ok((turn, tx))
    }

    /// The one row of a question about clients and tokens, with a turn of its own.
    pub(crate) async fn auth_row<'query, Q, R>(&self, query: Q) -> Result<Option<R>>
    where
        Q: for<'c> LoadQuery<'query, &'c AsyncPgConnection, R> + Send + 'query,
        R: Send + 'static,
    {
        let _turn = self.auth_turn().await?;
        let rows = self.rows_scope(Scope::Auth, query).await?;
        Ok(rows.into_iter().next())
    }

    pub(crate) async fn auth_turn(&self) -> Result<SemaphorePermit<'_>> {
        timeout(self.wait, self.auth_turns.acquire())
            .await
            .map_err(unavailable)?
            .map_err(Error::internal)
    }
}

async fn token_revoke_in(tx: &mut Tx, client: &Client, hash: &[u8; 32]) -> Result<()> {
    let known = access_tokens::table.filter(access_tokens::token_hash.eq(hash.as_slice()));
    let owner: Option<Uuid> = known
        .select(access_tokens::client_id)
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)?;
    let Some(owner) = owner else {
        return refresh_revoke_in(tx, client, hash).await;
    };
    owner_check(client, owner)?;
    diesel::delete(known)
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(())
}

async fn refresh_revoke_in(tx: &mut Tx, client: &Client, hash: &[u8; 32]) -> Result<()> {
    let known: Option<(Uuid, Uuid)> = refresh_tokens::table
        .inner_join(grants::table.inner_join(consents::table))
        .filter(refresh_tokens::token_hash.eq(hash.as_slice()))
        .select((grants::id, consents::client_id))
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)?;
    let Some((grant_id, owner)) = known else {
        return Ok(());
    };
    owner_check(client, owner)?;
    grant_end(tx, grant_id).await
}

fn owner_check(client: &Client, owner: Uuid) -> Result<()> {
    if owner == client.id.0 {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::Forbidden,
        "This token was issued to another client, which alone can revoke it.",
    ))
}

/// A secret as it is shown: a prefix that tells what it is (and lets scanners find a leaked one).
pub(crate) fn token_text(prefix: &str, bytes: [u8; 32]) -> String {
    format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What of a secret is kept.
pub(crate) fn token_hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
