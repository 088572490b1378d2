//! Who may do what: one total function, whose whole matrix is a golden file.
//!
//! The store asks it beside each query. It decides by the kind of actor and its role alone; *which* rows
//! an actor reaches is the scope's matter, so a `true` here never opens another tenant's row.

use crate::{
    Actor, Caller, Error, ErrorCode, PlatformRole, Result, Role, TokenScope, TokenScopes, message,
    states::states,
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
        /// See a storefront: what it shows of itself, and what it sells.
        StorefrontRead = "STOREFRONT_READ",
        /// Make a storefront.
        StorefrontCreate = "STOREFRONT_CREATE",
        /// Change a storefront's brand and where its browser code runs.
        StorefrontWrite = "STOREFRONT_WRITE",
        /// Set what a storefront sells, and at which prices.
        OfferWrite = "OFFER_WRITE",
        /// Make, change and remove the OAuth clients of a storefront.
        StorefrontClientWrite = "STOREFRONT_CLIENT_WRITE",
        /// See a tenant.
        TenantRead = "TENANT_READ",
        /// Make a tenant.
        TenantCreate = "TENANT_CREATE",
        /// See members and their accounts.
        MemberRead = "MEMBER_READ",
        /// Add a person to a tenant who was not asked: for those who know their people already.
        MemberCreate = "MEMBER_CREATE",
        /// Invite people, change and remove members.
        MemberWrite = "MEMBER_WRITE",
        /// See who is invited.
        InvitationRead = "INVITATION_READ",
        /// Leave a tenant.
        MemberLeave = "MEMBER_LEAVE",
        /// See by which grants the provider's people act for a tenant.
        SupportGrantRead = "SUPPORT_GRANT_READ",
        /// End such a grant.
        SupportGrantEnd = "SUPPORT_GRANT_END",
        /// Act for a tenant for a while, as one of the provider's people.
        SupportGrantCreate = "SUPPORT_GRANT_CREATE",
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
        /// Read the end of a guest's console, which can show what is in an application.
        ConsoleRead = "CONSOLE_READ",
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
        /// Make, change and remove the OAuth clients of the provider and of tenants.
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
        Caller::Platform(role) => platform_allows(*role, action),
        Caller::Storefront(_) => !matches!(
            action,
            A::CatalogueWrite
                | A::FleetRead
                | A::FleetWrite
                | A::AuditReadAll
                | A::StorefrontCreate
                | A::OfferWrite
                | A::StorefrontClientWrite
                | A::ClientWrite
                | A::MemberLeave
                | A::SupportGrantCreate
                | A::Work
        ),
        Caller::Tenant(_, role) => tenant_allows(*role, action),
        Caller::Account(_, realm) => match action {
            A::CatalogueRead | A::StorefrontRead | A::TenantRead | A::MemberRead => true,
            // In a storefront anybody can begin; who may be the provider's tenant is up to it.
            A::TenantCreate => realm.0.is_some(),
            _ => false,
        },
        Caller::Visitor(_) => matches!(action, A::CatalogueRead | A::StorefrontRead),
    }
}

fn platform_allows(role: PlatformRole, action: Action) -> bool {
    use Action as A;
    match role {
        PlatformRole::Admin => !matches!(action, A::Work | A::DeploymentHandover),
        PlatformRole::Support => matches!(
            action,
            A::CatalogueRead
                | A::StorefrontRead
                | A::FleetRead
                | A::TenantRead
                | A::MemberRead
                | A::InvitationRead
                | A::MemberLeave
                | A::DeploymentRead
                | A::OperationRead
                | A::PlacementRead
                | A::AuditRead
                | A::AuditReadAll
                | A::ClientRead
                | A::WebhookRead
                | A::SupportGrantRead
                | A::SupportGrantEnd
                | A::SupportGrantCreate
        ),
        PlatformRole::Billing => matches!(
            action,
            A::CatalogueRead
                | A::StorefrontRead
                | A::TenantRead
                | A::MemberRead
                | A::MemberLeave
                | A::DeploymentRead
        ),
    }
}

