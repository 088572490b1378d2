//! Accounts: people. One is seen by those who share a tenant with it.

use berth_model::{Account, AccountId, EmailAddress, Error, Result, Timestamp};
use diesel::{define_sql_function, prelude::*};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{Store, error::internal, reads::reads, schema::accounts, tx::Tx};

define_sql_function! {
    /// PostgreSQL's `lower`: what the index on e-mail addresses is made of.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(crate) struct AccountRow {
    id: Uuid,
    email: String,
    name: String,
    created_at: Timestamp,
}

impl TryFrom<AccountRow> for Account {
    type Error = Error;

    fn try_from(row: AccountRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            email: row.email.parse().map_err(Error::internal)?,
            name: row.name,
            created_at: row.created_at,
        })
    }
}

reads!(
    "account", MemberRead, accounts, AccountRow => Account,
    account_get, account_by_ids, AccountId
);

impl Store {
    /// The account of this address among those that the scope can see (the oldest), or a new one.
    pub(crate) async fn account_take(
        &self,
        tx: &mut Tx,
        email: &EmailAddress,
        name: &str,
    ) -> Result<AccountId> {
        let known: Option<Uuid> = accounts::table
            .filter(lower(accounts::email).eq(lower(email.as_str())))
            .order(accounts::id)
            .select(accounts::id)
            .first(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        if let Some(id) = known {
            return Ok(id.into());
        }
        let id: AccountId = self.ids.next();
        diesel::insert_into(accounts::table)
            .values((
                accounts::id.eq(id.0),
                accounts::email.eq(email.as_str()),
                accounts::name.eq(name),
                accounts::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(id)
    }
}
