//! Who may do what: one total function, whose whole matrix is a golden file.
//!
//! The store asks it beside each query. It decides by the kind of actor and its role alone; *which* rows
//! an actor reaches is the scope's matter, so a `true` here never opens another tenant's row.

use crate::{
    Actor, Caller, Error, ErrorCode, Result, Role, TokenScope, TokenScopes, states::states,
};

states! {
    /// What can be done, grouped as far as roles tell it apart.
    pub enum Action {
        /// See the catalogue: applications, versions, plans, sites.
        CatalogueRead = "CATALOGUE_READ",
        /// Publish applications, make plans and images.
        CatalogueWrite = "CATALOGUE_WRITE",
        /// See machines, pools, networks, free addresses, reservations, images.
        FleetRead = "FLEET_READ",
        /// Enrol and change machines, sites, racks, networks.
        FleetWrite = "FLEET_WRITE",
        /// See a tenant and the storefront it came through.
        TenantRead = "TENANT_READ",
        /// Make a tenant.
        TenantCreate = "TENANT_CREATE",
        /// See members and their accounts.
        MemberRead = "MEMBER_READ",
        /// Add and remove members.
        MemberWrite = "MEMBER_WRITE",
        /// See deployments, their virtual machines and volumes.
        DeploymentRead = "DEPLOYMENT_READ",
        /// Order a deployment, resize it: what changes the price.
        DeploymentOrder = "DEPLOYMENT_ORDER",
        /// Start, stop, restart, repair, rebuild.
        DeploymentOperate = "DEPLOYMENT_OPERATE",
        /// Delete and restore.
        DeploymentDelete = "DEPLOYMENT_DELETE",
        /// Read the first administrator's initial password.
        DeploymentHandover = "DEPLOYMENT_HANDOVER",
        /// See operations, steps and events.
        OperationRead = "OPERATION_READ",
        /// Cancel an operation.
        OperationCancel = "OPERATION_CANCEL",
        /// See which machine was chosen and why others were not.
        PlacementRead = "PLACEMENT_READ",
        /// See the audit log.
        AuditRead = "AUDIT_READ",
        /// See the audit log of the whole platform.
        AuditReadAll = "AUDIT_READ_ALL",
        /// See OAuth clients.
        ClientRead = "CLIENT_READ",
        /// Make storefronts and OAuth clients.
        ClientWrite = "CLIENT_WRITE",
        /// See identity providers, without their secrets.
        IdentityProviderRead = "IDENTITY_PROVIDER_READ",
        /// Make, change and remove identity providers.
        IdentityProviderWrite = "IDENTITY_PROVIDER_WRITE",
        /// See webhook endpoints and what was delivered to them.
        WebhookRead = "WEBHOOK_READ",
        /// Make and change webhook endpoints, deliver again.
        WebhookWrite = "WEBHOOK_WRITE",
        /// Claim and carry out work. Workers only.
        Work = "WORK",
    }
}

/// Whether the actor may do this to what its scope reaches.
#[must_use]
pub fn allows(caller: &Caller, action: Action) -> bool {
    use Action as A;
    match caller {
        Caller::Worker(_) => true,
        Caller::Platform => action != A::Work && action != A::DeploymentHandover,
        Caller::Storefront(_) => !matches!(
            action,
            A::CatalogueWrite
                | A::FleetRead
                | A::FleetWrite
                | A::AuditReadAll
                | A::ClientWrite
                | A::Work
        ),
        Caller::Tenant(_, role) => tenant_allows(*role, action),
        Caller::Account(_, realm) => match action {
            A::CatalogueRead | A::TenantRead | A::MemberRead => true,
            // In a storefront anybody can begin; who may be the provider's tenant is up to it.
            A::TenantCreate => realm.0.is_some(),
            _ => false,
        },
    }
}

