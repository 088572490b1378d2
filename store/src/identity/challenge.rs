//! Challenges: what a browser must still prove. Bound to the browser that asked, so that a code that
//! somebody is talked out of is worth nothing elsewhere.

use berth_model::{
    AccountId, ChallengePurpose, EmailAddress, Error, ErrorCode, Locale, Result, Timestamp, Visit,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{Store, error::internal, schema::challenges, token::token_hash, tx::Tx};

/// How long a challenge stands.
const MINUTES: i64 = 15;

/// How often it can be tried.
const TRIES: i32 = 5;

/// The letters of codes: Crockford's base 32, in which none looks like another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A challenge to be written.
pub(super) struct NewChallenge<'a> {
    /// What is to be proven.
    pub purpose: ChallengePurpose,
    /// Whose, if anybody's.
    pub account_id: Option<AccountId>,
    /// The mailbox.
    pub email: Option<&'a EmailAddress>,
    /// At a sign-up: the person's name.
    pub name: Option<&'a str>,
    /// At a sign-up: the password.
    pub password_hash: Option<&'a str>,
    /// At a sign-up: the language.
    pub locale: Option<Locale>,
    /// At a sign-up: the terms.
    pub terms_version: Option<&'a str>,
    /// The identity that is linked when it is solved.
    pub trip_id: Option<Uuid>,
    /// What is right; none: nothing is, or it isn't a matter of a code.
    pub code: Option<&'a str>,
}

impl NewChallenge<'_> {
    /// One that nothing solves yet.
    pub fn of(purpose: ChallengePurpose) -> Self {
        Self {
            purpose,
            account_id: None,
            email: None,
            name: None,
            password_hash: None,
            locale: None,
            terms_version: None,
            trip_id: None,
            code: None,
        }
    }
}

/// A challenge that stands.
#[derive(Queryable, Selectable)]
#[diesel(table_name = challenges)]
pub(super) struct ChallengeRow {
    id: Uuid,
    pub account_id: Option<Uuid>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub password_hash: Option<String>,
    pub locale: Option<String>,
    pub terms_version: Option<String>,
    pub trip_id: Option<Uuid>,
    key_id: Option<String>,
    code_hash: Option<Vec<u8>>,
    tries_left: i32,
    expires_at: Timestamp,
}

impl Store {
    /// A code of 40 random bits, as it is written in a mail: `4F7K-2MXQ`.
    pub(super) fn code_new(&self) -> String {
        let bits = self
            .ids
            .bytes::<5>()
            .into_iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(byte));
        let letter = |place: u32| LETTERS[(bits >> (5 * place)) as usize & 31] as char;
        let text = |places: std::ops::Range<u32>| places.map(letter).collect::<String>();
        format!("{}-{}", text(0..4), text(4..8))
    }

    /// Puts a challenge before a browser, in the place of an earlier one of the same purpose.
    pub(super) async fn challenge_put(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        new: &NewChallenge<'_>,
    ) -> Result<()> {
        let browser = token_hash(&visit.browser);
        let now = self.clock.now();
        let hash = new
            .code
            .map(|code| self.keyring.keyed_hash(plain(code).as_bytes()));
        let (key_id, code_hash) = hash.unzip();
        diesel::delete(
            challenges::table
                .filter(challenges::realm_id.eq(visit.realm.uuid()))
                .filter(challenges::browser_hash.eq(browser.as_slice()))
                .filter(challenges::purpose.eq(new.purpose.as_str())),
        )
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
        diesel::insert_into(challenges::table)
            .values((
                challenges::id.eq(self.ids.uuid()),
                challenges::realm_id.eq(visit.realm.uuid()),
                challenges::purpose.eq(new.purpose.as_str()),
                challenges::browser_hash.eq(browser.as_slice()),
                challenges::account_id.eq(new.account_id.map(|id| id.0)),
                challenges::email.eq(new.email.map(EmailAddress::as_str)),
                challenges::name.eq(new.name),
                challenges::password_hash.eq(new.password_hash),
                challenges::locale.eq(new.locale.map(Locale::as_str)),
                challenges::terms_version.eq(new.terms_version),
                (
                    challenges::trip_id.eq(new.trip_id),
                    challenges::key_id.eq(key_id),
                    challenges::code_hash.eq(code_hash),
                ),
                challenges::tries_left.eq(TRIES),
                challenges::created_at.eq(now),
                challenges::expires_at.eq(now + TimeDelta::minutes(MINUTES)),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }

    /// The challenge that stands before this browser, locked; [`wrong_code`] without one.
    pub(super) async fn challenge_get(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        purpose: ChallengePurpose,
    ) -> Result<ChallengeRow> {
        let found: Option<ChallengeRow> = challenges::table
            .filter(challenges::realm_id.eq(visit.realm.uuid()))
            .filter(challenges::browser_hash.eq(token_hash(&visit.browser).as_slice()))
            .filter(challenges::purpose.eq(purpose.as_str()))
            .select(ChallengeRow::as_select())
            .for_update()
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        let now = self.clock.now();
        found
            .filter(|row| row.tries_left > 0 && now < row.expires_at)
            .ok_or_else(wrong_code)
    }

    /// Takes away the challenge before this browser if the code is right. If it is wrong that is
    /// counted, and the transaction must be committed all the same: the inner error says so.
    pub(super) async fn challenge_solve(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        purpose: ChallengePurpose,
        code: &str,
    ) -> Result<Option<ChallengeRow>> {
        let row = self.challenge_get(tx, visit, purpose).await?;
        let right = match &row.code_hash {
            Some(hash) => {
                self.keyring
                    .keyed_hash_is(row.key_id.as_deref(), plain(code).as_bytes(), hash)?
            }
            None => false,
        };
        if right {
            self.challenge_delete(tx, &row).await?;
            Ok(Some(row))
        } else {
            self.challenge_missed(tx, &row).await?;
            Ok(None)
        }
    }

    /// Counts a wrong try.
    pub(super) async fn challenge_missed(&self, tx: &mut Tx, row: &ChallengeRow) -> Result<()> {
        diesel::update(challenges::table.find(row.id))
            .set(challenges::tries_left.eq(row.tries_left - 1))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }

    /// It is solved.
    pub(super) async fn challenge_delete(&self, tx: &mut Tx, row: &ChallengeRow) -> Result<()> {
        diesel::delete(challenges::table.find(row.id))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }
}

/// The code is wrong, or nothing was asked.
pub(super) fn wrong_code() -> Error {
    Error::new(
        ErrorCode::WrongCode,
        "This code is wrong, has expired, or was tried too often. Check it, or ask for a new one.",
    )
    .at("code")
}

/// A code as it is compared, however it was typed.
pub(super) fn plain(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for typed in ["4F1K-0MXQ", "4f1k0mxq", " 4FIK OMXQ ", "4flk–omxq"] {
            assert_eq!(plain(typed), "4F1K0MXQ", "{typed}");
        }
    }
}
