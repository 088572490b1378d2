//! Every function that nouns offer, by every kind of caller: what the policy denies is FORBIDDEN,
//! and what is another's does not exist.

use std::{collections::BTreeSet, fs, path::Path};

use berth_model::{
    Actor, Caller, ErrorCode, PlatformRole, Result, Role,
    policy::{Action, allows},
};
use berth_store::Cx;

use crate::{
    policy_call::{common_call, owned, owned_call},
    world::World,
};

use Action as A;

/// Functions about what a tenant owns: another caller of the same right finds nothing there.
const OWNED: &[(&str, Action)] = &[
    ("account_by_ids", A::MemberRead),
    ("account_get", A::MemberRead),
    ("address_by_ids", A::DeploymentRead),
    ("address_by_virtual_machine_ids", A::DeploymentRead),
    ("address_get", A::DeploymentRead),
    ("audit_entry_by_ids", A::AuditRead),
    ("audit_entry_get", A::AuditRead),
    ("audit_entry_list", A::AuditRead),
    ("client_by_ids", A::ClientRead),
    ("client_get", A::ClientRead),
    ("client_list", A::ClientRead),
    ("deployment_by_ids", A::DeploymentRead),
    ("deployment_by_virtual_machine_ids", A::DeploymentRead),
    ("deployment_create", A::DeploymentOrder),
    ("deployment_delete", A::DeploymentDelete),
    ("deployment_get", A::DeploymentRead),
    ("deployment_handover", A::DeploymentHandover),
    ("deployment_list", A::DeploymentRead),
    ("deployment_rebuild", A::DeploymentOperate),
    ("deployment_repair", A::DeploymentOperate),
    ("deployment_resize", A::DeploymentOrder),
    ("deployment_restart", A::DeploymentOperate),
    ("deployment_restore", A::DeploymentDelete),
    ("deployment_start", A::DeploymentOperate),
    ("deployment_stop", A::DeploymentOperate),
    ("invitation_by_ids", A::InvitationRead),
    ("invitation_create", A::MemberWrite),
    ("invitation_delete", A::MemberWrite),
    ("invitation_get", A::InvitationRead),
    ("invitation_list", A::InvitationRead),
    ("identity_provider_by_ids", A::IdentityProviderRead),
    ("identity_provider_delete", A::IdentityProviderWrite),
    ("identity_provider_get", A::IdentityProviderRead),
    ("identity_provider_list", A::IdentityProviderRead),
    ("identity_provider_update", A::IdentityProviderWrite),
    ("member_by_ids", A::MemberRead),
    ("member_create", A::MemberCreate),
    ("member_delete", A::MemberWrite),
    ("member_get", A::MemberRead),
    ("member_list", A::MemberRead),
    ("member_update", A::MemberWrite),
    ("support_grant_by_ids", A::SupportGrantRead),
    ("support_grant_end", A::SupportGrantEnd),
    ("support_grant_get", A::SupportGrantRead),
    ("support_grant_list", A::SupportGrantRead),
    ("tenant_by_ids", A::TenantRead),
    ("tenant_get", A::TenantRead),
    ("virtual_machine_by_ids", A::DeploymentRead),
    ("virtual_machine_get", A::DeploymentRead),
    ("volume_by_deployment_ids", A::DeploymentRead),
    ("volume_by_ids", A::DeploymentRead),
    ("volume_by_virtual_machine_ids", A::DeploymentRead),
    ("volume_get", A::DeploymentRead),
    ("webhook_attempt_by_delivery_ids", A::WebhookRead),
    ("webhook_delivery_by_ids", A::WebhookRead),
    ("webhook_delivery_get", A::WebhookRead),
    ("webhook_delivery_list", A::WebhookRead),
    ("webhook_delivery_redeliver", A::WebhookWrite),
    ("webhook_endpoint_by_ids", A::WebhookRead),
    ("webhook_endpoint_delete", A::WebhookWrite),
    ("webhook_endpoint_get", A::WebhookRead),
    ("webhook_endpoint_secret_rotate", A::WebhookWrite),
    ("webhook_endpoint_update", A::WebhookWrite),
];

