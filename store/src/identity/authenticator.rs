//! The second factor: an app that shows numbers which change (TOTP, RFC 6238), and recovery codes for
//! when it is lost.

use berth_model::{
    AccountEvent, AccountId, Error, ErrorCode, NoticeBody, Realm, Result, Session, Timestamp,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use totp_rs::{Algorithm, Builder, Totp};

use super::{
    challenge::{plain, wrong_code},
    sign_up::KnownRow,
};
use crate::{
    Store,
    error::internal,
    schema::{account_authenticators, account_recovery_codes},
    token::token_hash,
    tx::Tx,
};

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;

/// The letters of recovery codes: those of other codes, in lower case.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

#[derive(Queryable, Selectable)]
#[diesel(table_name = account_authenticators)]
struct AuthenticatorRow {
    key_id: String,
    sealed: Vec<u8>,
    confirmed_at: Option<Timestamp>,
    last_step: i64,
}

impl Store {
    /// Makes the secret of an authenticator app, in the place of one that was not confirmed, and gives
    /// the URL that apps read (`otpauth://totp/…`) and the secret in base 32, for typing. It is asked
    /// for once [`Store::authenticator_confirm`] was passed. `ALREADY_EXISTS` if one is in use.
    pub async fn authenticator_begin(
        &self,
        session: &Session,
        issuer: &str,
    ) -> Result<(String, String)> {
        let secret = self.ids.bytes::<20>();
        let account = &session.account;
        let totp = totp(&secret, issuer, account.email.as_str())?;
        let url = totp.to_url().map_err(Error::internal)?;
        let place = place(account.id);
        let (key_id, sealed) = self.keyring.seal(&self.ids, &place, &secret)?;
        let (_turn, mut tx) = self.begin_login(account.realm).await?;
        let kept = self
            .authenticator_put(&mut tx, account.id, &key_id, &sealed)
            .await;
        if tx.end(kept).await? == 0 {
            return Err(Error::new(
                ErrorCode::AlreadyExists,
                "An authenticator app is in use already. Remove it before you set up another.",
            ));
        }
        Ok((url, totp.secret().to_base32()))
    }

    /// How many rows were written: none if one that was confirmed is there.
    async fn authenticator_put(
        &self,
        tx: &mut Tx,
        id: AccountId,
        key_id: &str,
        sealed: &[u8],
    ) -> Result<usize> {
        diesel::delete(
            account_authenticators::table
                .find(id.0)
                .filter(account_authenticators::confirmed_at.is_null()),
        )
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
        diesel::insert_into(account_authenticators::table)
            .values((
                account_authenticators::account_id.eq(id.0),
                account_authenticators::key_id.eq(key_id),
                account_authenticators::sealed.eq(sealed),
                account_authenticators::created_at.eq(self.clock.now()),
            ))
            .on_conflict_do_nothing()
            .execute(&mut **tx)
            .await
            .map_err(internal)
    }

    /// Turns the second factor on, if the app shows the right number, and gives the recovery codes,
    /// which are shown this once. `WRONG_CODE`.
    pub async fn authenticator_confirm(
        &self,
        session: &Session,
        code: &str,
    ) -> Result<Vec<String>> {
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let confirmed = self.authenticator_confirm_in(&mut tx, session, code).await;
        tx.end(confirmed).await
    }

    async fn authenticator_confirm_in(
        &self,
        tx: &mut Tx,
        session: &Session,
        code: &str,
    ) -> Result<Vec<String>> {
        let id = session.account.id;
        let row = authenticator_read(tx, id, false)
            .await?
            .ok_or_else(wrong_code)?;
        let step = self.step(id, &row, code)?.ok_or_else(wrong_code)?;
        diesel::update(account_authenticators::table.find(id.0))
            .set((
                account_authenticators::confirmed_at.eq(self.clock.now()),
                account_authenticators::last_step.eq(step),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let account = KnownRow::get(tx, id).await?;
        let realm = session.account.realm;
        self.notice_account(tx, realm, &account, &NoticeBody::SecondFactorOn)
            .await?;
        self.event_log(tx, session, id, AccountEvent::SecondFactorEnable, None)
            .await?;
        self.recovery_codes_put(tx, id).await
    }

    /// Turns the second factor off. The password is asked for, so that a browser that was left open is
    /// not enough. `WRONG_CREDENTIALS`.
    pub async fn authenticator_delete(&self, session: &Session, password: &str) -> Result<()> {
        self.session_confirm(session, password).await?;
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let gone = self.authenticator_delete_in(&mut tx, session).await;
        tx.end(gone).await
    }

    async fn authenticator_delete_in(&self, tx: &mut Tx, session: &Session) -> Result<()> {
        let id = session.account.id;
        diesel::delete(account_authenticators::table.find(id.0))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        recovery_codes_delete(tx, id).await?;
        let account = KnownRow::get(tx, id).await?;
        let realm = session.account.realm;
        self.event_log(tx, session, id, AccountEvent::SecondFactorDisable, None)
            .await?;
        self.notice_account(tx, realm, &account, &NoticeBody::SecondFactorOff)
            .await
    }

    /// New recovery codes in the place of all earlier ones. `WRONG_CREDENTIALS`; `WRONG_STATE`
    /// without a second factor.
    pub async fn recovery_codes_renew(
        &self,
        session: &Session,
        password: &str,
    ) -> Result<Vec<String>> {
        self.session_confirm(session, password).await?;
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let made = self.recovery_codes_renew_in(&mut tx, session).await;
        tx.end(made).await
    }

    async fn recovery_codes_renew_in(&self, tx: &mut Tx, session: &Session) -> Result<Vec<String>> {
        let id = session.account.id;
        let row = authenticator_read(tx, id, true).await?;
        if row.is_none() {
            return Err(Error::new(
                ErrorCode::WrongState,
                "Set up an authenticator app first: recovery codes stand in for it.",
            ));
        }
        let account = KnownRow::get(tx, id).await?;
        let realm = session.account.realm;
        self.notice_account(tx, realm, &account, &NoticeBody::RecoveryCodesNew)
            .await?;
        self.recovery_codes_put(tx, id).await
    }

    async fn recovery_codes_put(&self, tx: &mut Tx, id: AccountId) -> Result<Vec<String>> {
        recovery_codes_delete(tx, id).await?;
        let codes: Vec<String> = (0..RECOVERY_CODES)
            .map(|_| recovery_code(self.ids.bytes()))
            .collect();
        let rows: Vec<_> = codes
            .iter()
            .map(|code| {
                (
                    account_recovery_codes::id.eq(self.ids.uuid()),
                    account_recovery_codes::account_id.eq(id.0),
                    account_recovery_codes::code_hash.eq(recovery_hash(id, code)),
                )
            })
            .collect();
        diesel::insert_into(account_recovery_codes::table)
            .values(rows)
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(codes)
    }

    /// Whether it is the number that the app shows now, and was not taken before.
    pub(super) async fn authenticator_check(
        &self,
        tx: &mut Tx,
        id: AccountId,
        code: &str,
    ) -> Result<bool> {
        let Some(row) = authenticator_read(tx, id, true).await? else {
            return Ok(false);
        };
        let Some(step) = self.step(id, &row, code)? else {
            return Ok(false);
        };
        diesel::update(account_authenticators::table.find(id.0))
            .set(account_authenticators::last_step.eq(step))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(true)
    }

    /// The time step whose number it is: now, or one before or after; later than the last one.
    fn step(&self, id: AccountId, row: &AuthenticatorRow, code: &str) -> Result<Option<i64>> {
        let secret = self.keyring.open(&row.key_id, &place(id), &row.sealed)?;
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        let now = u64::try_from(self.clock.now().timestamp()).unwrap_or(0);
        let step = totp(&secret, "", "")?.check(&digits, now);
        let step = step.and_then(|step| i64::try_from(step).ok());
        Ok(step.filter(|step| *step > row.last_step))
    }

    /// Uses up a recovery code, if it is one, and tells how many are left.
    pub(super) async fn recovery_code_take(
        &self,
        tx: &mut Tx,
        realm: Realm,
        id: AccountId,
        code: &str,
    ) -> Result<bool> {
        let used = diesel::delete(
            account_recovery_codes::table
                .filter(account_recovery_codes::account_id.eq(id.0))
                .filter(account_recovery_codes::code_hash.eq(recovery_hash(id, code))),
        )
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
        if used == 0 {
            return Ok(false);
        }
        let left = recovery_codes_left(tx, id).await?;
        let account = KnownRow::get(tx, id).await?;
        let left = u8::try_from(left).unwrap_or(u8::MAX);
        let body = NoticeBody::RecoveryCodeUsed { left };
        self.notice_account(tx, realm, &account, &body).await?;
        Ok(true)
    }
}

/// The row, locked: of two that come with the same number one waits, and then it is used.
async fn authenticator_read(
    tx: &mut Tx,
    id: AccountId,
    confirmed: bool,
) -> Result<Option<AuthenticatorRow>> {
    let row: Option<AuthenticatorRow> = account_authenticators::table
        .find(id.0)
        .select(AuthenticatorRow::as_select())
        .for_update()
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)?;
    Ok(row.filter(|row| row.confirmed_at.is_some() == confirmed))
}

/// How many recovery codes are left.
pub(super) async fn recovery_codes_left(tx: &mut Tx, id: AccountId) -> Result<i64> {
    account_recovery_codes::table
        .filter(account_recovery_codes::account_id.eq(id.0))
        .count()
        .get_result(&mut **tx)
        .await
        .map_err(internal)
}

async fn recovery_codes_delete(tx: &mut Tx, id: AccountId) -> Result<()> {
    diesel::delete(
        account_recovery_codes::table.filter(account_recovery_codes::account_id.eq(id.0)),
    )
    .execute(&mut **tx)
    .await
    .map_err(internal)?;
    Ok(())
}

/// What every app can do: SHA-1, six digits, 30 seconds; a step before and after is taken too, since
/// clocks differ. The library wants no colon in names.
fn totp(secret: &[u8], issuer: &str, account: &str) -> Result<Totp> {
    let issuer = issuer.replace(':', " ");
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(secret.to_vec())
        .with_issuer((!issuer.is_empty()).then_some(issuer))
        .with_account_name(account.replace(':', " "))
        .build()
        .map_err(Error::internal)
}

/// 80 random bits, such as `k2v9-4fzm-0qht-7rwx`.
pub(super) fn recovery_code(bytes: [u8; 10]) -> String {
    let bits = bytes
        .into_iter()
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(byte));
    (0..16_u32)
        .flat_map(|place| {
            let dash = (place > 0 && place % 4 == 0).then_some('-');
            let letter = LETTERS[(bits >> (5 * place)) as usize & 31] as char;
            dash.into_iter().chain([letter])
        })
        .collect()
}

fn recovery_hash(id: AccountId, code: &str) -> Vec<u8> {
    token_hash(&format!("{id}/{}", plain(code))).to_vec()
}

/// What an authenticator's secret is bound to.
pub(crate) fn place(id: AccountId) -> String {
    format!("{id}/authenticator")
}
