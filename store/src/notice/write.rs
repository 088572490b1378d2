//! A notice is written where what it tells is written.

use berth_model::{
    EmailAddress, Error, Locale, NoticeBody, NoticeId, Result, StorefrontId, TenantId,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::place;
use crate::{Store, error::internal, schema::notices, tx::Tx};

/// How long a code is good, and tried.
const CODE_MINUTES: i64 = 15;
/// How long everything else is tried.
const TRIED_FOR_HOURS: i64 = 72;

/// A notice to one person.
#[derive(Clone, Debug)]
pub struct NewNotice<'a> {
    /// Of whom it tells; [`TenantId::PLATFORM`] where it is about an account alone.
    pub tenant_id: TenantId,
    /// Whose brand it has; none: the provider's own.
    pub storefront_id: Option<StorefrontId>,
    /// For the greeting, 100 characters at most; empty if it isn't known.
    pub name: &'a str,
    /// Where it goes.
    pub email: &'a EmailAddress,
    /// The language that they read; none: the storefront's, or English.
    pub locale: Option<Locale>,
    /// What it tells.
    pub body: &'a NoticeBody,
    /// A second notice of the same key and tenant is not written; 500 characters at most.
    pub dedupe_key: Option<String>,
}

impl Store {
    /// Writes a notice in the caller's transaction, of whatever scope. It leaves when that commits.
    pub(crate) async fn notice_write(&self, tx: &mut Tx, notice: NewNotice<'_>) -> Result<()> {
        let id = NoticeId(self.ids.uuid());
        let body = serde_json::to_vec(notice.body).map_err(Error::internal)?;
        let (key_id, sealed) = self.keyring.seal(&self.ids, &place(id), &body)?;
        let kind = notice.body.kind();
        let now = self.clock.now();
        let tried_for = match kind.is_code() {
            true => TimeDelta::minutes(CODE_MINUTES),
            false => TimeDelta::hours(TRIED_FOR_HOURS),
        };
        // Without a target, since one of the request's roles may name no column to look at.
        diesel::insert_into(notices::table)
            .values((
                notices::id.eq(id.0),
                notices::tenant_id.eq(notice.tenant_id.0),
                notices::storefront_id.eq(notice.storefront_id.map(|id| id.0)),
                notices::kind.eq(kind.as_str()),
                notices::recipient_name.eq(notice.name),
                notices::recipient_email.eq(notice.email.as_str()),
                notices::locale.eq(notice.locale.map(Locale::as_str)),
                notices::key_id.eq(key_id),
                notices::sealed.eq(sealed),
                notices::dedupe_key.eq(notice.dedupe_key),
                notices::is_code.eq(kind.is_code()),
                notices::next_attempt_at.eq(now),
                notices::give_up_at.eq(now + tried_for),
                notices::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(&mut **tx)
            .await
            .map(drop)
            .map_err(internal)
    }
}
