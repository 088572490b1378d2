//! Other addresses of an account: a new one of its own, and a recovery address. Each is proven first.

use berth_model::{
    ChallengePurpose, EmailAddress, Error, ErrorCode, NoticeBody, Result, Session, Visit,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    challenge::{NewChallenge, wrong_code},
    sign_up::KnownRow,
};
use crate::{
    Store,
    error::{already_exists, internal},
    schema::{accounts, deployments, members},
    tx::Tx,
};

impl Store {
    /// Sends a code to a new address of the account. Whether another account has it is told by mail
    /// alone. `WRONG_CREDENTIALS`.
    pub async fn email_change_begin(
        &self,
        session: &Session,
        visit: &Visit,
        password: &str,
        email: &EmailAddress,
    ) -> Result<()> {
        self.session_confirm(session, password).await?;
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let asked = self.email_ask(&mut tx, session, visit, email).await;
        tx.end(asked).await
    }

    async fn email_ask(
        &self,
        tx: &mut Tx,
        session: &Session,
        visit: &Visit,
        email: &EmailAddress,
    ) -> Result<()> {
        let realm = session.account.realm;
        let taken = KnownRow::read(tx, realm, email).await?;
        let code = self.code_new();
        let challenge = NewChallenge {
            account_id: Some(session.account.id),
            email: Some(email),
            code: taken.is_none().then_some(code.as_str()),
            ..NewChallenge::of(ChallengePurpose::Email)
        };
        self.challenge_put(tx, visit, &challenge).await?;
        match taken {
            Some(account) => {
                let body = NoticeBody::SignUpKnown;
                self.notice_account(tx, realm, &account, &body).await
            }
            None => {
                let body = NoticeBody::EmailChange { code };
                let to = ("", email, session.account.locale);
                self.notice_tell(tx, realm, to, &body).await
            }
        }
    }

    /// Gives the account the address that the code proves, and tells the old one. `WRONG_CODE`.
    pub async fn email_change_finish(
        &self,
        session: &Session,
        visit: &Visit,
        code: &str,
    ) -> Result<()> {
        let Some((mut tx, email)) = self
            .email_proven(session, visit, ChallengePurpose::Email, code)
            .await?
        else {
            return Err(wrong_code());
        };
        let done = self.email_put(&mut tx, session, &email).await;
        tx.end(done).await
    }

