//! Changes of members. A tenant is never without an owner: whoever could make it so waits for the
//! tenant's lock and counts under it. Whom a change is about is told by mail.

use berth_model::{
    Error, ErrorCode, Member, MemberId, NoticeBody, Result, Role, TenantId, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    error::internal,
    idempotency::Begun,
    member::{MemberRow, role_check},
    notice::NewNotice,
    schema::members,
    tenant::TenantRow,
    tx::Tx,
};

impl Store {
    /// Gives a member another role. `WRONG_STATE` for the last owner.
    pub async fn member_update(&self, cx: &Cx, id: MemberId, role: Role) -> Result<Member> {
        policy::check(&cx.actor, Action::MemberWrite)?;
        let mut tx = self.begin(cx).await?;
        let changed = self.member_update_in(&mut tx, cx, id, role).await;
        tx.end(changed).await
    }

    async fn member_update_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: MemberId,
        role: Role,
    ) -> Result<Member> {
        const NAME: &str = "memberUpdate";
        let before = MemberRow::read(tx, id).await?;
        let tenant_id = before.tenant_id;
        role_check(tenant_id, role)?;
        let begun: Begun<MemberId> = self
            .idempotency_begin(tx, cx, tenant_id, NAME, &(id, role))
            .await?;
        if let Begun::Replay(_) = begun {
            return Ok(before);
        }
        if role != Role::head(tenant_id) {
            other_owner_need(tx, tenant_id, id).await?;
        }
        diesel::update(members::table.find(id.0))
            .set(members::role.eq(role.as_str()))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        if role != before.role {
            let tell = |tenant| NoticeBody::RoleChanged { tenant, role };
            self.member_tell(tx, &before, tell).await?;
        }
        self.mutation_end(tx, cx, tenant_id, NAME, &id, id).await?;
        MemberRow::read(tx, id).await
    }

    /// Removes a member from its tenant; the account stays. A member may leave by itself. `WRONG_STATE`
    /// for the last owner.
    pub async fn member_delete(&self, cx: &Cx, id: MemberId) -> Result<MemberId> {
        let may_leave = policy::check(&cx.actor, Action::MemberLeave);
        // Only a person has a membership of their own to give up.
        if cx.actor.account_id.is_none() || may_leave.is_err() {
            policy::check(&cx.actor, Action::MemberWrite)?;
        }
        let mut tx = self.begin(cx).await?;
        let gone = self.member_delete_in(&mut tx, cx, id).await;
        tx.end(gone).await
    }

    async fn member_delete_in(&self, tx: &mut Tx, cx: &Cx, id: MemberId) -> Result<MemberId> {
        const NAME: &str = "memberDelete";
        // It is gone at a replay: which tenant it was in can't be asked any more.
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, &id)
            .await?;
        if let Begun::Replay(id) = begun {
            return Ok(id);
        }
        let member = MemberRow::read(tx, id).await?;
        let leaves = cx.actor.account_id == Some(member.account.id);
        if !leaves {
            policy::check(&cx.actor, Action::MemberWrite)?;
        }
        let tenant_id = member.tenant_id;
        other_owner_need(tx, tenant_id, id).await?;
        diesel::delete(members::table.find(id.0))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        if !leaves {
            let tell = |tenant| NoticeBody::MemberRemoved { tenant };
            self.member_tell(tx, &member, tell).await?;
        }
        self.idempotency_end(tx, cx, TenantId::PLATFORM, NAME, &id)
            .await?;
        self.audit(tx, cx, tenant_id, NAME, id).await?;
        Ok(id)
    }

    /// Tells a member what became of them in their tenant, of which `body` gets the name.
    async fn member_tell(
        &self,
        tx: &mut Tx,
        member: &Member,
        body: impl FnOnce(String) -> NoticeBody,
    ) -> Result<()> {
        let tenant = TenantRow::read(tx, member.tenant_id).await?;
        let notice = NewNotice {
            tenant_id: tenant.id,
            storefront_id: tenant.storefront_id,
            name: &member.account.name,
            email: &member.account.email,
            locale: member.account.locale,
            body: &body(tenant.name),
            dedupe_key: None,
        };
        self.notice_write(tx, notice).await
    }
}

/// Locks the tenant; an error if it has no owner but this member.
async fn other_owner_need(tx: &mut Tx, tenant_id: TenantId, id: MemberId) -> Result<()> {
    TenantRow::lock(tx, tenant_id).await?;
    let owners: Vec<Uuid> = members::table
        .filter(members::tenant_id.eq(tenant_id.0))
        .filter(members::role.eq(Role::head(tenant_id).as_str()))
        .select(members::id)
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    if owners == [id.0] {
        return Err(Error::new(
            ErrorCode::WrongState,
            "This is the tenant's last owner. Make somebody else an owner first.",
        ));
    }
    Ok(())
}
