//! What people are told by mail about their account.

use berth_model::{EmailAddress, Error, Locale, NoticeBody, Realm, Result, TenantId};

use super::sign_up::KnownRow;
use crate::{Store, notice::NewNotice, tx::Tx};

impl Store {
    /// To a person of a realm: name, address, and the language if it is known.
    pub(super) async fn notice_tell(
        &self,
        tx: &mut Tx,
        realm: Realm,
        (name, email, locale): (&str, &EmailAddress, Option<Locale>),
        body: &NoticeBody,
    ) -> Result<()> {
        let notice = NewNotice {
            tenant_id: TenantId::PLATFORM,
            storefront_id: realm.0,
            name,
            email,
            locale,
            body,
            dedupe_key: None,
        };
        self.notice_write(tx, notice).await
    }

    /// To an account, at its own address.
    pub(super) async fn notice_account(
        &self,
        tx: &mut Tx,
        realm: Realm,
        account: &KnownRow,
        body: &NoticeBody,
    ) -> Result<()> {
        let email = account.email.parse().map_err(Error::internal)?;
        let locale = account.locale.as_deref().map(str::parse).transpose()?;
        self.notice_tell(tx, realm, (&account.name, &email, locale), body)
            .await
    }
}
