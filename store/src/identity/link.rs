//! Identities elsewhere, linked to accounts here: never but by whoever has both, and says so.

use berth_model::{
    AccountEvent, AccountId, ChallengePurpose, EmailAddress, Error, ErrorCode, Identity,
    IdentityProviderId, Locale, NoticeBody, Realm, Result, Session, SessionCookies, SignedIn,
    Timestamp, Visit,
};
use diesel::{dsl::exists, prelude::*, select};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    challenge::{NewChallenge, wrong_code},
    sign_up::KnownRow,
    trip::{TripRow, expired},
};
use crate::{
    Store, check,
    error::{already_exists, internal},
    schema::{account_identities, account_passwords, accounts, identity_providers},
    tx::Tx,
};

/// A linked identity: its key, the provider's name, the address there, since when, and last when.
type LinkedRow = (Uuid, String, String, Timestamp, Timestamp);

impl Store {
    /// Makes an account of the proven identity, which is the way in, and signs in. `WRONG_STATE` if
    /// there is an account of this address by now.
    pub async fn identity_sign_up(
        &self,
        visit: &Visit,
        name: &str,
        locale: Locale,
        terms_version: Option<&str>,
    ) -> Result<SessionCookies> {
        check::text("name", name, 100)?;
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let made = self
            .identity_sign_up_in(&mut tx, visit, (name, locale, terms_version))
            .await;
        tx.end(made).await
    }

    async fn identity_sign_up_in(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        (name, locale, terms_version): (&str, Locale, Option<&str>),
    ) -> Result<SessionCookies> {
        let trip = self.trip_row(tx, visit).await?;
        let (_, email) = trip.proven()?;
        let known = KnownRow::read(tx, visit.realm, &email).await?;
        if known.is_some() || trip.account_id.is_some() {
            let text = "There is an account of this address by now. Link it.";
            return Err(Error::new(ErrorCode::WrongState, text).at("identity"));
        }
        let id: AccountId = self.ids.next();
        self.account_insert(tx, id, visit.realm, &email, name)
            .await?;
        let now = self.clock.now();
        diesel::update(accounts::table.find(id.0))
            .set((
                accounts::locale.eq(locale.as_str()),
                accounts::email_verified_at.eq(now),
                accounts::terms_accepted_at.eq(terms_version.map(|_| now)),
                accounts::terms_version.eq(terms_version),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.event_log(tx, visit, id, AccountEvent::SignUp, None)
            .await?;
        self.identity_put(tx, visit, id, &trip).await?;
        self.session_begin(tx, visit, id).await
    }

    /// Proves the account of the identity's address by its password, links the two, and signs in; the
    /// second factor comes before that, if there is one. `WRONG_CREDENTIALS`.
    pub async fn identity_prove(&self, visit: &Visit, password: &str) -> Result<SignedIn> {
        let (turn, mut tx) = self.begin_login(visit.realm).await?;
        let found = self.account_to_prove(&mut tx, visit).await;
        let (account, _) = tx.end(found).await?;
        drop(turn);
        let right = self
            .password_of(visit.realm, &account.email, password)
            .await;
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let id = AccountId(account.id);
        let proven = match right {
            Ok(true) => self.identity_proven(&mut tx, visit, id).await,
            Ok(false) => {
                let code = ErrorCode::WrongCredentials;
                self.event_log_refused(&mut tx, visit, Some(id), AccountEvent::SignIn, code)
                    .await?;
                tx.commit().await?;
                let error = Error::new(code, "The password is wrong.");
                return Err(error.at("password"));
            }
            Err(error) => Err(error),
        };
        tx.end(proven).await
    }

    /// The account of the address that this browser's identity has, and the trip. `WRONG_CODE`.
    async fn account_to_prove(&self, tx: &mut Tx, visit: &Visit) -> Result<(KnownRow, TripRow)> {
        let trip = self.trip_row(tx, visit).await?;
        let (_, email) = trip.proven()?;
        let account = KnownRow::read(tx, visit.realm, &email).await?;
        let account = account.filter(|_| trip.account_id.is_none());
        Ok((account.ok_or_else(expired)?, trip))
    }

    async fn identity_proven(&self, tx: &mut Tx, visit: &Visit, id: AccountId) -> Result<SignedIn> {
        let (account, trip) = self.account_to_prove(tx, visit).await?;
        if account.id != id.0 {
            return Err(expired());
        }
        self.first_factor_done(tx, visit, id, Some(trip)).await
    }

    /// Sends a code to the account of the identity's address, if it has no password to be proven by.
    pub async fn identity_mail(&self, visit: &Visit) -> Result<EmailAddress> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let sent = self.identity_mail_in(&mut tx, visit).await;
        tx.end(sent).await
    }

    async fn identity_mail_in(&self, tx: &mut Tx, visit: &Visit) -> Result<EmailAddress> {
        let (account, trip) = self.account_to_prove(tx, visit).await?;
        if password_there(tx, account.id).await? {
            return Err(expired());
        }
        let (_, email) = trip.proven()?;
        let code = self.code_new();
        let challenge = NewChallenge {
            account_id: Some(AccountId(account.id)),
            email: Some(&email),
            trip_id: Some(trip.id),
            code: Some(&code),
            ..NewChallenge::of(ChallengePurpose::IdentityLink)
        };
        self.challenge_put(tx, visit, &challenge).await?;
        let body = NoticeBody::IdentityLink { code };
        self.notice_account(tx, visit.realm, &account, &body)
            .await?;
        Ok(email)
    }

    /// The same as [`Store::identity_prove`] by that code. `WRONG_CODE`.
    pub async fn identity_prove_by_code(&self, visit: &Visit, code: &str) -> Result<SignedIn> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let purpose = ChallengePurpose::IdentityLink;
        let proven = match self.challenge_solve(&mut tx, visit, purpose, code).await {
            Ok(Some(row)) => match row.account_id {
                Some(id) => self.mailbox_proven(&mut tx, visit, AccountId(id)).await,
                None => Err(wrong_code()),
            },
            Ok(None) => {
                tx.commit().await?;
                return Err(wrong_code());
            }
            Err(error) => Err(error),
        };
        tx.end(proven).await
    }

