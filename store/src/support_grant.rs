//! Support grants: how the provider's people act for a tenant, and how the tenant sees and ends that.

use berth_model::{
    Actor, Caller, ClientId, Error, ErrorCode, NoticeBody, Page, PageRequest, Result, Role,
    SupportGrant, SupportGrantCreate, SupportGrantId, TenantId, Timestamp, policy, policy::Action,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    client::ClientRow,
    error::internal,
    idempotency::Begun,
    reads::{keyset, page_of, reads, row_read},
    schema::{accounts, support_grants},
    tenant::TenantRow,
    token::{IssuedToken, TokenOf},
    tx::Tx,
};

/// The longest grant: a working day.
const MINUTES: i64 = 480;

#[derive(Queryable, Selectable)]
#[diesel(table_name = support_grants)]
pub(crate) struct SupportGrantRow {
    id: Uuid,
    tenant_id: Uuid,
    account_id: Uuid,
    staff_name: String,
    role: String,
    reason: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    ended_at: Option<Timestamp>,
}

impl TryFrom<SupportGrantRow> for SupportGrant {
    type Error = Error;

    fn try_from(row: SupportGrantRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            account_id: row.account_id.into(),
            staff_name: row.staff_name,
            role: row.role.parse()?,
            reason: row.reason,
            created_at: row.created_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
        })
    }
}

reads!(
    "support grant", SupportGrantRead, support_grants, SupportGrantRow => SupportGrant,
    support_grant_get, support_grant_by_ids, SupportGrantId
);
row_read!("support grant", support_grants, SupportGrantRow => SupportGrant, SupportGrantId);

impl Store {
    /// The support grants of a tenant, also those that are over.
    pub async fn support_grant_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        tenant_id: TenantId,
    ) -> Result<Page<SupportGrant>> {
        policy::check(&cx.actor, Action::SupportGrantRead)?;
        let query = support_grants::table
            .filter(support_grants::tenant_id.eq(tenant_id.0))
            .select(SupportGrantRow::as_select())
            .into_boxed();
        let query = keyset!(query, support_grants::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Lets the person who asks, one of the provider's, act for a tenant, whose owners are told. Gives a
    /// token (`bt_…`) that acts so and in no other way; a replay by idempotency key gives none. Only a
    /// person may: `FORBIDDEN` for a program.
    pub async fn support_grant_create(
        &self,
        cx: &Cx,
        input: SupportGrantCreate,
    ) -> Result<(SupportGrant, Option<IssuedToken>)> {
        policy::check(&cx.actor, Action::SupportGrantCreate)?;
        check::text("reason", &input.reason, 500)?;
        check::range("minutes", input.minutes, 1, MINUTES, "")?;
        if !matches!(input.role, Role::Support | Role::Billing | Role::Viewer) {
            let text = "Support acts as SUPPORT, BILLING or VIEWER: what owners and administrators do \
                        is for the tenant's own people.";
            return Err(Error::invalid("role", text));
        }
        let mut tx = self.begin(cx).await?;
        let made = self.support_grant_create_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn support_grant_create_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &SupportGrantCreate,
    ) -> Result<(SupportGrant, Option<IssuedToken>)> {
        const NAME: &str = "supportGrantCreate";
        let tenant = TenantRow::read(tx, input.tenant_id)
            .await
            .map_err(|error| error.at("tenantId"))?;
        if tenant.id == TenantId::PLATFORM {
            return Err(Error::not_found("tenant").at("tenantId"));
        }
        let (client_id, staff_name) = staff(tx, &cx.actor).await?;
        let begun = self
            .idempotency_begin(tx, cx, tenant.id, NAME, input)
            .await?;
        if let Begun::Replay(id) = begun {
            return Ok((SupportGrantRow::read(tx, id).await?, None));
        }
        let grant = self.support_grant_write(tx, cx, input, staff_name).await?;
        let client = ClientRow::read(tx, client_id).await?;
        let scopes = policy::scopes(&Caller::member(tenant.id, grant.role));
        let token = self
            .token_write(
                tx,
                &client,
                Some(scopes),
                TokenOf::Support(&grant, cx.actor.grant_id),
            )
            .await?;
        let body = NoticeBody::SupportGrantOpened {
            tenant: tenant.name,
            reason: grant.reason.clone(),
            until: grant.expires_at,
        };
        let told = (tenant.id, &[Role::Owner] as &[Role]);
        self.members_tell(tx, told, &body, None).await?;
        self.mutation_end(tx, cx, tenant.id, NAME, &grant.id, grant.id)
            .await?;
        Ok((grant, Some(token)))
    }

    async fn support_grant_write(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &SupportGrantCreate,
        staff_name: String,
    ) -> Result<SupportGrant> {
        let id: SupportGrantId = self.ids.next();
        let now = self.clock.now();
        diesel::insert_into(support_grants::table)
            .values((
                support_grants::id.eq(id.0),
                support_grants::tenant_id.eq(input.tenant_id.0),
                support_grants::account_id.eq(cx
                    .actor
                    .account_id
                    .map(|id| id.0)
                    .unwrap_or_default()),
                support_grants::staff_name.eq(staff_name),
                support_grants::role.eq(input.role.as_str()),
                support_grants::reason.eq(&input.reason),
                support_grants::created_at.eq(now),
                support_grants::expires_at.eq(now + TimeDelta::minutes(input.minutes)),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        SupportGrantRow::read(tx, id).await
    }

    /// Ends a grant before its time, with its tokens. One that is over stays as it was.
    pub async fn support_grant_end(&self, cx: &Cx, id: SupportGrantId) -> Result<SupportGrant> {
        policy::check(&cx.actor, Action::SupportGrantEnd)?;
        let mut tx = self.begin(cx).await?;
        let ended = self.support_grant_end_in(&mut tx, cx, id).await;
        tx.end(ended).await
    }

    async fn support_grant_end_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: SupportGrantId,
    ) -> Result<SupportGrant> {
        const NAME: &str = "supportGrantEnd";
        let grant = SupportGrantRow::read(tx, id).await?;
        let begun: Begun<SupportGrantId> = self
            .idempotency_begin(tx, cx, grant.tenant_id, NAME, &id)
            .await?;
        if let Begun::Replay(_) = begun {
            return Ok(grant);
        }
        let now = self.clock.now();
        diesel::update(support_grants::table.find(id.0))
            .filter(support_grants::ended_at.is_null())
            .filter(support_grants::expires_at.gt(now))
            .set(support_grants::ended_at.eq(now))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.mutation_end(tx, cx, grant.tenant_id, NAME, &id, id)
            .await?;
        SupportGrantRow::read(tx, id).await
    }
}

/// The program and the name of the person of the provider's who asks.
async fn staff(tx: &mut Tx, actor: &Actor) -> Result<(ClientId, String)> {
    let (Some(client_id), Some(account_id)) = (actor.client_id, actor.account_id) else {
        let text = "Support is given by people: sign in with your own account, and ask again.";
        return Err(Error::new(ErrorCode::Forbidden, text));
    };
    let name = accounts::table
        .find(account_id.0)
        .select(accounts::name)
        .first(&mut **tx)
        .await
        .map_err(internal)?;
    Ok((client_id, name))
}
