//! What people let clients do in their name: asked on the consent page, listed and taken back on the
//! account's page.

use berth_model::{
    Account, AccountEvent, Client, ClientId, Consent, Error, ErrorCode, GrantGive, Membership,
    Result, Role, Session, Tenant, TenantId, Timestamp, TokenScopes,
};
use chrono::TimeDelta;
use diesel::{dsl::exists, prelude::*};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Store,
    client::{ClientRow, scope_names, scopes_within},
    error::{internal, not_found},
    schema::{clients, consents, grants, members, storefronts, tenants},
    tenant::TenantRow,
    token::{token_hash, token_text},
    tx::Tx,
};

/// How long an authorisation code is good. RFC 6749 section 4.1.2 wants ten minutes at most; a client
/// redeems it at once.
const CODE_SECONDS: i64 = 60;

/// The most tenants that are offered to choose from.
const TENANTS: i64 = 200;

#[derive(Queryable, Selectable)]
#[diesel(table_name = consents)]
struct ConsentRow {
    id: Uuid,
    scopes: Vec<String>,
    updated_at: Timestamp,
}

impl Store {
    /// The client of this id that people can be asked about, before anybody has signed in. `NOT_FOUND`
    /// for one that has no redirect URI.
    pub async fn client_asking(&self, client_id: &str) -> Result<Client> {
        let unknown = || Error::not_found("client");
        let id: ClientId = client_id.parse().map_err(|_| unknown())?;
        let row = clients::table.find(id.0).select(ClientRow::as_select());
        let row: Option<ClientRow> = self.auth_row(row).await?;
        let client = Client::try_from(row.ok_or_else(unknown)?)?;
        if client.redirect_uris.is_empty() {
            return Err(unknown());
        }
        Ok(client)
    }

    /// The tenants of somebody who is signed in, in the order in which they joined them.
    pub async fn membership_list(&self, session: &Session) -> Result<Vec<Membership>> {
        let rows = members::table
            .inner_join(tenants::table.on(tenants::id.eq(members::tenant_id)))
            .filter(members::account_id.eq(session.account.id.0))
            .order(members::id)
            .limit(TENANTS)
            .select((
                members::id,
                TenantRow::as_select(),
                members::role,
                exists(
                    storefronts::table.filter(storefronts::reseller_id.eq(tenants::id.nullable())),
                ),
            ));
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let rows: Result<Vec<(Uuid, TenantRow, String, bool)>> =
            rows.load(&mut *tx).await.map_err(internal);
        let rows = tx.end(rows).await?;
        rows.into_iter()
            .map(|(id, tenant, role, resells)| {
                Ok(Membership {
                    id: id.into(),
                    tenant: tenant.into(),
                    role: role.parse()?,
                    resells,
                })
            })
            .collect()
    }

    /// Whether the person let the client do all of this before, so that they need not be asked again.
    pub async fn consent_covers(
        &self,
        account: &Account,
        client_id: ClientId,
        tenant_id: Option<TenantId>,
        scopes: TokenScopes,
    ) -> Result<bool> {
        let (_turn, mut tx) = self.begin_login(account.realm).await?;
        let found = consent_find(&mut tx, account, client_id, tenant_id).await;
        let Some(row) = tx.end(found).await? else {
            return Ok(false);
        };
        Ok(scopes_within(TokenScopes::all(), Some(row.scopes))?.includes(scopes))
    }

    /// Lets a client act for the person, and gives the code that it redeems (`bc_…`). `NOT_FOUND` for
    /// a tenant that the person is not a member of; `FORBIDDEN` for a client of another realm.
    pub async fn grant_give(&self, session: &Session, give: &GrantGive) -> Result<String> {
        let account = &session.account;
        if give.client.acts_for.realm() != Some(account.realm) {
            return Err(Error::new(
                ErrorCode::Forbidden,
                "This application belongs to somebody else's storefront.",
            ));
        }
        let (_turn, mut tx) = self.begin_login(account.realm).await?;
        let given = self.grant_give_in(&mut tx, session, give).await;
        tx.end(given).await
    }