    async fn mailbox_proven(&self, tx: &mut Tx, visit: &Visit, id: AccountId) -> Result<SignedIn> {
        diesel::update(accounts::table.find(id.0))
            .set(accounts::email_verified_at.eq(self.clock.now()))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.identity_proven(tx, visit, id).await
    }

    /// Links the proven identity to the account in which somebody is signed in, and who began it.
    /// `ALREADY_EXISTS` if it is linked by now.
    pub async fn identity_link_confirm(&self, session: &Session, visit: &Visit) -> Result<()> {
        let (_turn, mut tx) = self.begin_login(visit.realm).await?;
        let linked = self.identity_link_in(&mut tx, session, visit).await;
        tx.end(linked).await
    }

    async fn identity_link_in(&self, tx: &mut Tx, session: &Session, visit: &Visit) -> Result<()> {
        let trip = self.trip_row(tx, visit).await?;
        // Somebody else may have signed in meanwhile, in the same browser.
        if trip.account_id != Some(session.account.id.0) {
            return Err(expired());
        }
        self.identity_put(tx, visit, session.account.id, &trip)
            .await
    }

    /// Links, tells, and ends the trip.
    pub(super) async fn identity_put(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        id: AccountId,
        trip: &TripRow,
    ) -> Result<()> {
        let (subject, email) = trip.proven()?;
        let now = self.clock.now();
        diesel::insert_into(account_identities::table)
            .values((
                account_identities::id.eq(self.ids.uuid()),
                account_identities::realm_id.eq(visit.realm.uuid()),
                account_identities::account_id.eq(id.0),
                account_identities::provider_id.eq(trip.provider_id),
                account_identities::subject.eq(subject),
                account_identities::email.eq(email.as_str()),
                account_identities::linked_at.eq(now),
                account_identities::used_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "account_identities_subject",
                "identity",
                LINKED_ALREADY,
            )]))?;
        let provider = provider_name(tx, trip.provider_id).await?;
        let body = NoticeBody::IdentityLinked { provider };
        let account = KnownRow::get(tx, id).await?;
        self.notice_account(tx, visit.realm, &account, &body)
            .await?;
        let subject = IdentityProviderId(trip.provider_id).to_string();
        self.event_log(tx, visit, id, AccountEvent::IdentityLink, Some(subject))
            .await?;
        self.trip_delete(tx, trip.id).await
    }

    /// The account that an identity signs in to.
    pub(super) async fn identity_account(
        &self,
        tx: &mut Tx,
        provider_id: IdentityProviderId,
        subject: &str,
    ) -> Result<Option<AccountId>> {
        let id = account_identities::table
            .filter(account_identities::provider_id.eq(provider_id.0))
            .filter(account_identities::subject.eq(subject))
            .select(account_identities::account_id);
        let id: Option<Uuid> = id.first(&mut **tx).await.optional().map_err(internal)?;
        Ok(id.map(AccountId))
    }

    /// That it was signed in by.
    pub(super) async fn identity_used(
        &self,
        tx: &mut Tx,
        provider_id: IdentityProviderId,
        subject: &str,
    ) -> Result<()> {
        diesel::update(
            account_identities::table
                .filter(account_identities::provider_id.eq(provider_id.0))
                .filter(account_identities::subject.eq(subject)),
        )
        .set(account_identities::used_at.eq(self.clock.now()))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
        Ok(())
    }

    /// The identities by which somebody can sign in, as they were linked.
    pub async fn identity_list(&self, session: &Session) -> Result<Vec<Identity>> {
        let rows = account_identities::table
            .inner_join(
                identity_providers::table
                    .on(identity_providers::id.eq(account_identities::provider_id)),
            )
            .filter(account_identities::account_id.eq(session.account.id.0))
            .order((account_identities::linked_at, account_identities::id))
            .limit(100)
            .select((
                account_identities::id,
                identity_providers::name,
                account_identities::email,
                account_identities::linked_at,
                account_identities::used_at,
            ));
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let rows: Result<Vec<LinkedRow>> = rows.load(&mut *tx).await.map_err(internal);
        let rows = tx.end(rows).await?;
        Ok(rows
            .into_iter()
            .map(|(id, provider, email, linked_at, used_at)| Identity {
                id,
                provider,
                email,
                linked_at,
                used_at,
            })
            .collect())
    }

    /// Takes a link away. One that isn't theirs is left alone. `WRONG_STATE` for the last way in,
    /// `WRONG_CREDENTIALS`.
    pub async fn identity_unlink(&self, session: &Session, id: Uuid, password: &str) -> Result<()> {
        self.session_confirm(session, password).await?;
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let gone = self.identity_unlink_in(&mut tx, session, id).await;
        tx.end(gone).await
    }

    async fn identity_unlink_in(&self, tx: &mut Tx, session: &Session, id: Uuid) -> Result<()> {
        let account_id = session.account.id;
        // Of two at once one waits here, so that not each leaves the other's as the last way in.
        accounts::table
            .find(account_id.0)
            .select(accounts::id)
            .for_update()
            .first::<Uuid>(&mut **tx)
            .await
            .map_err(internal)?;
        let provider_id: Option<Uuid> = diesel::delete(
            account_identities::table
                .find(id)
                .filter(account_identities::account_id.eq(account_id.0)),
        )
        .returning(account_identities::provider_id)
        .get_result(&mut **tx)
        .await
        .optional()
        .map_err(internal)?;
        let Some(provider_id) = provider_id else {
            return Ok(());
        };
        if !way_in_there(tx, account_id).await? {
            let text = "This is your only way in. Set a password first.";
            return Err(Error::new(ErrorCode::WrongState, text).at("identity"));
        }
        let provider = provider_name(tx, provider_id).await?;
        let body = NoticeBody::IdentityUnlinked { provider };
        let account = KnownRow::get(tx, account_id).await?;
        let realm: Realm = session.account.realm;
        self.notice_account(tx, realm, &account, &body).await?;
        let subject = IdentityProviderId(provider_id).to_string();
        let event = AccountEvent::IdentityUnlink;
        self.event_log(tx, session, account_id, event, Some(subject))
            .await
    }
}

const LINKED_ALREADY: &str = "This identity is linked to an account already.";

/// It was to be linked, and is.
pub(super) fn linked_already() -> Error {
    Error::new(ErrorCode::AlreadyExists, LINKED_ALREADY).at("identity")
}

/// Whether an account has a password.
pub(super) async fn password_there(tx: &mut Tx, id: Uuid) -> Result<bool> {
    let password = account_passwords::table.find(id);
    select(exists(password))
        .get_result(&mut **tx)
        .await
        .map_err(internal)
}

/// Whether there is a password, or an identity at a provider that is switched on.
async fn way_in_there(tx: &mut Tx, id: AccountId) -> Result<bool> {
    let identity = account_identities::table
        .inner_join(
            identity_providers::table
                .on(identity_providers::id.eq(account_identities::provider_id)),
        )
        .filter(account_identities::account_id.eq(id.0))
        .filter(identity_providers::enabled);
    let identity: bool = select(exists(identity))
        .get_result(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(identity || password_there(tx, id.0).await?)
}

async fn provider_name(tx: &mut Tx, id: Uuid) -> Result<String> {
    identity_providers::table
        .find(id)
        .select(identity_providers::name)
        .first(&mut **tx)
        .await
        .map_err(internal)
}
