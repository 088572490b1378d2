//! The token endpoint's side of the code flow: a code becomes tokens, once; a refresh token becomes
//! its successor, once. What comes twice was stolen by somebody, and ends all that descends from it
//! (RFC 6749 section 4.1.2, RFC 9700 section 4.14).

use berth_model::{Client, Error, ErrorCode, Result, Timestamp, TokenScopes, message};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Store,
    client::scopes_within,
    error::internal,
    schema::{consents, grants, refresh_tokens},
    token::{IssuedToken, TokenOf, same, token_hash, token_text},
    tx::Tx,
};

/// How long a refresh token that isn't used is good.
const REFRESH_DAYS: i64 = 30;

/// An access token and what renews it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedTokens {
    /// The access token.
    pub access: IssuedToken,
    /// `br_…`: 256 random bits, good once.
    pub refresh: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = grants)]
struct GrantRow {
    id: Uuid,
    scopes: Vec<String>,
    code_challenge: Vec<u8>,
    code_expires_at: Timestamp,
    redirect_uri: String,
    redeemed_at: Option<Timestamp>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = refresh_tokens)]
struct RefreshRow {
    id: Uuid,
    grant_id: Uuid,
    used_at: Option<Timestamp>,
    expires_at: Timestamp,
}

impl Store {
    /// Redeems an authorisation code: `redirect_uri` and `verifier` must be those of the request that
    /// it came of. `WRONG_CODE` for everything that is wrong with it.
    pub async fn grant_redeem(
        &self,
        client: &Client,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<IssuedTokens> {
        let (_turn, mut tx) = self.begin_auth().await?;
        let redeemed = self
            .grant_redeem_in(&mut tx, client, code, redirect_uri, verifier)
            .await;
        end_even_if_stolen(tx, redeemed).await
    }

    async fn grant_redeem_in(
        &self,
        tx: &mut Tx,
        client: &Client,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Option<IssuedTokens>> {
        let found: Option<GrantRow> = grants::table
            .filter(grants::code_hash.eq(token_hash(code).as_slice()))
            .filter(grants::consent_id.eq_any(consents_of(client)))
            .select(GrantRow::as_select())
            .for_update()
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        let row = found.ok_or_else(wrong_code)?;
        if row.redeemed_at.is_some() {
            grant_end(tx, row.id).await?;
            return Ok(None);
        }
        let challenge: [u8; 32] = Sha256::digest(verifier.as_bytes()).into();
        let right = same(&challenge, &row.code_challenge)
            && row.redirect_uri == redirect_uri
            && self.clock.now() < row.code_expires_at;
        if !right {
            return Err(wrong_code());
        }
        diesel::update(grants::table.find(row.id))
            .set(grants::redeemed_at.eq(self.clock.now()))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let scopes = scopes_within(TokenScopes::all(), Some(row.scopes))?;
        Ok(Some(self.tokens_issue(tx, client, row.id, scopes).await?))
    }

    /// Renews an access token; `scopes` narrows the new one. `WRONG_CODE` for a token that is unknown,
    /// over, another client's, or used before; `INVALID_INPUT` for scopes beyond those of the grant.
    pub async fn token_refresh(
        &self,
        client: &Client,
        token: &str,
        scopes: Option<TokenScopes>,
    ) -> Result<IssuedTokens> {
        let (_turn, mut tx) = self.begin_auth().await?;
        let renewed = self.token_refresh_in(&mut tx, client, token, scopes).await;
        end_even_if_stolen(tx, renewed).await
    }

    async fn token_refresh_in(
        &self,
        tx: &mut Tx,
        client: &Client,
        token: &str,
        scopes: Option<TokenScopes>,
    ) -> Result<Option<IssuedTokens>> {
        // Of two that come with the same token one waits here, and then it was used.
        let row: Option<RefreshRow> = refresh_tokens::table
            .filter(refresh_tokens::token_hash.eq(token_hash(token).as_slice()))
            .select(RefreshRow::as_select())
            .for_update()
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        let row = row.ok_or_else(wrong_code)?;
        let grant: Option<GrantRow> = grants::table
            .find(row.grant_id)
            .filter(grants::consent_id.eq_any(consents_of(client)))
            .select(GrantRow::as_select())
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        let grant = grant.ok_or_else(wrong_code)?;
        if row.used_at.is_some() {
            grant_end(tx, grant.id).await?;
            return Ok(None);
        }
        let now = self.clock.now();
        if now >= row.expires_at {
            return Err(wrong_code());
        }
        let granted = scopes_within(TokenScopes::all(), Some(grant.scopes))?;
        let asked = scopes.unwrap_or(granted);
        if !granted.includes(asked) {
            let text = message!("These scopes were granted: {scopes}.", scopes = granted);
            return Err(Error::invalid("scope", text));
        }
        diesel::update(refresh_tokens::table.find(row.id))
            .set(refresh_tokens::used_at.eq(now))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(Some(self.tokens_issue(tx, client, grant.id, asked).await?))
    }

    async fn tokens_issue(
        &self,
        tx: &mut Tx,
        client: &Client,
        grant_id: Uuid,
        scopes: TokenScopes,
    ) -> Result<IssuedTokens> {
        let access = self
            .token_write(tx, client, Some(scopes), TokenOf::Grant(grant_id))
            .await?;
        let refresh = token_text("br_", self.ids.bytes());
        let now = self.clock.now();
        diesel::insert_into(refresh_tokens::table)
            .values((
                refresh_tokens::id.eq(self.ids.uuid()),
                refresh_tokens::grant_id.eq(grant_id),
                refresh_tokens::token_hash.eq(token_hash(&refresh).as_slice()),
                refresh_tokens::created_at.eq(now),
                refresh_tokens::expires_at.eq(now + TimeDelta::days(REFRESH_DAYS)),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(IssuedTokens { access, refresh })
    }
}

/// What people let this client do.
#[diesel::dsl::auto_type(no_type_alias)]
fn consents_of(client: &Client) -> _ {
    let id: Uuid = client.id.0;
    consents::table
        .filter(consents::client_id.eq(id))
        .select(consents::id)
}

/// `None`: it came twice. What was ended stays ended, although the answer is an error.
async fn end_even_if_stolen(tx: Tx, issued: Result<Option<IssuedTokens>>) -> Result<IssuedTokens> {
    match issued {
        Ok(Some(tokens)) => tx.end(Ok(tokens)).await,
        Ok(None) => {
            tx.commit().await?;
            tracing::warn!(
                "a code or a refresh token came twice; all tokens of its grant were ended"
            );
            Err(wrong_code())
        }
        Err(error) => tx.end(Err(error)).await,
    }
}

/// Ends a grant, and with it every token of it.
pub(crate) async fn grant_end(tx: &mut Tx, id: Uuid) -> Result<()> {
    diesel::delete(grants::table.find(id))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(())
}

fn wrong_code() -> Error {
    Error::new(
        ErrorCode::WrongCode,
        "The code or refresh token is unknown, over, used before, or of another request or client.",
    )
}