/// The others: the catalogue, the fleet, and what makes something new.
pub const COMMON: &[(&str, Action)] = &[
    ("address_list", A::FleetRead),
    ("application_by_ids", A::CatalogueRead),
    ("application_get", A::CatalogueRead),
    ("application_list", A::CatalogueRead),
    ("application_publish", A::CatalogueWrite),
    ("application_version_by_ids", A::CatalogueRead),
    ("application_version_get", A::CatalogueRead),
    ("application_version_list", A::CatalogueRead),
    ("audit_entry_list_all", A::AuditReadAll),
    ("client_create", A::ClientWrite),
    ("client_delete", A::ClientWrite),
    ("client_secret_rotate", A::ClientWrite),
    ("identity_provider_create", A::IdentityProviderWrite),
    ("fleet_demand", A::FleetRead),
    ("fleet_facts", A::FleetRead),
    ("fleet_move_by_operation_ids", A::FleetRead),
    ("fleet_rebalance_apply", A::FleetWrite),
    ("image_by_ids", A::FleetRead),
    ("image_create", A::CatalogueWrite),
    ("image_get", A::FleetRead),
    ("image_list", A::FleetRead),
    ("machine_by_ids", A::FleetRead),
    ("machine_enroll", A::FleetWrite),
    ("machine_get", A::FleetRead),
    ("machine_list", A::FleetRead),
    ("machine_update", A::FleetWrite),
    ("network_by_ids", A::FleetRead),
    ("network_by_machine_ids", A::FleetRead),
    ("network_create", A::FleetWrite),
    ("network_get", A::FleetRead),
    ("network_list", A::FleetRead),
    ("offers_by_storefront_ids", A::StorefrontRead),
    ("placement_policy", A::FleetRead),
    ("placement_policy_set", A::FleetWrite),
    ("placement_question", A::FleetRead),
    ("placement_sites_too_small", A::FleetRead),
    ("plan_by_ids", A::CatalogueRead),
    ("plan_create", A::CatalogueWrite),
    ("plan_get", A::CatalogueRead),
    ("plan_list", A::CatalogueRead),
    ("rack_by_ids", A::FleetRead),
    ("rack_create", A::FleetWrite),
    ("rack_get", A::FleetRead),
    ("rack_list", A::FleetRead),
    ("reseller_by_storefront_ids", A::TenantRead),
    ("reservation_by_ids", A::FleetRead),
    ("reservation_by_virtual_machine_ids", A::FleetRead),
    ("reservation_get", A::FleetRead),
    ("site_by_ids", A::CatalogueRead),
    ("site_create", A::FleetWrite),
    ("site_get", A::CatalogueRead),
    ("site_list", A::CatalogueRead),
    ("storage_pool_by_ids", A::FleetRead),
    ("storage_pool_by_machine_ids", A::FleetRead),
    ("storage_pool_get", A::FleetRead),
    ("storefront_by_ids", A::StorefrontRead),
    ("storefront_create", A::StorefrontCreate),
    ("storefront_get", A::StorefrontRead),
    ("storefront_list", A::StorefrontRead),
    ("storefront_locale", A::StorefrontRead),
    ("storefront_offers_set", A::OfferWrite),
    ("storefront_public_token_rotate", A::StorefrontWrite),
    ("storefront_update", A::StorefrontWrite),
    ("support_grant_create", A::SupportGrantCreate),
    ("tenant_create", A::TenantCreate),
    ("tenant_list", A::TenantRead),
    ("virtual_machine_list", A::FleetRead),
    ("webhook_endpoint_create", A::WebhookWrite),
    ("webhook_endpoint_list", A::WebhookRead),
];

/// Of every actor, as everything that one tries is written down; of people before pages of theirs; or
/// without one: the way to become one.
const WITHOUT_POLICY: &[&str] = &[
    "account_event_list",
    "account_own",
    "account_protection",
    "account_update",
    "audit_complete",
    "audit_open",
    "authenticator_begin",
    "authenticator_confirm",
    "authenticator_delete",
    "browser_is_known",
    "client_asking",
    "client_authenticate",
    "client_public",
    "consent_covers",
    "consent_delete",
    "consent_list",
    "email_change_begin",
    "email_change_finish",
    "grant_give",
    "grant_redeem",
    "invitation_accept",
    "invitation_decline",
    "invitation_find",
    "membership_end",
    "identity_link_begin",
    "identity_link_confirm",
    "identity_list",
    "identity_mail",
    "identity_pending",
    "identity_prove",
    "identity_prove_by_code",
    "identity_provider_shown",
    "identity_sign_up",
    "identity_trip_back",
    "identity_trip_begin",
    "identity_trip_end",
    "identity_unlink",
    "membership_list",
    "password_change",
    "recovery_codes_renew",
    "recovery_email_begin",
    "recovery_email_delete",
    "recovery_email_finish",
    "reset_begin",
    "reset_finish",
    "second_factor",
    "session_end",
    "session_end_others",
    "session_get",
    "session_list",
    "sign_in",
    "sign_up_begin",
    "sign_up_finish",
    "storefront_has_origin",
    "storefront_of_host",
    "storefront_shown",
    "terms_accept",
    "token_actor",
    "token_info",
    "token_issue",
    "token_refresh",
    "token_revoke",
];

