//! Invitations: who is asked to become a member. What they answer is in `identity/invitation.rs`.

use berth_model::{
    Caller, Error, ErrorCode, Invitation, InvitationCreate, InvitationId, NoticeBody, Page,
    PageRequest, Result, Tenant, TenantId, Timestamp, message, policy, policy::Action,
};
use chrono::TimeDelta;
use diesel::{dsl::exists, prelude::*, select};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    account::lower,
    audit_entry::first_id,
    error::{already_exists, internal},
    idempotency::Begun,
    identity::{invitation_code, invitation_hash},
    member::role_check,
    notice::NewNotice,
    reads::{keyset, page_of, reads, row_read},
    schema::{accounts, audit_log, invitations, members},
    storefront::StorefrontRow,
    tenant::TenantRow,
    tx::Tx,
};

/// How long a code is good.
const DAYS: i64 = 14;

/// The most that a tenant has at a time.
const OPEN: i64 = 50;

/// The most that a tenant sends in a day: whom they go to didn't ask for them.
const A_DAY: i64 = 100;

#[derive(Queryable, Selectable)]
#[diesel(table_name = invitations)]
pub(crate) struct InvitationRow {
    id: Uuid,
    tenant_id: Uuid,
    email: String,
    role: String,
    inviter_name: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = Error;

    fn try_from(row: InvitationRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            email: row.email.parse().map_err(Error::internal)?,
            role: row.role.parse()?,
            inviter_name: row.inviter_name,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

reads!(
    "invitation", InvitationRead, invitations, InvitationRow => Invitation,
    invitation_get, invitation_by_ids, InvitationId
);
row_read!("invitation", invitations, InvitationRow => Invitation, InvitationId);

impl Store {
    /// The invitations of a tenant that are not answered yet, also those whose time is over.
    pub async fn invitation_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        tenant_id: TenantId,
    ) -> Result<Page<Invitation>> {
        policy::check(&cx.actor, Action::InvitationRead)?;
        let query = invitations::table
            .filter(invitations::tenant_id.eq(tenant_id.0))
            .select(InvitationRow::as_select())
            .into_boxed();
        let query = keyset!(query, invitations::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Asks somebody to become a member: a code goes to the address, and the one before it, if there
    /// was one, is good no longer. `public_url` is where the API's pages are. `ALREADY_EXISTS` if the
    /// person is a member; `LIMIT_EXCEEDED` after too many.
    pub async fn invitation_create(
        &self,
        cx: &Cx,
        input: InvitationCreate,
        public_url: &str,
    ) -> Result<Invitation> {
        policy::check(&cx.actor, Action::MemberWrite)?;
        role_check(input.tenant_id, input.role)?;
        let mut tx = self.begin(cx).await?;
        let made = self
            .invitation_create_in(&mut tx, cx, &input, public_url)
            .await;
        tx.end(made).await
    }

    async fn invitation_create_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &InvitationCreate,
        public_url: &str,
    ) -> Result<Invitation> {
        const NAME: &str = "invitationCreate";
        let tenant = TenantRow::read(tx, input.tenant_id)
            .await
            .map_err(|error| error.at("tenantId"))?;
        let begun = self
            .idempotency_begin(tx, cx, tenant.id, NAME, input)
            .await?;
        if let Begun::Replay(id) = begun {
            return InvitationRow::read(tx, id).await;
        }
        // Two at once go one after the other, so that both count.
        TenantRow::lock(tx, tenant.id).await?;
        newcomer_check(tx, input).await?;
        diesel::delete(invitations::table)
            .filter(invitations::tenant_id.eq(tenant.id.0))
            .filter(lower(invitations::email).eq(lower(input.email.as_str())))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.invitations_count(tx, tenant.id).await?;
        let (id, code) = (self.ids.next(), invitation_code(self.ids.bytes()));
        let inviter = self.inviter(tx, cx, &tenant).await?;
        self.invitation_insert(tx, id, &tenant, input, &inviter, &code)
            .await?;
        let url = pages_url(tx, &tenant, public_url).await? + "/account";
        let notice = NewNotice {
            tenant_id: tenant.id,
            storefront_id: tenant.storefront_id,
            name: "",
            email: &input.email,
            locale: None,
            body: &NoticeBody::Invitation {
                tenant: tenant.name,
                inviter,
                code,
                url,
            },
            dedupe_key: None,
        };
        self.notice_write(tx, notice).await?;
        self.mutation_end(tx, cx, tenant.id, NAME, &id, id).await?;
        InvitationRow::read(tx, id).await
    }

    async fn invitation_insert(
        &self,
        tx: &mut Tx,
        id: InvitationId,
        tenant: &Tenant,
        input: &InvitationCreate,
        inviter: &str,
        code: &str,
    ) -> Result<()> {
        let now = self.clock.now();
        diesel::insert_into(invitations::table)
            .values((
                invitations::id.eq(id.0),
                invitations::tenant_id.eq(tenant.id.0),
                invitations::realm_id.eq(tenant.realm().uuid()),
                invitations::email.eq(input.email.as_str()),
                invitations::role.eq(input.role.as_str()),
                invitations::inviter_name.eq(inviter),
                invitations::code_hash.eq(invitation_hash(code)),
                invitations::created_at.eq(now),
                invitations::expires_at.eq(now + TimeDelta::days(DAYS)),
            ))
            .execute(&mut **tx)
            .await
            .map(drop)
            .map_err(already_exists(&[(
                "invitations_email",
                "email",
                "Somebody else has just invited the person of this address.",
            )]))
    }

    /// Takes an invitation back: its code is good no longer.
    pub async fn invitation_delete(&self, cx: &Cx, id: InvitationId) -> Result<InvitationId> {
        policy::check(&cx.actor, Action::MemberWrite)?;
        let mut tx = self.begin(cx).await?;
        let gone = self.invitation_delete_in(&mut tx, cx, id).await;
        tx.end(gone).await
    }

    async fn invitation_delete_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: InvitationId,
    ) -> Result<InvitationId> {
        const NAME: &str = "invitationDelete";
        // It is gone at a replay: which tenant it was of can't be asked any more.
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, &id)
            .await?;
        if let Begun::Replay(id) = begun {
            return Ok(id);
        }
        let tenant_id = InvitationRow::read(tx, id).await?.tenant_id;
        diesel::delete(invitations::table.find(id.0))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.idempotency_end(tx, cx, TenantId::PLATFORM, NAME, &id)
            .await?;
        self.audit(tx, cx, tenant_id, NAME, id).await?;
        Ok(id)
    }

