//! What people change of their own account.

use berth_model::{AccountEvent, Error, ErrorCode, Locale, Protection, Result, Session, Visit};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    authenticator::recovery_codes_left,
    password::password_check,
    session::{others_end, signed_out},
    sign_up::KnownRow,
};
use crate::{
    Store, check,
    error::internal,
    schema::{account_authenticators, account_passwords, accounts},
    tx::Tx,
};

/// How long after a sign-in somebody without a password counts as being there.
const FRESH_MINUTES: i64 = 15;

impl Store {
    /// That whoever sits before the browser is still the one who signed in: the password again. Where
    /// there is none (somebody signs in elsewhere), the sign-in must be fresh.
    pub(super) async fn session_confirm(&self, session: &Session, password: &str) -> Result<()> {
        let (turn, mut tx) = self.begin_login(session.account.realm).await?;
        let hash: Result<Option<String>> = account_passwords::table
            .find(session.account.id.0)
            .select(account_passwords::hash)
            .first(&mut *tx)
            .await
            .optional()
            .map_err(internal);
        let hash = tx.end(hash).await?;
        drop(turn);
        let fresh = self.clock.now() - session.created_at < TimeDelta::minutes(FRESH_MINUTES);
        let Some(hash) = hash else {
            return if fresh { Ok(()) } else { Err(signed_out()) };
        };
        if self.password_is(password, Some(hash)).await? {
            return Ok(());
        }
        let error = Error::new(ErrorCode::WrongCredentials, "The password is wrong.");
        Err(error.at("password"))
    }

    /// How the account is protected, and which terms it accepted.
    pub async fn account_protection(&self, session: &Session) -> Result<Protection> {
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let read = protection_read(&mut tx, session).await;
        tx.end(read).await
    }

    /// Another name or language. `INVALID_INPUT`.
    pub async fn account_update(
        &self,
        session: &Session,
        name: &str,
        locale: Locale,
    ) -> Result<()> {
        check::text("name", name, 100)?;
        let changed = (
            accounts::name.eq(name),
            accounts::locale.eq(locale.as_str()),
        );
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let done = diesel::update(accounts::table.find(session.account.id.0))
            .set(changed)
            .execute(&mut *tx)
            .await
            .map_err(internal);
        tx.end(done.map(drop)).await
    }

    /// That the person accepts these terms.
    pub async fn terms_accept(&self, session: &Session, version: &str) -> Result<()> {
        let accepted = (
            accounts::terms_version.eq(version),
            accounts::terms_accepted_at.eq(self.clock.now()),
        );
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let done = diesel::update(accounts::table.find(session.account.id.0))
            .set(accepted)
            .execute(&mut *tx)
            .await
            .map_err(internal);
        tx.end(done.map(drop)).await
    }

    /// Another password. All other browsers are signed out, and the tokens of all applications end.
    /// `WRONG_CREDENTIALS` for the current one, `WEAK_PASSWORD` for the new one.
    pub async fn password_change(
        &self,
        session: &Session,
        visit: &Visit,
        current: &str,
        new: &str,
    ) -> Result<()> {
        let account = &session.account;
        password_check(new, &[account.email.as_str(), &account.name])?;
        self.session_confirm(session, current).await?;
        let hash = self.password_hash(new).await?;
        let (_turn, mut tx) = self.begin_login(account.realm).await?;
        let done = self
            .password_change_in(&mut tx, session, visit, &hash)
            .await;
        tx.end(done).await
    }

    async fn password_change_in(
        &self,
        tx: &mut Tx,
        session: &Session,
        visit: &Visit,
        hash: &str,
    ) -> Result<()> {
        let id = session.account.id;
        self.password_put(tx, id, hash).await?;
        others_end(tx, id, Some(session.id)).await?;
        let account = KnownRow::get(tx, id).await?;
        self.event_log(tx, visit, id, AccountEvent::PasswordChange, None)
            .await?;
        self.notice_password_changed(tx, visit, &account).await
    }
}

async fn protection_read(tx: &mut Tx, session: &Session) -> Result<Protection> {
    let id = session.account.id;
    let (recovery_email, terms_version): (Option<String>, Option<String>) = accounts::table
        .find(id.0)
        .select((accounts::recovery_email, accounts::terms_version))
        .first(&mut **tx)
        .await
        .map_err(internal)?;
    let passwords: i64 = account_passwords::table
        .find(id.0)
        .count()
        .get_result(&mut **tx)
        .await
        .map_err(internal)?;
    let authenticators: i64 = account_authenticators::table
        .find(id.0)
        .filter(account_authenticators::confirmed_at.is_not_null())
        .count()
        .get_result(&mut **tx)
        .await
        .map_err(internal)?;
    let recovery_email = recovery_email.as_deref().map(str::parse).transpose();
    Ok(Protection {
        password: passwords > 0,
        authenticator: authenticators > 0,
        recovery_codes: recovery_codes_left(tx, id).await?,
        recovery_email: recovery_email.map_err(Error::internal)?,
        terms_version,
    })
}
