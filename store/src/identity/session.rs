//! Sessions: browsers in which somebody is signed in.

use berth_model::{
    Account, AccountEvent, AccountId, Error, ErrorCode, Result, Session, SessionCookies, Timestamp,
    Visit,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Store,
    account::AccountRow,
    error::internal,
    schema::{accounts, consents, grants, known_browsers, sessions},
    token::{token_hash, token_text},
    tx::Tx,
};

/// A session that isn't used ends after this.
pub(super) const IDLE_DAYS: i64 = 14;

/// A session ends after this in any case.
const DAYS: i64 = 90;

/// How exactly it is kept when a session was last used.
const SEEN_MINUTES: i64 = 5;

/// The most characters that are kept of what a browser calls itself.
const USER_AGENT: usize = 200;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct SessionRow {
    id: Uuid,
    remote: Option<String>,
    user_agent: Option<String>,
    created_at: Timestamp,
    seen_at: Timestamp,
}

impl SessionRow {
    fn of(self, account: Account) -> Session {
        Session {
            id: self.id,
            account,
            remote: self.remote,
            user_agent: self.user_agent,
            created_at: self.created_at,
            seen_at: self.seen_at,
        }
    }
}

impl Store {
    /// Signs somebody in: a new session, and a new cookie for the browser in the place of the one
    /// that it came with.
    pub(super) async fn session_begin(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        account_id: AccountId,
    ) -> Result<SessionCookies> {
        let cookies = SessionCookies {
            session: token_text("bk_", self.ids.bytes()),
            browser: token_text("bb_", self.ids.bytes()),
        };
        let now = self.clock.now();
        diesel::insert_into(sessions::table)
            .values((
                sessions::id.eq(self.ids.uuid()),
                sessions::account_id.eq(account_id.0),
                sessions::token_hash.eq(token_hash(&cookies.session).as_slice()),
                sessions::remote.eq(&visit.remote),
                sessions::user_agent.eq(user_agent(visit)),
                sessions::created_at.eq(now),
                sessions::seen_at.eq(now),
                sessions::expires_at.eq(now + TimeDelta::days(DAYS)),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        // The others who signed in with the same browser are known in it as before.
        diesel::update(
            known_browsers::table
                .filter(known_browsers::browser_hash.eq(token_hash(&visit.browser).as_slice())),
        )
        .set(known_browsers::browser_hash.eq(token_hash(&cookies.browser).as_slice()))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
        diesel::insert_into(known_browsers::table)
            .values((
                known_browsers::account_id.eq(account_id.0),
                known_browsers::browser_hash.eq(token_hash(&cookies.browser).as_slice()),
                known_browsers::used_at.eq(now),
            ))
            .on_conflict((known_browsers::account_id, known_browsers::browser_hash))
            .do_update()
            .set(known_browsers::used_at.eq(now))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(cookies)
    }

    /// The session of a cookie, if it stands. Notes, to a few minutes, that it was there.
    pub async fn session_get(&self, visit: &Visit, token: &str) -> Result<Option<Session>> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let found = self.session_get_in(&mut tx, visit, token).await;
        tx.end(found).await
    }

    async fn session_get_in(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        token: &str,
    ) -> Result<Option<Session>> {
        let now = self.clock.now();
        let found: Option<(SessionRow, AccountRow)> = sessions::table
            .inner_join(accounts::table)
            .filter(sessions::token_hash.eq(token_hash(token).as_slice()))
            .filter(sessions::expires_at.gt(now))
            .filter(sessions::seen_at.gt(now - TimeDelta::days(IDLE_DAYS)))
            .select((SessionRow::as_select(), AccountRow::as_select()))
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        let Some((mut row, account)) = found else {
            return Ok(None);
        };
        if now - row.seen_at >= TimeDelta::minutes(SEEN_MINUTES) || row.remote != visit.remote {
            diesel::update(sessions::table.find(row.id))
                .set((
                    sessions::seen_at.eq(now),
                    sessions::remote.eq(&visit.remote),
                ))
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
            row.remote.clone_from(&visit.remote);
        }
        Ok(Some(row.of(account.try_into()?)))
    }

    /// The browsers in which the same person is signed in, the latest first.
    pub async fn session_list(&self, session: &Session) -> Result<Vec<Session>> {
        let now = self.clock.now();
        let rows = sessions::table
            .filter(sessions::account_id.eq(session.account.id.0))
            .filter(sessions::expires_at.gt(now))
            .filter(sessions::seen_at.gt(now - TimeDelta::days(IDLE_DAYS)))
            .order((sessions::seen_at.desc(), sessions::id.desc()))
            .limit(100)
            .select(SessionRow::as_select());
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let rows: Result<Vec<SessionRow>> = rows.load(&mut *tx).await.map_err(internal);
        let rows = tx.end(rows).await?;
        Ok(rows
            .into_iter()
            .map(|row| row.of(session.account.clone()))
            .collect())
    }

    /// Signs the person out of one of their browsers. One that isn't theirs is left alone.
    pub async fn session_end(&self, session: &Session, id: Uuid) -> Result<()> {
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let ended = self.session_end_in(&mut tx, session, id).await;
        tx.end(ended).await
    }

    async fn session_end_in(&self, tx: &mut Tx, session: &Session, id: Uuid) -> Result<()> {
        let theirs = sessions::table
            .find(id)
            .filter(sessions::account_id.eq(session.account.id.0));
        let ended = diesel::delete(theirs).execute(&mut **tx).await;
        if ended.map_err(internal)? == 0 {
            return Ok(());
        }
        let account_id = session.account.id;
        self.event_log(tx, session, account_id, AccountEvent::SignOut, None)
            .await
    }

    /// Signs the person out of all browsers but this one.
    pub async fn session_end_others(&self, session: &Session) -> Result<()> {
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let ended = self.session_end_others_in(&mut tx, session).await;
        tx.end(ended).await
    }

    async fn session_end_others_in(&self, tx: &mut Tx, session: &Session) -> Result<()> {
        let account_id = session.account.id;
        sessions_end(tx, account_id, Some(session.id)).await?;
        self.event_log(tx, session, account_id, AccountEvent::SignOut, None)
            .await
    }
}

/// Ends sessions of an account, all but one that is kept.
pub(super) async fn sessions_end(
    tx: &mut Tx,
    account_id: AccountId,
    kept: Option<Uuid>,
) -> Result<()> {
    let mut ended = diesel::delete(sessions::table)
        .filter(sessions::account_id.eq(account_id.0))
        .into_boxed();
    if let Some(kept) = kept {
        ended = ended.filter(sessions::id.ne(kept));
    }
    ended.execute(&mut **tx).await.map_err(internal)?;
    Ok(())
}

/// After a password was changed: whoever may know the old one is out, in browsers and by tokens. What
/// was consented to stays, and can be used again after a new sign-in.
pub(super) async fn others_end(
    tx: &mut Tx,
    account_id: AccountId,
    kept: Option<Uuid>,
) -> Result<()> {
    sessions_end(tx, account_id, kept).await?;
    let consented = consents::table
        .filter(consents::account_id.eq(account_id.0))
        .select(consents::id);
    diesel::delete(grants::table.filter(grants::consent_id.eq_any(consented)))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(())
}

/// Whoever asks must be signed in.
pub(super) fn signed_out() -> Error {
    Error::new(
        ErrorCode::Unauthenticated,
        "You are signed out. Sign in again.",
    )
}

/// As it is kept: its beginning, without what isn't text.
pub(super) fn user_agent(visit: &Visit) -> Option<String> {
    let text = visit.user_agent.as_deref()?;
    Some(
        text.chars()
            .filter(|letter| !letter.is_control())
            .take(USER_AGENT)
            .collect(),
    )
}
