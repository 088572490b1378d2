//! A browser's trip to an identity provider and back. What it is sent with is kept here, for that
//! browser, and comes back once.

use berth_model::{
    AccountId, EmailAddress, Error, ErrorCode, IdentityAsk, IdentityClaims, IdentityClient,
    IdentityOutcome, IdentityPending, IdentityProvider, IdentityProviderId, IdentityStep,
    IdentityTrip, Realm, Result, Session, Timestamp, Visit,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{link::password_there, sign_up::KnownRow};
use crate::{
    Store, check,
    error::{internal, not_found},
    identity_provider::IdentityProviderRow,
    identity_provider_change::place as place_of_provider,
    schema::{identity_providers, identity_trips},
    token::{token_hash, token_text},
    tx::Tx,
};

/// How long a trip may take, with what the person decides after it.
const MINUTES: i64 = 15;

/// The longest query that goes along, in bytes.
const QUERY: usize = 8000;

/// A trip from which the browser has come back with a proven identity.
#[derive(Queryable, Selectable)]
#[diesel(table_name = identity_trips)]
pub(super) struct TripRow {
    pub id: Uuid,
    pub provider_id: Uuid,
    /// Who links it, if they were signed in.
    pub account_id: Option<Uuid>,
    subject: Option<String>,
    email: Option<String>,
    name: Option<String>,
    query: String,
    expires_at: Timestamp,
}

impl TripRow {
    /// Whom the provider vouches for, and their address.
    pub(super) fn proven(&self) -> Result<(&str, EmailAddress)> {
        let (Some(subject), Some(email)) = (&self.subject, &self.email) else {
            return Err(expired());
        };
        Ok((subject, email.parse().map_err(Error::internal)?))
    }
}

/// What was sealed of a trip, by whom it goes.
type SentRow = (Uuid, String, Option<String>, Option<Vec<u8>>, Timestamp);

impl Store {
    /// The identity providers by which people of a realm can sign in, by their names.
    pub async fn identity_provider_shown(&self, realm: Realm) -> Result<Vec<IdentityProvider>> {
        let rows = identity_providers::table
            .filter(identity_providers::realm_id.eq(realm.uuid()))
            .filter(identity_providers::enabled)
            .order((identity_providers::name, identity_providers::id))
            .select(IdentityProviderRow::as_select());
        let (_turn, mut tx) = self.begin_login(realm).await?;
        let rows: Result<Vec<IdentityProviderRow>> = rows.load(&mut *tx).await.map_err(internal);
        let rows = tx.end(rows).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Begins a trip, in the place of an earlier one of this browser. `query` goes along. `NOT_FOUND`
    /// for a provider that the realm hasn't, or has switched off.
    pub async fn identity_trip_begin(
        &self,
        visit: &Visit,
        provider_id: IdentityProviderId,
        redirect_uri: &str,
        query: &str,
    ) -> Result<IdentityTrip> {
        self.trip_begin(visit, provider_id, None, redirect_uri, query)
            .await
    }

    /// The same to link another identity to the account in which somebody is signed in. The password
    /// is asked for, so that a browser that was left open is not enough. `WRONG_CREDENTIALS`.
    pub async fn identity_link_begin(
        &self,
        session: &Session,
        visit: &Visit,
        password: &str,
        provider_id: IdentityProviderId,
        redirect_uri: &str,
    ) -> Result<IdentityTrip> {
        self.session_confirm(session, password).await?;
        let id = Some(session.account.id);
        self.trip_begin(visit, provider_id, id, redirect_uri, "")
            .await
    }

    async fn trip_begin(
        &self,
        visit: &Visit,
        provider_id: IdentityProviderId,
        account_id: Option<AccountId>,
        redirect_uri: &str,
        query: &str,
    ) -> Result<IdentityTrip> {
        check::range("query", query.len(), 0, QUERY, " bytes")?;
        let random = || token_text("", self.ids.bytes());
        let trip = IdentityTrip {
            id: self.ids.uuid(),
            provider_id,
            client: IdentityClient {
                issuer: String::new(),
                client_id: String::new(),
                client_secret: String::new(),
            },
            ask: IdentityAsk {
                redirect_uri: redirect_uri.to_owned(),
                state: random(),
                nonce: random(),
                verifier: random(),
            },
            query: query.to_owned(),
        };
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let begun = self.trip_put(&mut tx, visit, trip, account_id).await;
        tx.end(begun).await
    }

    async fn trip_put(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        mut trip: IdentityTrip,
        account_id: Option<AccountId>,
    ) -> Result<IdentityTrip> {
        trip.client = self.identity_client(tx, trip.provider_id).await?;
        let browser = token_hash(&visit.browser);
        diesel::delete(
            identity_trips::table
                .filter(identity_trips::realm_id.eq(visit.realm.uuid()))
                .filter(identity_trips::browser_hash.eq(browser.as_slice())),
        )
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
        let secrets = format!("{} {}", trip.ask.nonce, trip.ask.verifier);
        let (key_id, sealed) = self
            .keyring
            .seal(&self.ids, &place(trip.id), secrets.as_bytes())?;
        let now = self.clock.now();
        diesel::insert_into(identity_trips::table)
            .values((
                identity_trips::id.eq(trip.id),
                identity_trips::realm_id.eq(visit.realm.uuid()),
                identity_trips::provider_id.eq(trip.provider_id.0),
                identity_trips::browser_hash.eq(browser.as_slice()),
                identity_trips::account_id.eq(account_id.map(|id| id.0)),
                identity_trips::state_hash.eq(token_hash(&trip.ask.state).as_slice()),
                identity_trips::key_id.eq(key_id),
                identity_trips::sealed.eq(sealed),
                identity_trips::query.eq(&trip.query),
                identity_trips::created_at.eq(now),
                identity_trips::expires_at.eq(now + TimeDelta::minutes(MINUTES)),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(trip)
    }

    /// Berth as an identity provider that is switched on knows it.
    async fn identity_client(&self, tx: &mut Tx, id: IdentityProviderId) -> Result<IdentityClient> {
        let (issuer, client_id, key_id, sealed): (String, String, String, Vec<u8>) =
            identity_providers::table
                .find(id.0)
                .filter(identity_providers::enabled)
                .select((
                    identity_providers::issuer,
                    identity_providers::client_id,
                    identity_providers::key_id,
                    identity_providers::sealed,
                ))
                .first(&mut **tx)
                .await
                .map_err(not_found("identity provider"))?;
        let secret = self
            .keyring
            .open(&key_id, &place_of_provider(id), &sealed)?;
        Ok(IdentityClient {
            issuer,
            client_id,
            client_secret: String::from_utf8(secret).map_err(Error::internal)?,
        })
    }

    /// The trip from which this browser comes back with this state, by this provider; it comes back
    /// once. `WRONG_CODE` for any other.
    pub async fn identity_trip_back(
        &self,
        visit: &Visit,
        provider_id: IdentityProviderId,
        state: &str,
        redirect_uri: &str,
    ) -> Result<IdentityTrip> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let back = self
            .trip_back(&mut tx, visit, provider_id, state, redirect_uri)
            .await;
        tx.end(back).await
    }

    async fn trip_back(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        provider_id: IdentityProviderId,
        state: &str,
        redirect_uri: &str,
    ) -> Result<IdentityTrip> {
        let found: Option<SentRow> = identity_trips::table
            .filter(identity_trips::realm_id.eq(visit.realm.uuid()))
            .filter(identity_trips::browser_hash.eq(token_hash(&visit.browser).as_slice()))
            .filter(identity_trips::provider_id.eq(provider_id.0))
            .filter(identity_trips::state_hash.eq(token_hash(state).as_slice()))
            .select((
                identity_trips::id,
                identity_trips::query,
                identity_trips::key_id,
                identity_trips::sealed,
                identity_trips::expires_at,
            ))
            .for_update()
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        let now = self.clock.now();
        let (id, query, key_id, sealed, _) = found
            .filter(|(.., expires_at)| now < *expires_at)
            .ok_or_else(expired)?;
        let (key_id, sealed) = key_id.zip(sealed).ok_or_else(expired)?;
        let secrets = self.keyring.open(&key_id, &place(id), &sealed)?;
        let secrets = String::from_utf8(secrets).map_err(Error::internal)?;
        let (nonce, verifier) = secrets.split_once(' ').ok_or_else(expired)?;
        diesel::update(identity_trips::table.find(id))
            .set((
                identity_trips::state_hash.eq(None::<Vec<u8>>),
                identity_trips::key_id.eq(None::<String>),
                identity_trips::sealed.eq(None::<Vec<u8>>),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(IdentityTrip {
            id,
            provider_id,
            client: self.identity_client(tx, provider_id).await?,
            ask: IdentityAsk {
                redirect_uri: redirect_uri.to_owned(),
                state: state.to_owned(),
                nonce: nonce.to_owned(),
                verifier: verifier.to_owned(),
            },
            query,
        })
    }

    /// Whom the provider vouches for, at the end of a trip. A known identity signs in; for another one
    /// the person is asked next. `IDENTITY_UNVERIFIED` for one without a verified address, which can't
    /// be linked; `ALREADY_EXISTS` for one that is linked already where it was to be linked.
    pub async fn identity_trip_end(
        &self,
        visit: &Visit,
        trip: &IdentityTrip,
        claims: &IdentityClaims,
    ) -> Result<IdentityOutcome> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let ended = self.trip_end(&mut tx, visit, trip, claims).await;
        tx.end(ended).await
    }

    async fn trip_end(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        trip: &IdentityTrip,
        claims: &IdentityClaims,
    ) -> Result<IdentityOutcome> {
        let row = self.trip_row(tx, visit).await?;
        if row.id != trip.id || row.subject.is_some() {
            return Err(expired());
        }
        let known = self
            .identity_account(tx, trip.provider_id, &claims.subject)
            .await?;
        match (known, row.account_id) {
            (Some(id), None) => {
                self.trip_delete(tx, row.id).await?;
                self.identity_used(tx, trip.provider_id, &claims.subject)
                    .await?;
                let signed_in = self.first_factor_done(tx, visit, id, None).await?;
                Ok(IdentityOutcome::SignedIn(signed_in))
            }
            (Some(_), Some(_)) => Err(super::link::linked_already()),
            (None, _) => {
                let email = claims.email.as_ref().ok_or_else(unverified)?;
                let name = claims.name.as_deref();
                let name = name.filter(|name| check::text("name", name, 100).is_ok());
                diesel::update(identity_trips::table.find(row.id))
                    .set((
                        identity_trips::subject.eq(&claims.subject),
                        identity_trips::email.eq(email.as_str()),
                        identity_trips::name.eq(name),
                    ))
                    .execute(&mut **tx)
                    .await
                    .map_err(internal)?;
                Ok(IdentityOutcome::Pending)
            }
        }
    }

    /// What the identity that this browser came back with is waiting for. `WRONG_CODE` if there is
    /// none.
    pub async fn identity_pending(&self, visit: &Visit) -> Result<IdentityPending> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let pending = self.pending(&mut tx, visit).await;
        tx.end(pending).await
    }

    async fn pending(&self, tx: &mut Tx, visit: &Visit) -> Result<IdentityPending> {
        let row = self.trip_row(tx, visit).await?;
        let (_, email) = row.proven()?;
        let step = match (
            row.account_id,
            KnownRow::read(tx, visit.realm, &email).await?,
        ) {
            (Some(_), _) => IdentityStep::Confirm,
            (None, None) => IdentityStep::SignUp,
            (None, Some(account)) if password_there(tx, account.id).await? => {
                IdentityStep::Password
            }
            (None, Some(_)) => IdentityStep::Mailbox,
        };
        let provider = identity_providers::table
            .find(row.provider_id)
            .filter(identity_providers::enabled)
            .select(identity_providers::name);
        let provider: Result<String, _> = provider.first(&mut **tx).await;
        Ok(IdentityPending {
            step,
            provider: provider.map_err(not_found("identity provider"))?,
            email,
            name: row.name,
            query: row.query,
        })
    }

    /// The trip of this browser, locked.
    pub(super) async fn trip_row(&self, tx: &mut Tx, visit: &Visit) -> Result<TripRow> {
        let found: Option<TripRow> = identity_trips::table
            .filter(identity_trips::realm_id.eq(visit.realm.uuid()))
            .filter(identity_trips::browser_hash.eq(token_hash(&visit.browser).as_slice()))
            .filter(identity_trips::state_hash.is_null())
            .select(TripRow::as_select())
            .for_update()
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        let now = self.clock.now();
        found.filter(|row| now < row.expires_at).ok_or_else(expired)
    }

    /// The trip of this key, which a challenge of the browser named.
    pub(super) async fn trip_of(&self, tx: &mut Tx, id: Uuid) -> Result<TripRow> {
        let row = identity_trips::table
            .find(id)
            .select(TripRow::as_select())
            .for_update();
        let row: Option<TripRow> = row.first(&mut **tx).await.optional().map_err(internal)?;
        row.ok_or_else(expired)
    }

    /// It is over.
    pub(super) async fn trip_delete(&self, tx: &mut Tx, id: Uuid) -> Result<()> {
        diesel::delete(identity_trips::table.find(id))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }
}

/// There is no such trip, or no more: of another browser, too long ago, or back already.
pub(super) fn expired() -> Error {
    let text = "This sign-in is too old, or was begun in another browser. Start again.";
    Error::new(ErrorCode::WrongCode, text).at("identity")
}

fn unverified() -> Error {
    let text = "The identity provider vouches for no e-mail address of yours. Verify one there.";
    Error::new(ErrorCode::IdentityUnverified, text).at("identity")
}

/// What nonce and verifier are bound to.
pub(crate) fn place(id: Uuid) -> String {
    format!("identity_trip/{id}")
}
