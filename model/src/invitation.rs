//! Invitations: how somebody becomes a member who has to agree to it.

use crate::{EmailAddress, InvitationId, Role, Tenant, TenantId, Timestamp};

/// Somebody is asked to become a member of a tenant. It is there until it is answered, taken back or
/// over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// To which tenant.
    pub tenant_id: TenantId,
    /// Where its code went.
    pub email: EmailAddress,
    /// As what.
    pub role: Role,
    /// Who asks: a name.
    pub inviter_name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when its code is good.
    pub expires_at: Timestamp,
}

/// What `invitationCreate` takes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InvitationCreate {
    /// To which tenant.
    pub tenant_id: TenantId,
    /// Where the code goes.
    pub email: EmailAddress,
    /// As what.
    pub role: Role,
}

/// What the one who is asked is shown before they answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// To which tenant.
    pub tenant: Tenant,
}
