//! Signing in with a password, and the second factor.

use berth_model::{
    AccountEvent, AccountId, ChallengePurpose, EmailAddress, Error, ErrorCode, NoticeBody, Realm,
    Result, SessionCookies, SignedIn, Visit,
};
use diesel::{dsl::exists, prelude::*, select};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    challenge::{NewChallenge, wrong_code},
    session::user_agent,
    sign_up::KnownRow,
    trip::TripRow,
};
use crate::{
    Store,
    account::lower,
    error::internal,
    schema::{account_authenticators, account_passwords, accounts, known_browsers},
    token::token_hash,
    tx::Tx,
};

impl Store {
    /// Whether somebody of this address was signed in in this browser before. What strangers try
    /// elsewhere must not hold up who comes with it.
    pub async fn browser_is_known(&self, visit: &Visit, email: &EmailAddress) -> Result<bool> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let known = known_browsers::table
            .inner_join(accounts::table)
            .filter(accounts::realm_id.eq(visit.realm.uuid()))
            .filter(lower(accounts::email).eq(lower(email.as_str())))
            .filter(known_browsers::browser_hash.eq(token_hash(&visit.browser).to_vec()));
        let found = select(exists(known)).get_result(&mut *tx).await;
        tx.end(found.map_err(internal)).await
    }

    /// Signs in with a password, or asks for the second factor. `WRONG_CREDENTIALS`; an unknown
    /// address and a wrong password look the same and take the same time.
    pub async fn sign_in(
        &self,
        visit: &Visit,
        email: &EmailAddress,
        password: &str,
    ) -> Result<SignedIn> {
        let known = self.password_find(visit.realm, email.as_str()).await?;
        let (id, hash) = known.unzip();
        let id = id.map(AccountId);
        let right = self.password_is(password, hash).await?;
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let Some(id) = id.filter(|_| right) else {
            let error = wrong_credentials();
            self.event_log_refused(&mut tx, visit, id, AccountEvent::SignIn, error.code())
                .await?;
            tx.commit().await?;
            return Err(error);
        };
        let signed_in = self.first_factor_done(&mut tx, visit, id, None).await;
        tx.end(signed_in).await
    }

    /// The account of an address and the hash of its password, if it has one. Nothing of the database
    /// is held while the password is hashed.
    async fn password_find(&self, realm: Realm, email: &str) -> Result<Option<(Uuid, String)>> {
        let (_turn, mut tx) = self.begin_login(realm).await?;
        let found = account_passwords::table
            .inner_join(accounts::table)
            .filter(accounts::realm_id.eq(realm.uuid()))
            .filter(lower(accounts::email).eq(lower(email)))
            .select((accounts::id, account_passwords::hash))
            .first(&mut *tx)
            .await
            .optional()
            .map_err(internal);
        tx.end(found).await
    }

    /// Whether it is the password of the account of this address.
    pub(super) async fn password_of(
        &self,
        realm: Realm,
        email: &str,
        password: &str,
    ) -> Result<bool> {
        let known = self.password_find(realm, email).await?;
        self.password_is(password, known.map(|(_, hash)| hash))
            .await
    }

    /// After the first factor, whichever it was: the second one is asked for, if there is one. Then
    /// the identity of `trip` is linked.
    pub(super) async fn first_factor_done(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        id: AccountId,
        trip: Option<TripRow>,
    ) -> Result<SignedIn> {
        let authenticator = account_authenticators::table
            .find(id.0)
            .filter(account_authenticators::confirmed_at.is_not_null());
        let has_second: bool = select(exists(authenticator))
            .get_result(&mut **tx)
            .await
            .map_err(internal)?;
        if !has_second {
            if let Some(trip) = trip {
                self.identity_put(tx, visit, id, &trip).await?;
            }
            return Ok(SignedIn::Done(self.sign_in_finish(tx, visit, id).await?));
        }
        let challenge = NewChallenge {
            account_id: Some(id),
            trip_id: trip.map(|trip| trip.id),
            ..NewChallenge::of(ChallengePurpose::SecondFactor)
        };
        self.challenge_put(tx, visit, &challenge).await?;
        Ok(SignedIn::SecondFactor)
    }

    /// Signs in with the second factor: a number of the app, or a recovery code. `WRONG_CODE`.
    pub async fn second_factor(&self, visit: &Visit, code: &str) -> Result<SessionCookies> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let proven = self.second_factor_in(&mut tx, visit, code).await;
        match proven {
            Ok(None) => {
                tx.commit().await?;
                Err(wrong_code())
            }
            Ok(Some(cookies)) => tx.end(Ok(cookies)).await,
            Err(error) => tx.end(Err(error)).await,
        }
    }

    async fn second_factor_in(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        code: &str,
    ) -> Result<Option<SessionCookies>> {
        let purpose = ChallengePurpose::SecondFactor;
        let row = self.challenge_get(tx, visit, purpose).await?;
        let id = AccountId(row.account_id.ok_or_else(wrong_code)?);
        let digits = code.chars().filter(char::is_ascii_digit).count();
        let letters = code.chars().filter(char::is_ascii_alphanumeric).count();
        let right = if digits == 6 && letters == 6 {
            self.authenticator_check(tx, id, code).await?
        } else {
            self.recovery_code_take(tx, visit.realm, id, code).await?
        };
        if !right {
            self.challenge_missed(tx, &row).await?;
            let code = ErrorCode::WrongCode;
            self.event_log_refused(tx, visit, Some(id), AccountEvent::SignIn, code)
                .await?;
            return Ok(None);
        }
        self.challenge_delete(tx, &row).await?;
        if let Some(trip_id) = row.trip_id {
            let trip = self.trip_of(tx, trip_id).await?;
            self.identity_put(tx, visit, id, &trip).await?;
        }
        Ok(Some(self.sign_in_finish(tx, visit, id).await?))
    }

    /// The session; and a notice if the browser is new to somebody who has others.
    async fn sign_in_finish(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        id: AccountId,
    ) -> Result<SessionCookies> {
        let browsers: Vec<Vec<u8>> = known_browsers::table
            .filter(known_browsers::account_id.eq(id.0))
            .select(known_browsers::browser_hash)
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let here = token_hash(&visit.browser);
        let is_new = !browsers.is_empty() && !browsers.iter().any(|known| *known == here);
        if is_new {
            let account = KnownRow::get(tx, id).await?;
            let body = NoticeBody::SignedInElsewhere {
                from: visit.remote.clone().unwrap_or_default(),
                browser: user_agent(visit).unwrap_or_default(),
                at: self.clock.now(),
            };
            self.notice_account(tx, visit.realm, &account, &body)
                .await?;
        }
        self.event_log(tx, visit, id, AccountEvent::SignIn, None)
            .await?;
        self.session_begin(tx, visit, id).await
    }
}

fn wrong_credentials() -> Error {
    Error::new(
        ErrorCode::WrongCredentials,
        "The address or the password is wrong.",
    )
}
