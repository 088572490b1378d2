//! A lost password: a new one by a code that goes to the account's mailbox, or to its recovery
//! address. The second factor is asked for as ever.

use berth_model::{
    AccountEvent, AccountId, ChallengePurpose, EmailAddress, Error, NoticeBody, Result, SignedIn,
    Visit,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    challenge::{ChallengeRow, NewChallenge, wrong_code},
    password::password_check,
    session::others_end,
    sign_up::KnownRow,
};
use crate::{Store, error::internal, schema::accounts, tx::Tx};

impl Store {
    /// Sends a code to the account of this address, to its recovery address if `to_recovery`. Whether
    /// there is either, the browser doesn't learn.
    pub async fn reset_begin(
        &self,
        visit: &Visit,
        email: &EmailAddress,
        to_recovery: bool,
    ) -> Result<()> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let asked = self.reset_ask(&mut tx, visit, email, to_recovery).await;
        tx.end(asked).await
    }

    async fn reset_ask(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        email: &EmailAddress,
        to_recovery: bool,
    ) -> Result<()> {
        let known = KnownRow::read(tx, visit.realm, email).await?;
        let mailbox = known.as_ref().and_then(|row| {
            let mailbox = if to_recovery {
                row.recovery_email.as_ref()
            } else {
                Some(&row.email)
            };
            mailbox?.parse::<EmailAddress>().ok()
        });
        let code = self.code_new();
        let challenge = NewChallenge {
            account_id: known.as_ref().map(|row| AccountId(row.id)),
            email: mailbox.as_ref(),
            code: mailbox.as_ref().map(|_| code.as_str()),
            ..NewChallenge::of(ChallengePurpose::PasswordReset)
        };
        self.challenge_put(tx, visit, &challenge).await?;
        let (Some(account), Some(mailbox)) = (known, mailbox) else {
            return Ok(());
        };
        let locale = account.locale.as_deref().map(str::parse).transpose()?;
        let to = (&*account.name, &mailbox, locale);
        let body = NoticeBody::PasswordReset { code };
        self.notice_tell(tx, visit.realm, to, &body).await
    }

    /// Gives the account a new password by the code, ends its sessions and all tokens that it gave
    /// leave for, and signs in. `WRONG_CODE`, `WEAK_PASSWORD`.
    pub async fn reset_finish(
        &self,
        visit: &Visit,
        code: &str,
        password: &str,
    ) -> Result<SignedIn> {
        // Before the code is used up.
        password_check(password, &[])?;
        let hash = self.password_hash(password).await?;
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let purpose = ChallengePurpose::PasswordReset;
        let done = match self.challenge_solve(&mut tx, visit, purpose, code).await {
            Ok(Some(row)) => self.reset_make(&mut tx, visit, &row, password, &hash).await,
            Ok(None) => {
                tx.commit().await?;
                return Err(wrong_code());
            }
            Err(error) => Err(error),
        };
        tx.end(done).await
    }

    async fn reset_make(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        row: &ChallengeRow,
        password: &str,
        hash: &str,
    ) -> Result<SignedIn> {
        let id = AccountId(row.account_id.ok_or_else(wrong_code)?);
        let account = KnownRow::get(tx, id).await?;
        password_check(password, &[&account.email, &account.name])?;
        self.password_put(tx, id, hash).await?;
        others_end(tx, id, None).await?;
        let proven = row.email.as_deref();
        if proven.is_some_and(|mailbox| mailbox.eq_ignore_ascii_case(&account.email)) {
            diesel::update(accounts::table.find(id.0))
                .set(accounts::email_verified_at.eq(self.clock.now()))
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
        }
        self.notice_password_changed(tx, visit, &account).await?;
        self.event_log(tx, visit, id, AccountEvent::PasswordReset, None)
            .await?;
        self.first_factor_done(tx, visit, id, None).await
    }

    /// Tells that the password is another one, at both addresses.
    pub(super) async fn notice_password_changed(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        account: &KnownRow,
    ) -> Result<()> {
        let body = NoticeBody::PasswordChanged {
            from: visit.remote.clone().unwrap_or_default(),
            at: self.clock.now(),
        };
        self.notice_account(tx, visit.realm, account, &body).await?;
        let Some(recovery) = &account.recovery_email else {
            return Ok(());
        };
        let recovery = recovery.parse().map_err(Error::internal)?;
        let locale = account.locale.as_deref().map(str::parse).transpose()?;
        let to = (&*account.name, &recovery, locale);
        self.notice_tell(tx, visit.realm, to, &body).await
    }
}
