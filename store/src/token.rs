//! Access tokens: from a client's secret to a token, and from a token to an actor (RFC 6749 section
//! 4.4, RFC 6750). Secrets and tokens are 256 random bits and kept as SHA-256: there is nothing to
//! guess, so a slow hash would only slow us.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use berth_model::{
    Actor, Caller, Client, ClientId, ClientKind, Error, ErrorCode, Result, Scope, Timestamp,
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
    client::ClientRow,
    connect::unavailable,
    error::internal,
    schema::{access_tokens, clients},
    tx::Tx,
};

/// How long a token is good.
const TOKEN_HOURS: i64 = 1;

impl Store {
    /// The client of this id and secret. An unknown client and a wrong secret look the same
    /// (`UNAUTHENTICATED`) and take the same time.
    pub async fn client_authenticate(&self, client_id: &str, secret: &str) -> Result<Client> {
        // A text that is no id takes the same way, as an id that nobody has.
        let id = client_id.parse().unwrap_or(ClientId(Uuid::nil()));
        let known = clients::table
            .find(id.0)
            .select((ClientRow::as_select(), clients::secret_hash));
        let found: Option<(ClientRow, Vec<u8>)> = self.auth_row(known).await?;
        let given = CtOutput::<Sha256>::new(token_hash(secret).into());
        let known = found
            .as_ref()
            .map(|(_, hash)| hash.as_slice())
            .unwrap_or_default();
        let known: [u8; 32] = known.try_into().unwrap_or_default();
        if given == CtOutput::new(known.into())
            && let Some((row, _)) = found
        {
            return row.try_into();
        }
        Err(Error::new(
            ErrorCode::Unauthenticated,
            "The client id or its secret is wrong.",
        ))
    }

    /// A new token (`bt_…`, 256 random bits) of the client and when it expires: in an hour.
    pub async fn token_issue(&self, client: &Client) -> Result<(String, Timestamp)> {
        let token = token_text("bt_", self.ids.bytes());
        let now = self.clock.now();
        let expires_at = now + TimeDelta::hours(TOKEN_HOURS);
        let (_turn, mut tx) = self.begin_auth().await?;
        let kept = diesel::insert_into(access_tokens::table)
            .values((
                access_tokens::id.eq(self.ids.uuid()),
                access_tokens::tenant_id.eq(client.tenant_id.0),
                access_tokens::client_id.eq(client.id.0),
                access_tokens::token_hash.eq(token_hash(&token).as_slice()),
                access_tokens::expires_at.eq(expires_at),
                access_tokens::created_at.eq(now),
            ))
            .execute(&mut *tx)
            .await
            .map_err(internal);
        tx.end(kept).await?;
        Ok((token, expires_at))
    }

    /// Who comes with this token: one query. `UNAUTHENTICATED` if it is unknown or has expired.
    pub async fn token_actor(&self, token: &str) -> Result<Actor> {
        let hash = token_hash(token);
        let known = access_tokens::table
            .inner_join(clients::table.on(clients::id.eq(access_tokens::client_id)))
            .filter(access_tokens::token_hash.eq(hash.as_slice()))
            .filter(access_tokens::expires_at.gt(self.clock.now()))
            .select(ClientRow::as_select());
        let found: Option<ClientRow> = self.auth_row(known).await?;
        let row = found.ok_or_else(|| {
            Error::new(
                ErrorCode::Unauthenticated,
                "The access token is unknown or has expired. Get a new one at the token endpoint.",
            )
        })?;
        actor(row.try_into()?)
    }

    /// A transaction that knows only clients and tokens, and a turn to be kept as long as it.
    /// Anybody can make us authenticate, so that must not take every connection.
    async fn begin_auth(&self) -> Result<(SemaphorePermit<'_>, Tx)> {
        let turn = self.auth_turn().await?;
        let tx = self.begin_scope(Scope::Auth, &Cx::worker("auth")).await?;
        Ok((turn, tx))
    }

    /// The one row of a question about clients and tokens, with a turn of its own.
    async fn auth_row<'query, Q, R>(&self, query: Q) -> Result<Option<R>>
    where
        Q: for<'c> LoadQuery<'query, &'c AsyncPgConnection, R> + Send + 'query,
        R: Send + 'static,
    {
        let _turn = self.auth_turn().await?;
        let rows = self.rows_scope(Scope::Auth, None, query).await?;
        Ok(rows.into_iter().next())
    }

    async fn auth_turn(&self) -> Result<SemaphorePermit<'_>> {
        timeout(self.wait, self.auth_turns.acquire())
            .await
            .map_err(unavailable)?
            .map_err(Error::internal)
    }
}

fn actor(client: Client) -> Result<Actor> {
    let incomplete = || Error::internal(format!("the client {} is incomplete", client.id));
    let caller = match client.kind {
        ClientKind::Platform => Caller::Platform,
        ClientKind::Storefront => Caller::Storefront(client.storefront_id.ok_or_else(incomplete)?),
        ClientKind::Tenant => Caller::Tenant(client.tenant_id, client.role.ok_or_else(incomplete)?),
    };
    Ok(Actor {
        caller,
        client_id: Some(client.id),
    })
}

/// A secret as it is shown: a prefix that tells what it is (and lets scanners find a leaked one).
pub(crate) fn token_text(prefix: &str, bytes: [u8; 32]) -> String {
    format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What of a secret is kept.
pub(crate) fn token_hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