fn code(result: Result<()>) -> Option<ErrorCode> {
    result.err().map(|error| error.code())
}

fn expected(cx: &Cx, action: Action, name: &str, got: Option<ErrorCode>) {
    let denied = !allows(&cx.actor.caller, action);
    let caller = cx.actor.name();
    assert_eq!(
        got == Some(ErrorCode::Forbidden),
        denied,
        "{name} by {caller}: {got:?}"
    );
    assert_ne!(got, Some(ErrorCode::Internal), "{name} by {caller}");
}

/// Every kind of caller: those of `world.tenant`, and the same of the other storefront's tenant.
async fn callers(world: &World) -> (Vec<Cx>, Vec<Cx>) {
    let (mut own, mut others) = (
        vec![world.platform.clone(), world.shop.clone()],
        vec![world.other_shop.clone()],
    );
    for role in [PlatformRole::Support, PlatformRole::Billing] {
        own.push(Cx::new(Actor::new(Caller::Platform(role))));
    }
    for role in Role::TENANT {
        own.push(world.member(&world.tenant, *role).await);
        others.push(world.member(&world.other_tenant, *role).await);
    }
    (own, others)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_anothers_does_not_exist() {
    let world = World::new().await;
    let own = owned(&world).await;
    let (_, others) = callers(&world).await;
    for cx in &others {
        for (name, action) in OWNED {
            let got = code(owned_call(&world, &own, cx, name).await);
            expected(cx, *action, name, got);
            if allows(&cx.actor.caller, *action) {
                assert_eq!(
                    got,
                    Some(ErrorCode::NotFound),
                    "{name} by {}",
                    cx.actor.name()
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ones_own_is_there_for_those_who_may() {
    let world = World::new().await;
    let own = owned(&world).await;
    let (callers, _) = callers(&world).await;
    for cx in &callers {
        for (name, action) in OWNED {
            let got = code(owned_call(&world, &own, cx, name).await);
            expected(cx, *action, name, got);
            assert_ne!(
                got,
                Some(ErrorCode::NotFound),
                "{name} by {}",
                cx.actor.name()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_common_is_for_those_who_may() {
    let world = World::new().await;
    let (own, others) = callers(&world).await;
    for cx in own.iter().chain(&others) {
        for (name, action) in COMMON {
            expected(cx, *action, name, code(common_call(&world, cx, name).await));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_has_no_clients_ways() {
    let world = World::new().await;
    let worker = Cx::worker("test");
    assert!(matches!(worker.actor.caller, Caller::Worker(_)));
    assert_eq!(
        world
            .store()
            .tenant_get(&worker, world.tenant.id)
            .await
            .unwrap(),
        world.tenant
    );
}

#[test]
fn every_function_is_listed() {
    let mut found = BTreeSet::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    let listed: BTreeSet<String> = (OWNED.iter().chain(COMMON).map(|(name, _)| *name))
        .chain(WITHOUT_POLICY.iter().copied())
        .map(str::to_owned)
        .collect();
    assert_eq!(found, listed, "call a new function here too");
}

/// The public functions of the nouns: written out, and by the macro `reads!`. The queue, the
/// fleet, the keys, the courier and the notices have tests of their own.
fn sources(folder: &Path, found: &mut BTreeSet<String>) {
    const OTHERS: [&str; 11] = [
        "courier",
        "notice",
        "keys.rs",
        "queue",
        "fleet",
        "connect.rs",
        "migrate.rs",
        "testing.rs",
        "reads.rs",
        "lib.rs",
        "cx.rs",
    ];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if OTHERS.contains(&path.file_name().unwrap().to_str().unwrap()) {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for part in text.split("pub async fn ").skip(1) {
            found.insert(part.split('(').next().unwrap().to_owned());
        }
        let Some((_, arguments)) = text.split_once("\nreads!(") else {
            continue;
        };
        let arguments = arguments.split_once(");").unwrap().0;
        let names = arguments
            .split(',')
            .map(str::trim)
            .filter(|word| word.ends_with("_get") || word.ends_with("_by_ids"));
        found.extend(names.map(str::to_owned));
    }
}