fn tenant_allows(role: Role, action: Action) -> bool {
    use Action as A;
    match action {
        _ if role.platform().is_some() => false,
        A::CatalogueRead
        | A::StorefrontRead
        | A::TenantRead
        | A::DeploymentRead
        | A::OperationRead
        | A::ConsoleRead
        | A::MemberLeave => true,
        A::MemberRead | A::InvitationRead => role != Role::Viewer,
        A::MemberWrite => role == Role::Owner,
        // Of the storefronts that the tenant resells; others have none in reach.
        A::StorefrontWrite | A::OfferWrite | A::StorefrontClientWrite => {
            matches!(role, Role::Owner | Role::Admin)
        }
        A::AuditRead
        | A::ClientRead
        | A::SupportGrantRead
        | A::SupportGrantEnd
        | A::DeploymentOrder
        | A::DeploymentDelete
        | A::DeploymentHandover => matches!(role, Role::Owner | Role::Admin),
        A::DeploymentOperate | A::OperationCancel => {
            matches!(role, Role::Owner | Role::Admin | Role::Support)
        }
        A::CatalogueWrite
        | A::FleetRead
        | A::FleetWrite
        | A::StorefrontCreate
        | A::ClientWrite
        | A::MemberCreate
        | A::SupportGrantCreate
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
        A::StorefrontRead
        | A::TenantRead
        | A::MemberRead
        | A::InvitationRead
        | A::SupportGrantRead
        | A::DeploymentRead
        | A::OperationRead
        | A::ConsoleRead
        | A::PlacementRead => TokenScope::TenantRead,
        A::TenantCreate
        | A::DeploymentOrder
        | A::DeploymentOperate
        | A::DeploymentDelete
        | A::OperationCancel => TokenScope::TenantWrite,
        A::MemberCreate | A::MemberWrite | A::MemberLeave | A::SupportGrantEnd => {
            TokenScope::MemberWrite
        }
        A::SupportGrantCreate => TokenScope::SupportAct,
        A::DeploymentHandover => TokenScope::SecretRead,
        A::AuditRead | A::AuditReadAll => TokenScope::AuditRead,
        A::ClientRead | A::IdentityProviderRead => TokenScope::ClientRead,
        A::StorefrontCreate
        | A::StorefrontWrite
        | A::OfferWrite
        | A::StorefrontClientWrite
        | A::ClientWrite
        | A::IdentityProviderWrite => TokenScope::ClientAdmin,
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

/// The scopes of somebody's token that are worth asking them for, as the member that they are. What a reseller does
/// is nothing to a tenant that resells no storefront.
#[must_use]
pub fn member_scopes(member: &Caller, resells: bool) -> TokenScopes {
    let is_worth = |action: &Action| match (member, action) {
        (
            Caller::Tenant(..),
            Action::StorefrontWrite | Action::OfferWrite | Action::StorefrontClientWrite,
        ) => resells,
        _ => true,
    };
    let allowed = Action::ALL
        .iter()
        .filter(|action| allows(member, **action) && is_worth(action));
    allowed.filter_map(|action| scope(*action)).collect()
}

/// `Ok` if the actor may; else [`ErrorCode::Forbidden`] with the role or the scope that it would
/// need.
pub fn check(actor: &Actor, action: Action) -> Result<()> {
    let message = if allows(&actor.caller, action) {
        match scope(action) {
            Some(needed) if !actor.scopes.contains(needed) => message!(
                "The access token lacks the scope {scope}. Ask for it when you get the token.",
                scope = needed.word(),
            ),
            _ => return Ok(()),
        }
    } else {
        message!(
            "You may not do this ({action}). Ask an owner of the tenant, or the provider.",
            action
        )
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
            ("PLATFORM".to_owned(), Caller::Platform(PlatformRole::Admin)),
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
        let visitor = Caller::Visitor(StorefrontId(Uuid::nil()));
        callers.push(("VISITOR".to_owned(), visitor));
        for role in [PlatformRole::Support, PlatformRole::Billing] {
            callers.push((role.role().to_string(), Caller::Platform(role)));
        }
        for role in Role::TENANT {
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
