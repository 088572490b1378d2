//! Accounts: people. One is seen by those who share a tenant with it.

use berth_model::{Account, AccountId, EmailAddress, Error, Realm, Result, Timestamp};
use diesel::{define_sql_function, prelude::*};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    error::{already_exists, internal},
    reads::reads,
    schema::accounts,
    tx::Tx,
};

define_sql_function! {
    /// PostgreSQL's `lower`: what the index on e-mail addresses is made of.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(crate) struct AccountRow {
    id: Uuid,
    realm_id: Uuid,
    email: String,
    name: String,
    locale: Option<String>,
    created_at: Timestamp,
}

impl TryFrom<AccountRow> for Account {
    type Error = Error;

    fn try_from(row: AccountRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            realm: row.realm_id.into(),
            email: row.email.parse().map_err(Error::internal)?,
            name: row.name,
            locale: row.locale.as_deref().map(str::parse).transpose()?,
            created_at: row.created_at,
        })
    }
}

reads!(
    "account", MemberRead, accounts, AccountRow => Account,
    account_get, account_by_ids, AccountId
);

impl Store {
    /// The caller's own account, whatever else its role lets it see. `NOT_FOUND` for another's.
    pub async fn account_own(&self, cx: &Cx, id: AccountId) -> Result<Account> {
        if cx.actor.account_id != Some(id) {
            return Err(Error::not_found("account"));
        }
        let row = accounts::table.find(id.0).select(AccountRow::as_select());
        let rows: Vec<AccountRow> = self.rows(cx, row).await?;
        let found = rows.into_iter().next();
        found.ok_or_else(|| Error::not_found("account"))?.try_into()
    }

    /// The account of this address in a realm, or a new one, which waits for its owner to prove the
    /// mailbox.
    pub(crate) async fn account_take(
        &self,
        tx: &mut Tx,
        realm: Realm,
        email: &EmailAddress,
        name: &str,
    ) -> Result<AccountId> {
        let known: Option<Uuid> = accounts::table
            .filter(accounts::realm_id.eq(realm.uuid()))
            .filter(lower(accounts::email).eq(lower(email.as_str())))
            .select(accounts::id)
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        if let Some(id) = known {
            return Ok(id.into());
        }
        let id = self.ids.next();
        self.account_insert(tx, id, realm, email, name).await?;
        Ok(id)
    }

    /// A new account.
    pub(crate) async fn account_insert(
        &self,
        tx: &mut Tx,
        id: AccountId,
        realm: Realm,
        email: &EmailAddress,
        name: &str,
    ) -> Result<()> {
        diesel::insert_into(accounts::table)
            .values((
                accounts::id.eq(id.0),
                accounts::storefront_id.eq(realm.0.map(|id| id.0)),
                accounts::email.eq(email.as_str()),
                accounts::name.eq(name),
                accounts::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "accounts_email",
                "email",
                "There is an account of this address already. Its owner can sign in with it.",
            )]))?;
        Ok(())
    }
}
