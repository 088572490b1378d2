//! Signing up: an account exists once its mailbox is proven.
//!
//! Also the way in for those whom a storefront named as owners of a tenant: their account waits
//! without a password until they prove the mailbox.

use berth_model::{
    AccountEvent, AccountId, ChallengePurpose, EmailAddress, Error, NoticeBody, Realm, Result,
    SessionCookies, SignUp, Timestamp, Visit,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    challenge::{ChallengeRow, NewChallenge, wrong_code},
    password::password_check,
};
use crate::{
    Store,
    account::lower,
    check,
    error::internal,
    schema::{account_passwords, accounts},
    tx::Tx,
};

/// An account as signing in sees it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(super) struct KnownRow {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub email_verified_at: Option<Timestamp>,
    pub locale: Option<String>,
    pub recovery_email: Option<String>,
}

impl KnownRow {
    /// Of this address in the transaction's realm.
    pub(super) async fn read(
        tx: &mut Tx,
        realm: Realm,
        email: &EmailAddress,
    ) -> Result<Option<Self>> {
        accounts::table
            .filter(accounts::realm_id.eq(realm.uuid()))
            .filter(lower(accounts::email).eq(lower(email.as_str())))
            .select(Self::as_select())
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)
    }

    /// Of this id.
    pub(super) async fn get(tx: &mut Tx, id: AccountId) -> Result<Self> {
        accounts::table
            .find(id.0)
            .select(Self::as_select())
            .first(&mut **tx)
            .await
            .map_err(internal)
    }
}

impl Store {
    /// Asks a browser to prove the mailbox of a new account: a code goes there. Who has an account is
    /// told so by mail; the browser learns nothing.
    ///
    /// `INVALID_INPUT` for a wrong name, `WEAK_PASSWORD`.
    pub async fn sign_up_begin(&self, visit: &Visit, input: &SignUp) -> Result<()> {
        check::text("name", &input.name, 100)?;
        password_check(&input.password, &[input.email.as_str(), &input.name])?;
        let hash = self.password_hash(&input.password).await?;
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let asked = self.sign_up_ask(&mut tx, visit, input, &hash).await;
        tx.end(asked).await
    }

    async fn sign_up_ask(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        input: &SignUp,
        hash: &str,
    ) -> Result<()> {
        let known = KnownRow::read(tx, visit.realm, &input.email).await?;
        let taken = known.filter(|row| row.email_verified_at.is_some());
        let code = self.code_new();
        let challenge = NewChallenge {
            email: Some(&input.email),
            name: Some(&input.name),
            password_hash: Some(hash),
            locale: Some(input.locale),
            terms_version: input.terms_version.as_deref(),
            code: taken.is_none().then_some(code.as_str()),
            ..NewChallenge::of(ChallengePurpose::SignUp)
        };
        self.challenge_put(tx, visit, &challenge).await?;
        if let Some(account) = taken {
            return self
                .notice_account(tx, visit.realm, &account, &NoticeBody::SignUpKnown)
                .await;
        }
        // Without the name: until the mailbox is proven it is a stranger's words to whoever owns it.
        let to = ("", &input.email, Some(input.locale));
        let body = NoticeBody::EmailVerify { code };
        self.notice_tell(tx, visit.realm, to, &body).await
    }

    /// Makes the account whose mailbox the code proves, and signs in. `WRONG_CODE`.
    pub async fn sign_up_finish(&self, visit: &Visit, code: &str) -> Result<SessionCookies> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let purpose = ChallengePurpose::SignUp;
        let made = match self.challenge_solve(&mut tx, visit, purpose, code).await {
            Ok(Some(row)) => self.sign_up_make(&mut tx, visit, row).await,
            Ok(None) => {
                tx.commit().await?;
                return Err(wrong_code());
            }
            Err(error) => Err(error),
        };
        tx.end(made).await
    }

    async fn sign_up_make(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        row: ChallengeRow,
    ) -> Result<SessionCookies> {
        let (Some(email), Some(hash)) = (&row.email, &row.password_hash) else {
            return Err(Error::internal(
                "a sign-up without an address or a password",
            ));
        };
        let email: EmailAddress = email.parse().map_err(Error::internal)?;
        let known = KnownRow::read(tx, visit.realm, &email).await?;
        let id = match known {
            // Another browser was quicker.
            Some(known) if known.email_verified_at.is_some() => return Err(wrong_code()),
            Some(known) => AccountId(known.id),
            None => {
                let id = self.ids.next();
                let name = row.name.as_deref().unwrap_or_default();
                self.account_insert(tx, id, visit.realm, &email, name)
                    .await?;
                id
            }
        };
        let now = self.clock.now();
        diesel::update(accounts::table.find(id.0))
            .set((
                accounts::name.eq(row.name.unwrap_or_default()),
                accounts::locale.eq(row.locale),
                accounts::email_verified_at.eq(now),
                accounts::terms_accepted_at.eq(row.terms_version.is_some().then_some(now)),
                accounts::terms_version.eq(row.terms_version),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.password_put(tx, id, hash).await?;
        self.event_log(tx, visit, id, AccountEvent::SignUp, None)
            .await?;
        self.session_begin(tx, visit, id).await
    }

    /// Gives an account a password, in the place of the one before.
    pub(super) async fn password_put(&self, tx: &mut Tx, id: AccountId, hash: &str) -> Result<()> {
        let now = self.clock.now();
        let values = (
            account_passwords::account_id.eq(id.0),
            account_passwords::hash.eq(hash),
            account_passwords::changed_at.eq(now),
        );
        let anew = (
            account_passwords::hash.eq(hash),
            account_passwords::changed_at.eq(now),
        );
        diesel::insert_into(account_passwords::table)
            .values(values)
            .on_conflict(account_passwords::account_id)
            .do_update()
            .set(anew)
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }
}