    async fn email_put(&self, tx: &mut Tx, session: &Session, email: &EmailAddress) -> Result<()> {
        let account = KnownRow::get(tx, session.account.id).await?;
        diesel::update(accounts::table.find(session.account.id.0))
            .set((
                accounts::email.eq(email.as_str()),
                accounts::email_verified_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "accounts_email",
                "email",
                "Another account has this address by now.",
            )]))?;
        let body = NoticeBody::EmailChanged {
            new_email_hint: hint(email),
        };
        self.notice_account(tx, session.account.realm, &account, &body)
            .await
    }

    /// Sends a code to a recovery address. It must not be at a domain that Berth hosts for this person:
    /// it would be lost together with what it is to recover (`HOSTED_ADDRESS`).
    /// `WRONG_CREDENTIALS`.
    pub async fn recovery_email_begin(
        &self,
        session: &Session,
        visit: &Visit,
        password: &str,
        email: &EmailAddress,
    ) -> Result<()> {
        self.session_confirm(session, password).await?;
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let asked = self.recovery_ask(&mut tx, session, visit, email).await;
        tx.end(asked).await
    }

    async fn recovery_ask(
        &self,
        tx: &mut Tx,
        session: &Session,
        visit: &Visit,
        email: &EmailAddress,
    ) -> Result<()> {
        let same = email
            .as_str()
            .eq_ignore_ascii_case(session.account.email.as_str());
        if same {
            let text = "This is the account's own address. Give another one.";
            return Err(Error::invalid("recoveryEmail", text));
        }
        hosted_check(tx, session, email).await?;
        let code = self.code_new();
        let challenge = NewChallenge {
            account_id: Some(session.account.id),
            email: Some(email),
            code: Some(&code),
            ..NewChallenge::of(ChallengePurpose::RecoveryEmail)
        };
        self.challenge_put(tx, visit, &challenge).await?;
        let to = ("", email, session.account.locale);
        let body = NoticeBody::RecoveryAddressVerify { code };
        self.notice_tell(tx, session.account.realm, to, &body).await
    }

    /// Takes the recovery address that the code proves. `WRONG_CODE`.
    pub async fn recovery_email_finish(
        &self,
        session: &Session,
        visit: &Visit,
        code: &str,
    ) -> Result<()> {
        let purpose = ChallengePurpose::RecoveryEmail;
        let Some((mut tx, email)) = self.email_proven(session, visit, purpose, code).await? else {
            return Err(wrong_code());
        };
        let done = self.recovery_put(&mut tx, session, Some(&email)).await;
        tx.end(done).await
    }

    /// Removes the recovery address. `WRONG_CREDENTIALS`.
    pub async fn recovery_email_delete(&self, session: &Session, password: &str) -> Result<()> {
        self.session_confirm(session, password).await?;
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let done = self.recovery_put(&mut tx, session, None).await;
        tx.end(done).await
    }

    async fn recovery_put(
        &self,
        tx: &mut Tx,
        session: &Session,
        email: Option<&EmailAddress>,
    ) -> Result<()> {
        diesel::update(accounts::table.find(session.account.id.0))
            .set(accounts::recovery_email.eq(email.map(EmailAddress::as_str)))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let account = KnownRow::get(tx, session.account.id).await?;
        let body = NoticeBody::RecoveryAddressChanged;
        self.notice_account(tx, session.account.realm, &account, &body)
            .await
    }

    /// The address that a code proves, and the transaction that knows it; none if the code is wrong,
    /// which is counted.
    async fn email_proven(
        &self,
        session: &Session,
        visit: &Visit,
        purpose: ChallengePurpose,
        code: &str,
    ) -> Result<Option<(Tx, EmailAddress)>> {
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let solved = self.challenge_solve(&mut tx, visit, purpose, code).await;
        let row = match solved {
            Ok(Some(row)) => row,
            Ok(None) => {
                tx.commit().await?;
                return Ok(None);
            }
            Err(error) => return tx.end(Err(error)).await,
        };
        // Somebody else may have signed in meanwhile, in the same browser.
        let theirs = row.account_id == Some(session.account.id.0);
        let email = row.email.filter(|_| theirs);
        match email.map(|text| text.parse().map_err(Error::internal)) {
            Some(Ok(email)) => Ok(Some((tx, email))),
            Some(Err(error)) => tx.end(Err(error)).await,
            None => tx.end(Ok(None)).await,
        }
    }
}

/// Refuses an address at, above or below a domain of the person's tenants.
async fn hosted_check(tx: &mut Tx, session: &Session, email: &EmailAddress) -> Result<()> {
    let hosted: Vec<String> = members::table
        .inner_join(deployments::table.on(deployments::tenant_id.eq(members::tenant_id)))
        .filter(members::account_id.eq(session.account.id.0))
        .select(deployments::domain_name)
        .distinct()
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let domain = email.domain();
    let below = |one: &str, other: &str| {
        one == other
            || one
                .strip_suffix(other)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    if hosted
        .iter()
        .any(|name| below(domain, name) || below(name, domain))
    {
        return Err(Error::new(
            ErrorCode::HostedAddress,
            "This address is at a domain that is hosted here. Give one that still works when yours doesn't.",
        )
        .at("email"));
    }
    Ok(())
}

/// Enough of an address to recognise it: `a…@example.org`.
fn hint(email: &EmailAddress) -> String {
    let (local, domain) = email.as_str().rsplit_once('@').unwrap_or_default();
    let first: String = local.chars().take(1).collect();
    format!("{first}…@{domain}")
}