fn tenant_allows(role: Role, action: Action) -> bool {
    use Action as A;
    match action {
        A::CatalogueRead | A::TenantRead | A::DeploymentRead | A::OperationRead => true,
        A::MemberRead => role != Role::Viewer,
        A::MemberWrite => role == Role::Owner,
        A::AuditRead
        | A::ClientRead
        | A::DeploymentOrder
        | A::DeploymentDelete
        | A::DeploymentHandover => matches!(role, Role::Owner | Role::Admin),
        A::DeploymentOperate | A::OperationCancel => {
            matches!(role, Role::Owner | Role::Admin | Role::Support)
        }
        A::CatalogueWrite
        | A::FleetRead
        | A::FleetWrite
        | A::ClientWrite
        | A::TenantCreate
        | A::PlacementRead
        | A::AuditReadAll
        | A::IdentityProviderRead
        | A::IdentityProviderWrite
        | A::WebhookRead
        | A::WebhookWrite
        | A::Work => false,
    }
}

/// The scope that a token needs for this; none for what no token opens.
#[must_use]
pub const fn scope(action: Action) -> Option<TokenScope> {
    use Action as A;
    Some(match action {
        A::CatalogueRead => TokenScope::CatalogueRead,
        A::CatalogueWrite => TokenScope::CatalogueWrite,
        A::FleetRead => TokenScope::FleetRead,
        A::FleetWrite => TokenScope::FleetAdmin,
        A::TenantRead | A::MemberRead | A::DeploymentRead | A::OperationRead | A::PlacementRead => {
            TokenScope::TenantRead
        }
        A::TenantCreate
        | A::DeploymentOrder
        | A::DeploymentOperate
        | A::DeploymentDelete
        | A::OperationCancel => TokenScope::TenantWrite,
        A::MemberWrite => TokenScope::MemberWrite,
        A::DeploymentHandover => TokenScope::SecretRead,
        A::AuditRead | A::AuditReadAll => TokenScope::AuditRead,
        A::ClientRead | A::IdentityProviderRead => TokenScope::ClientRead,
        A::ClientWrite | A::IdentityProviderWrite => TokenScope::ClientAdmin,
        A::WebhookRead => TokenScope::WebhookRead,
        A::WebhookWrite => TokenScope::WebhookAdmin,
        A::Work => return None,
    })
}

/// The scopes that open anything to this caller.
#[must_use]
pub fn scopes(caller: &Caller) -> TokenScopes {
    let allowed = Action::ALL.iter().filter(|action| allows(caller, **action));
    allowed.filter_map(|action| scope(*action)).collect()
}

/// `Ok` if the actor may; else [`ErrorCode::Forbidden`] with the role or the scope that it would
/// need.
pub fn check(actor: &Actor, action: Action) -> Result<()> {
    let message = if allows(&actor.caller, action) {
        match scope(action) {
            Some(needed) if !actor.scopes.contains(needed) => format!(
                "The access token lacks the scope {}. Ask for it when you get the token.",
                needed.word()
            ),
            _ => return Ok(()),
        }
    } else {
        format!("You may not do this ({action}). Ask an owner of the tenant, or the provider.")
    };
    Err(Error::new(ErrorCode::Forbidden, message))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{AccountId, Realm, StorefrontId, TenantId};

    #[test]
    fn the_matrix_is_as_written_down() {
        let mut callers = vec![
            ("PLATFORM".to_owned(), Caller::Platform),
            (
                "STOREFRONT".to_owned(),
                Caller::Storefront(StorefrontId(Uuid::nil())),
            ),
        ];
        let account = Caller::Account(
            AccountId(Uuid::nil()),
            Realm(Some(StorefrontId(Uuid::nil()))),
        );
        callers.push(("ACCOUNT".to_owned(), account));
        for role in Role::ALL {
            callers.push((
                role.to_string(),
                Caller::Tenant(TenantId(Uuid::nil()), *role),
            ));
        }
        let mut text = String::new();
        for action in Action::ALL {
            let scope = scope(*action).map(TokenScope::word).unwrap_or_default();
            text.push_str(&format!("{:23} {scope:15}", action.as_str()));
            for (name, caller) in &callers {
                let shown = if allows(caller, *action) {
                    name.as_str()
                } else {
                    "-"
                };
                text.push_str(&format!(" {shown:10}"));
            }
            text = text.trim_end().to_owned() + "\n";
        }
        insta::assert_snapshot!(text);
    }
}
