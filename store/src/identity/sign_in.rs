//! Signing in with a password, and the second factor.

use berth_model::{
    AccountId, ChallengePurpose, EmailAddress, Error, ErrorCode, NoticeBody, Result,
    SessionCookies, SignedIn, Visit,
};
use diesel::{dsl::exists, prelude::*, select};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    challenge::{NewChallenge, wrong_code},
    session::user_agent,
    sign_up::KnownRow,
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
        let (turn, mut tx) = self.begin_login(visit.realm).await?;
        let found: Result<Option<(Uuid, String)>> = account_passwords::table
            .inner_join(accounts::table)
            .filter(accounts::realm_id.eq(visit.realm.uuid()))
            .filter(lower(accounts::email).eq(lower(email.as_str())))
            .select((accounts::id, account_passwords::hash))
            .first(&mut *tx)
            .await
            .optional()
            .map_err(internal);
        let (id, hash) = tx.end(found).await?.unzip();
        // Nothing of the database is held while the password is hashed.
        drop(turn);
        let right = self.password_is(password, hash).await?;
        let id = id.filter(|_| right).ok_or_else(wrong_credentials)?;
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let signed_in = self.first_factor_done(&mut tx, visit, id.into()).await;
        tx.end(signed_in).await
    }

    /// After the first factor, whichever it was: the second one is asked for, if there is one.
    pub(super) async fn first_factor_done(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        id: AccountId,
    ) -> Result<SignedIn> {
        let authenticator = account_authenticators::table
            .find(id.0)
            .filter(account_authenticators::confirmed_at.is_not_null());
        let has_second: bool = select(exists(authenticator))
            .get_result(&mut **tx)
            .await
            .map_err(internal)?;
        if !has_second {
            return Ok(SignedIn::Done(self.sign_in_finish(tx, visit, id).await?));
        }
        let challenge = NewChallenge {
            account_id: Some(id),
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
            return Ok(None);
        }
        self.challenge_delete(tx, &row).await?;
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
        self.session_begin(tx, visit, id).await
    }
}

fn wrong_credentials() -> Error {
    Error::new(
        ErrorCode::WrongCredentials,
        "The address or the password is wrong.",
    )
}
