//! Members: accounts in tenants, with roles.

use std::collections::HashMap;

use berth_model::{
    AccountId, Error, Member, MemberCreate, MemberId, Page, PageRequest, Realm, Result, Role,
    TenantId, Timestamp, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    account::AccountRow,
    check,
    error::{already_exists, not_found},
    idempotency::Begun,
    reads::{keyset, page_of, uuids},
    schema::{accounts, members},
    tenant::TenantRow,
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = members)]
pub(crate) struct MemberRow {
    id: Uuid,
    tenant_id: Uuid,
    role: String,
    created_at: Timestamp,
    #[diesel(embed)]
    account: AccountRow,
}

impl TryFrom<MemberRow> for Member {
    type Error = Error;

    fn try_from(row: MemberRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            account: row.account.try_into()?,
            role: row.role.parse()?,
            created_at: row.created_at,
        })
    }
}

impl MemberRow {
    /// In a transaction: the row as its noun; `NOT_FOUND` when the scope can't see it.
    pub(crate) async fn read(tx: &mut Tx, id: MemberId) -> Result<Member> {
        let row: Result<Self, _> = members::table
            .inner_join(accounts::table)
            .filter(members::id.eq(id.0))
            .select(Self::as_select())
            .first(&mut **tx)
            .await;
        row.map_err(not_found("member"))?.try_into()
    }
}

impl Store {
    /// The member; `NOT_FOUND` when the caller can't see it.
    pub async fn member_get(&self, cx: &Cx, id: MemberId) -> Result<Member> {
        let mut found = self.member_by_ids(cx, &[id]).await?;
        found.remove(&id).ok_or_else(|| Error::not_found("member"))
    }

    /// Each member of these ids that the caller can see, by its id.
    pub async fn member_by_ids(
        &self,
        cx: &Cx,
        ids: &[MemberId],
    ) -> Result<HashMap<MemberId, Member>> {
        policy::check(&cx.actor, Action::MemberRead)?;
        let rows = members::table
            .inner_join(accounts::table)
            .filter(members::id.eq_any(uuids(ids)))
            .select(MemberRow::as_select());
        let rows: Vec<MemberRow> = self.rows(cx, rows).await?;
        rows.into_iter()
            .map(|row| {
                let member = Member::try_from(row)?;
                Ok((member.id, member))
            })
            .collect()
    }

    /// The members of a tenant.
    pub async fn member_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        tenant_id: TenantId,
    ) -> Result<Page<Member>> {
        policy::check(&cx.actor, Action::MemberRead)?;
        let query = members::table
            .inner_join(accounts::table)
            .filter(members::tenant_id.eq(tenant_id.0))
            .select(MemberRow::as_select())
            .into_boxed();
        let query = keyset!(query, members::id, page);
        let rows: Vec<MemberRow> = self.rows(cx, query).await?;
        page_of(rows, page)
    }

    /// Adds a person to a tenant who was not asked. An account of that address is taken; else there
    /// is a new one, which waits for its owner to prove the mailbox.
    pub async fn member_create(&self, cx: &Cx, input: MemberCreate) -> Result<Member> {
        policy::check(&cx.actor, Action::MemberCreate)?;
        check::text("name", &input.name, 100)?;
        role_check(input.tenant_id, input.role)?;
        let mut tx = self.begin(cx).await?;
        let made = self.member_create_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn member_create_in(&self, tx: &mut Tx, cx: &Cx, input: &MemberCreate) -> Result<Member> {
        const NAME: &str = "memberCreate";
        let tenant_id = input.tenant_id;
        let tenant = TenantRow::read(tx, tenant_id)
            .await
            .map_err(|error| error.at("tenantId"))?;
        let realm = tenant.realm();
        let begun = self
            .idempotency_begin(tx, cx, tenant_id, NAME, input)
            .await?;
        let id = match begun {
            Begun::Replay(id) => id,
            Begun::Fresh => {
                let account_id = self
                    .account_take(tx, realm, &input.email, &input.name)
                    .await?;
                let id = self
                    .member_insert(tx, tenant_id, realm, account_id, input.role)
                    .await?;
                self.mutation_end(tx, cx, tenant_id, NAME, &id, id).await?;
                id
            }
        };
        MemberRow::read(tx, id).await
    }

    /// Puts an account into a tenant.
    pub(crate) async fn member_insert(
        &self,
        tx: &mut Tx,
        tenant_id: TenantId,
        realm: Realm,
        account_id: AccountId,
        role: Role,
    ) -> Result<MemberId> {
        let id: MemberId = self.ids.next();
        diesel::insert_into(members::table)
            .values((
                members::id.eq(id.0),
                members::tenant_id.eq(tenant_id.0),
                members::realm_id.eq(realm.uuid()),
                members::account_id.eq(account_id.0),
                members::role.eq(role.as_str()),
                members::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "members_tenant_id_account_id_key",
                "email",
                "The person of this address is a member already.",
            )]))?;
        Ok(id)
    }
}

/// The provider's people have roles of their own, and nobody else has them.
pub(crate) fn role_check(tenant_id: TenantId, role: Role) -> Result<()> {
    if role.fits(tenant_id) {
        return Ok(());
    }
    let text = "The provider's people have a role that begins with PLATFORM_, members of a tenant one \
                that doesn't.";
    Err(Error::invalid("role", text))
}
