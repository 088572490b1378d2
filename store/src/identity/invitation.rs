//! Answering an invitation. Whoever has its code and an account in the realm may: the code was in a
//! mail to the address that was asked, and nowhere else.

use berth_model::{
    Actor, Caller, Error, ErrorCode, Invitation, InvitationId, Invited, MemberId, Result, Session,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    authenticator::recovery_code,
    challenge::{plain, wrong_code},
};
use crate::{
    Cx, Store,
    error::internal,
    invitation::InvitationRow,
    schema::{invitations, tenants},
    tenant::TenantRow,
    token::token_hash,
    tx::Tx,
};

/// A code of 80 bits.
pub(crate) fn invitation_code(bytes: [u8; 10]) -> String {
    recovery_code(bytes)
}

/// What of a code is kept, however it was typed.
pub(crate) fn invitation_hash(code: &str) -> Vec<u8> {
    token_hash(&format!("invitation/{}", plain(code))).to_vec()
}

impl Store {
    /// What somebody who is signed in is asked by the invitation of this code. `WRONG_CODE` if there is
    /// none, or its time is over.
    pub async fn invitation_find(&self, session: &Session, code: &str) -> Result<Invited> {
        let found = invitations::table
            .inner_join(tenants::table.on(tenants::id.eq(invitations::tenant_id)))
            .filter(invitations::code_hash.eq(invitation_hash(code)))
            .filter(invitations::expires_at.gt(self.clock.now()))
            .select((InvitationRow::as_select(), TenantRow::as_select()));
        let (_turn, mut tx) = self.begin_login(session.account.realm).await?;
        let found: Result<Option<(InvitationRow, TenantRow)>> =
            found.first(&mut *tx).await.optional().map_err(internal);
        let (invitation, tenant) = tx.end(found).await?.ok_or_else(wrong_code)?;
        Ok(Invited {
            invitation: invitation.try_into()?,
            tenant: tenant.into(),
        })
    }

    /// Makes the person a member, whatever address their account has. `WRONG_CODE`; `ALREADY_EXISTS` if
    /// they are one already.
    pub async fn invitation_accept(&self, session: &Session, code: &str) -> Result<MemberId> {
        let invitation = self.invitation_find(session, code).await?.invitation;
        let cx = answering(session, &invitation);
        let mut tx = self.begin(&cx).await?;
        let made = self.invitation_accept_in(&mut tx, &cx, session, &invitation);
        let made = made.await;
        tx.end(made).await
    }

    async fn invitation_accept_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        session: &Session,
        invitation: &Invitation,
    ) -> Result<MemberId> {
        invitation_take(tx, invitation.id).await?;
        let account = &session.account;
        let tenant_id = invitation.tenant_id;
        let id = self
            .member_insert(tx, tenant_id, account.realm, account.id, invitation.role)
            .await
            .map_err(|error| match error.code() {
                ErrorCode::AlreadyExists => error.at("member"),
                _ => error,
            })?;
        self.audit(tx, cx, tenant_id, "invitationAccept", id)
            .await?;
        Ok(id)
    }

    /// Says no. `WRONG_CODE`.
    pub async fn invitation_decline(&self, session: &Session, code: &str) -> Result<()> {
        let invitation = self.invitation_find(session, code).await?.invitation;
        let cx = answering(session, &invitation);
        let mut tx = self.begin(&cx).await?;
        let done = async {
            invitation_take(&mut tx, invitation.id).await?;
            let (tenant_id, id) = (invitation.tenant_id, invitation.id);
            self.audit(&mut tx, &cx, tenant_id, "invitationDecline", id)
                .await
        }
        .await;
        tx.end(done).await
    }

    /// Leaves a tenant, for somebody who is signed in. `NOT_FOUND` for another's membership;
    /// `WRONG_STATE` for the last owner.
    pub async fn membership_end(&self, session: &Session, id: MemberId) -> Result<()> {
        let memberships = self.membership_list(session).await?;
        let mut theirs = memberships.into_iter();
        let found = theirs.find(|membership| membership.id == id);
        let membership = found.ok_or_else(|| Error::not_found("member"))?;
        let cx = acting(
            session,
            Caller::member(membership.tenant.id, membership.role),
        );
        self.member_delete(&cx, id).await.map(drop)
    }
}

/// Who answers does so in the tenant's own scope, as what they will be there.
fn answering(session: &Session, invitation: &Invitation) -> Cx {
    acting(
        session,
        Caller::member(invitation.tenant_id, invitation.role),
    )
}

fn acting(session: &Session, caller: Caller) -> Cx {
    let mut cx = Cx::new(Actor {
        account_id: Some(session.account.id),
        ..Actor::new(caller)
    });
    cx.remote = session.remote.as_deref().and_then(|text| text.parse().ok());
    cx.user_agent = session.user_agent.clone();
    cx
}

/// Of two that answer with the same code one finds it gone.
async fn invitation_take(tx: &mut Tx, id: InvitationId) -> Result<()> {
    let taken = diesel::delete(invitations::table.find(id.0))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    if taken == 1 {
        Ok(())
    } else {
        Err(wrong_code())
    }
}
