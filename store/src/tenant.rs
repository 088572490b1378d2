//! Tenants.

use berth_model::{
    Caller, Page, PageRequest, Realm, Result, Role, Scope, Tenant, TenantCreate, TenantId,
    Timestamp, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::{already_exists, not_found},
    idempotency::Begun,
    reads::{keyset, page_of, reads, row_read},
    schema::tenants,
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = tenants)]
pub(crate) struct TenantRow {
    id: Uuid,
    storefront_id: Option<Uuid>,
    name: String,
    external_id: Option<String>,
    created_at: Timestamp,
}

impl From<TenantRow> for Tenant {
    fn from(row: TenantRow) -> Self {
        Self {
            id: row.id.into(),
            storefront_id: row.storefront_id.map(Into::into),
            name: row.name,
            external_id: row.external_id,
            created_at: row.created_at,
        }
    }
}

reads!(
    "tenant", TenantRead, tenants, TenantRow => Tenant,
    tenant_get, tenant_by_ids, TenantId
);
row_read!("tenant", tenants, TenantRow => Tenant, TenantId);

impl Store {
    /// The tenants that the caller can see; `external_id` finds a storefront's own.
    pub async fn tenant_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        external_id: Option<&str>,
    ) -> Result<Page<Tenant>> {
        policy::check(&cx.actor, Action::TenantRead)?;
        let mut query = tenants::table.select(TenantRow::as_select()).into_boxed();
        if let Some(external_id) = external_id {
            query = query.filter(tenants::external_id.eq(external_id));
        }
        let query = keyset!(query, tenants::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Makes a tenant with its first owner. A storefront's tenant is that storefront's; one that
    /// the provider makes is nobody else's. An account of that address which the caller can see is
    /// taken.
    pub async fn tenant_create(&self, cx: &Cx, input: TenantCreate) -> Result<Tenant> {
        policy::check(&cx.actor, Action::TenantCreate)?;
        check::text("name", &input.name, 100)?;
        check::text_opt("externalId", input.external_id.as_deref(), 200)?;
        check::text("ownerName", &input.owner_name, 100)?;
        // A person sees no tenant but their own, and this one isn't theirs until it is made.
        let scope = match cx.actor.caller {
            Caller::Account(_, Realm(Some(id))) => Scope::Storefront(id),
            _ => cx.actor.scope(),
        };
        let mut tx = self.begin_scope(scope, cx).await?;
        let made = self.tenant_create_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn tenant_create_in(&self, tx: &mut Tx, cx: &Cx, input: &TenantCreate) -> Result<Tenant> {
        const NAME: &str = "tenantCreate";
        // There is no tenant yet to keep the key under.
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, input)
            .await?;
        if let Begun::Replay(id) = begun {
            return TenantRow::read(tx, id).await;
        }
        let id: TenantId = self.ids.next();
        let realm = match cx.actor.caller {
            Caller::Storefront(id) => Realm(Some(id)),
            Caller::Account(_, realm) => realm,
            Caller::Platform(_) | Caller::Tenant(..) | Caller::Visitor(_) | Caller::Worker(_) => {
                Realm::PROVIDER
            }
        };
        diesel::insert_into(tenants::table)
            .values((
                tenants::id.eq(id.0),
                tenants::storefront_id.eq(realm.0.map(|id| id.0)),
                tenants::name.eq(&input.name),
                tenants::external_id.eq(&input.external_id),
                tenants::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "tenants_external_id",
                "externalId",
                "There is a tenant of this external id. Use that one, or another external id.",
            )]))?;
        let account_id = match cx.actor.caller {
            // Who begins by themselves owns what they began, whatever address they name.
            Caller::Account(account_id, _) => account_id,
            _ => {
                self.account_take(tx, realm, &input.owner_email, &input.owner_name)
                    .await?
            }
        };
        self.member_insert(tx, id, realm, account_id, Role::Owner)
            .await?;
        self.idempotency_end(tx, cx, TenantId::PLATFORM, NAME, &id)
            .await?;
        self.audit(tx, cx, id, NAME, id).await?;
        TenantRow::read(tx, id).await
    }
}

impl TenantRow {
    /// Locks the tenant: its orders go one after another, so that two of them can't both find no
    /// shared virtual machine and make one each. `NOT_FOUND` when the scope can't see it.
    pub(crate) async fn lock(tx: &mut Tx, id: TenantId) -> Result<()> {
        tenants::table
            .find(id.0)
            .select(tenants::id)
            .for_no_key_update()
            .first::<Uuid>(&mut **tx)
            .await
            .map(|_| ())
            .map_err(not_found("tenant"))
    }
}