    async fn grant_give_in(
        &self,
        tx: &mut Tx,
        session: &Session,
        give: &GrantGive,
    ) -> Result<String> {
        let account = &session.account;
        if let Some(tenant_id) = give.tenant_id {
            membership_check(tx, account, tenant_id).await?;
        }
        let consent_id = self.consent_put(tx, session, give).await?;
        let code = token_text("bc_", self.ids.bytes());
        let now = self.clock.now();
        diesel::insert_into(grants::table)
            .values((
                grants::id.eq(self.ids.uuid()),
                grants::consent_id.eq(consent_id),
                grants::scopes.eq(scope_names(give.scopes)),
                grants::code_hash.eq(token_hash(&code).as_slice()),
                grants::code_challenge.eq(give.code_challenge.as_slice()),
                grants::code_expires_at.eq(now + TimeDelta::seconds(CODE_SECONDS)),
                grants::redirect_uri.eq(&give.redirect_uri),
                grants::created_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(code)
    }

    /// What was let before stays let.
    async fn consent_put(&self, tx: &mut Tx, session: &Session, give: &GrantGive) -> Result<Uuid> {
        let (account, now) = (&session.account, self.clock.now());
        let known = consent_find(tx, account, give.client.id, give.tenant_id).await?;
        if let Some(row) = known {
            let before = scopes_within(TokenScopes::all(), Some(row.scopes))?;
            let all: TokenScopes = before.iter().chain(give.scopes.iter()).collect();
            diesel::update(consents::table.find(row.id))
                .set((
                    consents::scopes.eq(scope_names(all)),
                    consents::updated_at.eq(now),
                ))
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
            if all != before {
                self.consent_log(tx, session, give).await?;
            }
            return Ok(row.id);
        }
        let id = self.ids.uuid();
        diesel::insert_into(consents::table)
            .values((
                consents::id.eq(id),
                consents::realm_id.eq(account.realm.uuid()),
                consents::account_id.eq(account.id.0),
                consents::client_id.eq(give.client.id.0),
                consents::tenant_id.eq(give.tenant_id.map(|id| id.0)),
                consents::scopes.eq(scope_names(give.scopes)),
                consents::created_at.eq(now),
                consents::updated_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.consent_log(tx, session, give).await?;
        Ok(id)
    }

    /// Only what is new: a client that was let before comes for a code often.
    async fn consent_log(&self, tx: &mut Tx, session: &Session, give: &GrantGive) -> Result<()> {
        let (event, client) = (AccountEvent::ConsentGive, give.client.id.to_string());
        self.event_log(tx, session, session.account.id, event, Some(client))
            .await
    }

    /// What the person lets clients do, the latest first.
    pub async fn consent_list(&self, session: &Session) -> Result<Vec<Consent>> {
        let rows = consents::table
            .inner_join(clients::table)
            .left_join(tenants::table.on(tenants::id.nullable().eq(consents::tenant_id)))
            .filter(consents::account_id.eq(session.account.id.0))
            .order((consents::updated_at.desc(), consents::id.desc()))
            .limit(TENANTS)
            .select((
                ConsentRow::as_select(),
                ClientRow::as_select(),
                Option::<TenantRow>::as_select(),
            ));
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let rows: Result<Vec<(ConsentRow, ClientRow, Option<TenantRow>)>> =
            rows.load(&mut *tx).await.map_err(internal);
        let rows = tx.end(rows).await?;
        rows.into_iter()
            .map(|(row, client, tenant)| {
                Ok(Consent {
                    id: row.id,
                    client: client.try_into()?,
                    tenant: tenant.map(Tenant::from),
                    scopes: scopes_within(TokenScopes::all(), Some(row.scopes))?,
                    updated_at: row.updated_at,
                })
            })
            .collect()
    }

    /// Takes back what the person let a client do: its tokens end at once. One that isn't theirs is
    /// left alone.
    pub async fn consent_delete(&self, session: &Session, id: Uuid) -> Result<()> {
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let gone = self.consent_delete_in(&mut tx, session, id).await;
        tx.end(gone).await
    }

    async fn consent_delete_in(&self, tx: &mut Tx, session: &Session, id: Uuid) -> Result<()> {
        let theirs = consents::table
            .find(id)
            .filter(consents::account_id.eq(session.account.id.0));
        let client: Option<Uuid> = diesel::delete(theirs)
            .returning(consents::client_id)
            .get_result(&mut **tx)
            .await
            .optional()
            .map_err(internal)?;
        let Some(client) = client else {
            return Ok(());
        };
        let (event, client) = (AccountEvent::ConsentEnd, ClientId(client).to_string());
        self.event_log(tx, session, session.account.id, event, Some(client))
            .await
    }
}

async fn consent_find(
    tx: &mut Tx,
    account: &Account,
    client_id: ClientId,
    tenant_id: Option<TenantId>,
) -> Result<Option<ConsentRow>> {
    consents::table
        .filter(consents::account_id.eq(account.id.0))
        .filter(consents::client_id.eq(client_id.0))
        .filter(consents::tenant_id.is_not_distinct_from(tenant_id.map(|id| id.0)))
        .select(ConsentRow::as_select())
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)
}

async fn membership_check(tx: &mut Tx, account: &Account, tenant_id: TenantId) -> Result<()> {
    let role: String = members::table
        .filter(members::tenant_id.eq(tenant_id.0))
        .filter(members::account_id.eq(account.id.0))
        .select(members::role)
        .first(&mut **tx)
        .await
        .map_err(not_found("tenant"))?;
    role.parse::<Role>().map(drop)
}