    /// How many there are, and were since yesterday.
    async fn invitations_count(&self, tx: &mut Tx, tenant_id: TenantId) -> Result<()> {
        let open: i64 = invitations::table
            .filter(invitations::tenant_id.eq(tenant_id.0))
            .count()
            .get_result(&mut **tx)
            .await
            .map_err(internal)?;
        if open >= OPEN {
            let text = message!(
                "A tenant has {most} invitations at most that nobody has answered. Take one back first.",
                most = OPEN
            );
            return Err(Error::new(ErrorCode::LimitExceeded, text));
        }
        let since = self.clock.now() - TimeDelta::days(1);
        let sent: i64 = audit_log::table
            .filter(audit_log::tenant_id.eq(tenant_id.0))
            .filter(audit_log::action.eq("invitationCreate"))
            .filter(audit_log::id.ge(first_id(since)))
            .count()
            .get_result(&mut **tx)
            .await
            .map_err(internal)?;
        if sent > A_DAY {
            let text = message!(
                "A tenant sends {most} invitations a day at most. Go on tomorrow.",
                most = A_DAY
            );
            return Err(Error::new(ErrorCode::LimitExceeded, text));
        }
        Ok(())
    }

    /// Who asks, by a name that the person may know: the member, else the storefront, else the tenant.
    async fn inviter(&self, tx: &mut Tx, cx: &Cx, tenant: &Tenant) -> Result<String> {
        if let Some(id) = cx.actor.account_id {
            let name: Option<String> = accounts::table
                .find(id.0)
                .select(accounts::name)
                .first(&mut **tx)
                .await
                .optional()
                .map_err(internal)?;
            if let Some(name) = name {
                return Ok(name);
            }
        }
        match (&cx.actor.caller, tenant.storefront_id) {
            (Caller::Storefront(_), Some(id)) => Ok(StorefrontRow::read(tx, id).await?.brand.name),
            _ => Ok(tenant.name.clone()),
        }
    }
}

/// `ALREADY_EXISTS` for who is a member.
async fn newcomer_check(tx: &mut Tx, input: &InvitationCreate) -> Result<()> {
    let member = members::table
        .inner_join(accounts::table)
        .filter(members::tenant_id.eq(input.tenant_id.0))
        .filter(lower(accounts::email).eq(lower(input.email.as_str())))
        .select(members::id);
    let is_member: bool = select(exists(member))
        .get_result(&mut **tx)
        .await
        .map_err(internal)?;
    if is_member {
        let text = "The person of this address is a member already.";
        return Err(Error::new(ErrorCode::AlreadyExists, text).at("email"));
    }
    Ok(())
}

/// Where the pages of the tenant's realm are.
async fn pages_url(tx: &mut Tx, tenant: &Tenant, public_url: &str) -> Result<String> {
    match tenant.storefront_id {
        None => Ok(public_url.to_owned()),
        Some(id) => Ok(StorefrontRow::read(tx, id).await?.pages_url(public_url)),
    }
}
