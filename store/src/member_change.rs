//! Changes of members. A tenant is never without an owner: whoever could make it so waits for the
//! tenant's lock and counts under it.

use berth_model::{
    Error, ErrorCode, Member, MemberId, Result, Role, TenantId, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, error::internal, idempotency::Begun, member::MemberRow, schema::members,
    tenant::TenantRow, tx::Tx,
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
        let member = MemberRow::read(tx, id).await?;
        let tenant_id = member.tenant_id;
        let begun: Begun<MemberId> = self
            .idempotency_begin(tx, cx, tenant_id, NAME, &(id, role))
            .await?;
        if let Begun::Replay(_) = begun {
            return Ok(member);
        }
        if role != Role::Owner {
            other_owner_need(tx, tenant_id, id).await?;
        }
        diesel::update(members::table.find(id.0))
            .set(members::role.eq(role.as_str()))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.mutation_end(tx, cx, tenant_id, NAME, &id, id).await?;
        MemberRow::read(tx, id).await
    }

    /// Removes a member from its tenant; the account stays. `WRONG_STATE` for the last owner.
    pub async fn member_delete(&self, cx: &Cx, id: MemberId) -> Result<MemberId> {
        policy::check(&cx.actor, Action::MemberWrite)?;
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
        let tenant_id = MemberRow::read(tx, id).await?.tenant_id;
        other_owner_need(tx, tenant_id, id).await?;
        diesel::delete(members::table.find(id.0))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.idempotency_end(tx, cx, TenantId::PLATFORM, NAME, &id)
            .await?;
        self.audit(tx, cx, tenant_id, NAME, id).await?;
        Ok(id)
    }
}

/// Locks the tenant; an error if it has no owner but this member.
async fn other_owner_need(tx: &mut Tx, tenant_id: TenantId, id: MemberId) -> Result<()> {
    TenantRow::lock(tx, tenant_id).await?;
    let owners: Vec<Uuid> = members::table
        .filter(members::tenant_id.eq(tenant_id.0))
        .filter(members::role.eq(Role::Owner.as_str()))
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
