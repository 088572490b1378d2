//! Every function that nouns offer, by every kind of caller: what the policy denies is FORBIDDEN,
//! and what is another's does not exist.

use std::{collections::BTreeSet, fs, path::Path};

use berth_model::{
    Caller, ClientCreate, ClientFor, Error, ErrorCode, GuestType, MachineEnroll, MachineUpdate,
    MemberCreate, NetworkCreate, NetworkRange, PageRequest, Result, Role,
    policy::{Action, allows},
};
use berth_store::{Cx, DeploymentFilter};
use chrono::TimeDelta;
use uuid::Uuid;

use crate::webhook_call::webhook_call;
use crate::world::{
    GIB, World, endpoint_input, image_input, plan_input, publish_input, tenant_input,
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
    ("member_by_ids", A::MemberRead),
    ("member_create", A::MemberWrite),
    ("member_delete", A::MemberWrite),
    ("member_get", A::MemberRead),
    ("member_list", A::MemberRead),
    ("member_update", A::MemberWrite),
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
const COMMON: &[(&str, Action)] = &[
    ("address_list", A::FleetRead),
    ("application_by_ids", A::CatalogueRead),
    ("application_get", A::CatalogueRead),
    ("application_list", A::CatalogueRead),
    ("application_publish", A::CatalogueWrite),
    ("application_version_by_ids", A::CatalogueRead),
    ("application_version_get", A::CatalogueRead),
    ("application_version_list", A::CatalogueRead),
    ("client_create", A::ClientWrite),
    ("client_delete", A::ClientWrite),
    ("client_secret_rotate", A::ClientWrite),
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
    ("plan_by_ids", A::CatalogueRead),
    ("plan_create", A::CatalogueWrite),
    ("plan_get", A::CatalogueRead),
    ("plan_list", A::CatalogueRead),
    ("rack_by_ids", A::FleetRead),
    ("rack_create", A::FleetWrite),
    ("rack_get", A::FleetRead),
    ("rack_list", A::FleetRead),
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
    ("storefront_by_ids", A::TenantRead),
    ("storefront_create", A::ClientWrite),
    ("storefront_get", A::TenantRead),
    ("storefront_list", A::TenantRead),
    ("tenant_create", A::TenantCreate),
    ("tenant_list", A::TenantRead),
    ("virtual_machine_list", A::FleetRead),
    ("webhook_endpoint_create", A::WebhookWrite),
    ("webhook_endpoint_list", A::WebhookRead),
];

/// Without an actor: the way to become one.
const WITHOUT_ACTOR: &[&str] = &[
    "account_own",
    "account_protection",
    "account_update",
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
    "storefront_of_host",
    "storefront_shown",
    "terms_accept",
    "token_actor",
    "token_info",
    "token_issue",
    "token_refresh",
    "token_revoke",
];

/// The ids of what `world.tenant` owns.
struct Owned {
    deployment: Uuid,
    vm: Uuid,
    volume: Uuid,
    address: Uuid,
    member: Uuid,
    account: Uuid,
    client: Uuid,
    audit_entry: Uuid,
    webhook_delivery: Uuid,
}

async fn owned(world: &World) -> Owned {
    let endpoint = world.endpoint(&world.shop, "*").await;
    world
        .text(&format!(
            "WITH d AS (INSERT INTO webhook_deliveries (id, tenant_id, storefront_id, owner_id,
                    endpoint_id, event_type, body, state, next_attempt_at, give_up_at, created_at)
                SELECT gen_random_uuid(), '{}', storefront_id, owner_id, id, 'tenant.created', '{{}}',
                       'PENDING', now(), now(), now()
                FROM webhook_endpoints WHERE id = '{}' RETURNING *)
             INSERT INTO webhook_attempts SELECT tenant_id, id, 1, now(), 5, 500, 'x' FROM d
             RETURNING 'done' AS line",
            world.tenant.id.0, endpoint.id.0
        ))
        .await;
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    let (deployment, _) = world
        .store()
        .deployment_create(&world.shop, order)
        .await
        .unwrap();
    world.member(&world.tenant, Role::Viewer).await;
    let tenant = world.tenant.id.0;
    world
        .text(&format!(
            "WITH n AS (INSERT INTO networks (id, site_id, name, created_at)
                        VALUES (gen_random_uuid(), '{}', 'n', now()) RETURNING id)
             INSERT INTO addresses (id, tenant_id, network_id, family, address, virtual_machine_id)
             SELECT gen_random_uuid(), '{tenant}', id, 4, '10.0.0.2', '{}' FROM n
             RETURNING 'done' AS line",
            world.site.id.0, deployment.virtual_machine_id.0
        ))
        .await;
    let first = async |column: &str, table: &str| -> Uuid {
        let query = format!(
            "SELECT {column}::text AS line FROM {table} WHERE tenant_id = '{tenant}' LIMIT 1"
        );
        world.text(&query).await.parse().unwrap()
    };
    Owned {
        deployment: deployment.id.0,
        vm: deployment.virtual_machine_id.0,
        volume: first("id", "volumes").await,
        address: first("id", "addresses").await,
        member: first("id", "members").await,
        account: first("account_id", "members").await,
        client: first("id", "clients").await,
        audit_entry: first("id", "audit_log").await,
        webhook_delivery: first("id", "webhook_deliveries").await,
    }
}

pub fn some<C: IntoIterator>(found: C) -> Result<()> {
    found
        .into_iter()
        .next()
        .map(drop)
        .ok_or_else(|| Error::not_found("thing"))
}

async fn owned_call(world: &World, own: &Owned, cx: &Cx, name: &str) -> Result<()> {
    let (store, page, tenant) = (world.store(), PageRequest::first(10), world.tenant.id);
    let (deployment, vm) = (own.deployment.into(), own.vm.into());
    match name {
        "account_by_ids" => some(store.account_by_ids(cx, &[own.account.into()]).await?),
        "account_get" => store.account_get(cx, own.account.into()).await.map(drop),
        "address_by_ids" => some(store.address_by_ids(cx, &[own.address.into()]).await?),
        "address_by_virtual_machine_ids" => {
            some(store.address_by_virtual_machine_ids(cx, &[vm]).await?)
        }
        "address_get" => store.address_get(cx, own.address.into()).await.map(drop),
        "audit_entry_by_ids" => some(
            store
                .audit_entry_by_ids(cx, &[own.audit_entry.into()])
                .await?,
        ),
        "audit_entry_get" => store
            .audit_entry_get(cx, own.audit_entry.into())
            .await
            .map(drop),
        "audit_entry_list" => some(store.audit_entry_list(cx, page, tenant).await?.items),
        "client_by_ids" => some(store.client_by_ids(cx, &[own.client.into()]).await?),
        "client_get" => store.client_get(cx, own.client.into()).await.map(drop),
        "client_list" => some(store.client_list(cx, page, Some(tenant)).await?.items),
        "member_by_ids" => some(store.member_by_ids(cx, &[own.member.into()]).await?),
        "member_create" => {
            let (name, email) = ("Dora".to_owned(), "dora@example.org".parse()?);
            let input = MemberCreate {
                tenant_id: tenant,
                name,
                email,
                role: Role::Viewer,
            };
            store.member_create(cx, input).await.map(drop)
        }
        // The last owner can't leave; that is told to nobody who may not do it at all.
        "member_delete" => match store.member_delete(cx, own.member.into()).await {
            Err(error) if error.code() == ErrorCode::WrongState => Ok(()),
            other => other.map(drop),
        },
        "member_get" => store.member_get(cx, own.member.into()).await.map(drop),
        "member_list" => some(store.member_list(cx, page, tenant).await?.items),
        "member_update" => store
            .member_update(cx, own.member.into(), Role::Owner)
            .await
            .map(drop),
        "tenant_by_ids" => some(store.tenant_by_ids(cx, &[tenant]).await?),
        "tenant_get" => store.tenant_get(cx, tenant).await.map(drop),
        "virtual_machine_by_ids" => some(store.virtual_machine_by_ids(cx, &[vm]).await?),
        "virtual_machine_get" => store.virtual_machine_get(cx, vm).await.map(drop),
        "volume_by_deployment_ids" => {
            some(store.volume_by_deployment_ids(cx, &[deployment]).await?)
        }
        "volume_by_ids" => some(store.volume_by_ids(cx, &[own.volume.into()]).await?),
        "volume_by_virtual_machine_ids" => {
            some(store.volume_by_virtual_machine_ids(cx, &[vm]).await?)
        }
        "volume_get" => store.volume_get(cx, own.volume.into()).await.map(drop),
        other if other.starts_with("webhook") => {
            webhook_call(world, own.webhook_delivery.into(), cx, other).await
        }
        other => deployment_call(world, own, cx, other).await,
    }
}

async fn deployment_call(world: &World, own: &Owned, cx: &Cx, name: &str) -> Result<()> {
    let (store, page, tenant) = (world.store(), PageRequest::first(10), world.tenant.id);
    let (deployment, vm) = (own.deployment.into(), own.vm.into());
    match name {
        "deployment_by_ids" => some(store.deployment_by_ids(cx, &[deployment]).await?),
        "deployment_by_virtual_machine_ids" => {
            some(store.deployment_by_virtual_machine_ids(cx, &[vm]).await?)
        }
        "deployment_create" => {
            let order = world.order(&world.tenant, &world.small, "new.example.org");
            store.deployment_create(cx, order).await.map(drop)
        }
        "deployment_delete" => store
            .deployment_delete(cx, deployment, None)
            .await
            .map(drop),
        "deployment_get" => store.deployment_get(cx, deployment).await.map(drop),
        "deployment_handover" => store.deployment_handover(cx, deployment).await.map(drop),
        "deployment_list" => {
            let filter = DeploymentFilter {
                tenant_id: Some(tenant),
                states: Vec::new(),
            };
            some(store.deployment_list(cx, page, &filter).await?.items)
        }
        "deployment_rebuild" => store.deployment_rebuild(cx, deployment).await.map(drop),
        "deployment_repair" => store.deployment_repair(cx, deployment).await.map(drop),
        "deployment_resize" => store
            .deployment_resize(cx, deployment, world.large.id)
            .await
            .map(drop),
        "deployment_restart" => store.deployment_restart(cx, deployment).await.map(drop),
        "deployment_restore" => store.deployment_restore(cx, deployment).await.map(drop),
        "deployment_start" => store.deployment_start(cx, deployment).await.map(drop),
        "deployment_stop" => store.deployment_stop(cx, deployment).await.map(drop),
        other => panic!("{other} is listed and not called"),
    }
}

/// On a client of its own, as one that is removed is gone.
async fn client_call(world: &World, cx: &Cx, name: &str) -> Result<()> {
    let store = world.store();
    let create = ClientCreate::new("script", ClientFor::Platform);
    let (made, _) = store.client_create(cx, create).await?;
    if name == "client_delete" {
        return store.client_delete(cx, made.id).await.map(drop);
    }
    let rotated = store.client_secret_rotate(cx, made.id, TimeDelta::zero());
    rotated.await.map(drop)
}

async fn common_call(world: &World, cx: &Cx, name: &str) -> Result<()> {
    let (store, page, none) = (world.store(), PageRequest::first(10), Uuid::from_u128(7));
    match name {
        "address_list" => store.address_list(cx, page, none.into()).await.map(drop),
        "application_by_ids" => store.application_by_ids(cx, &[]).await.map(drop),
        "application_get" => store
            .application_get(cx, world.version.application_id)
            .await
            .map(drop),
        "application_list" => store.application_list(cx, page).await.map(drop),
        "application_publish" => {
            let mut input = publish_input(&world.image);
            input.version = "2".to_owned();
            store.application_publish(cx, input).await.map(drop)
        }
        "application_version_by_ids" => store.application_version_by_ids(cx, &[]).await.map(drop),
        "application_version_get" => store
            .application_version_get(cx, world.version.id)
            .await
            .map(drop),
        "application_version_list" => {
            let application = world.version.application_id;
            store
                .application_version_list(cx, page, application)
                .await
                .map(drop)
        }
        "client_create" => store
            .client_create(cx, ClientCreate::new("script", ClientFor::Platform))
            .await
            .map(drop),
        "client_delete" | "client_secret_rotate" => client_call(world, cx, name).await,
        "image_by_ids" => store.image_by_ids(cx, &[]).await.map(drop),
        "image_create" => store
            .image_create(cx, image_input("tiny-2"))
            .await
            .map(drop),
        "image_get" => store.image_get(cx, world.image.id).await.map(drop),
        "image_list" => store.image_list(cx, page).await.map(drop),
        "plan_by_ids" => store.plan_by_ids(cx, &[]).await.map(drop),
        "plan_create" => {
            let input = plan_input("another", berth_model::Hosting::Own, 1);
            store.plan_create(cx, input).await.map(drop)
        }
        "plan_get" => store.plan_get(cx, world.small.id).await.map(drop),
        "plan_list" => store.plan_list(cx, page).await.map(drop),
        "site_by_ids" => store.site_by_ids(cx, &[]).await.map(drop),
        "site_create" => store.site_create(cx, "Bremen".to_owned()).await.map(drop),
        "site_get" => store.site_get(cx, world.site.id).await.map(drop),
        "site_list" => store.site_list(cx, page).await.map(drop),
        "storefront_by_ids" => store.storefront_by_ids(cx, &[]).await.map(drop),
        "storefront_create" => store
            .storefront_create(cx, "New shop".to_owned())
            .await
            .map(drop),
        "storefront_get" => store.storefront_get(cx, world.storefront).await.map(drop),
        "storefront_list" => store.storefront_list(cx, page).await.map(drop),
        "tenant_create" => store
            .tenant_create(cx, tenant_input("Emil", "e"))
            .await
            .map(drop),
        "tenant_list" => store.tenant_list(cx, page, None).await.map(drop),
        other => fleet_call(world, cx, other).await,
    }
}

async fn fleet_call(world: &World, cx: &Cx, name: &str) -> Result<()> {
    let (store, page, none) = (world.store(), PageRequest::first(10), Uuid::from_u128(7));
    match name {
        "machine_by_ids" => store.machine_by_ids(cx, &[]).await.map(drop),
        "machine_enroll" => store.machine_enroll(cx, enroll_input()).await.map(drop),
        "machine_get" => store.machine_get(cx, none.into()).await.map(drop),
        "machine_list" => store.machine_list(cx, page, &[]).await.map(drop),
        "machine_update" => {
            let input = MachineUpdate {
                machine_id: none.into(),
                state: None,
                vcpu_overcommit_percent: None,
                memory_reserve_bytes: None,
            };
            store.machine_update(cx, input).await.map(drop)
        }
        "network_by_ids" => store.network_by_ids(cx, &[]).await.map(drop),
        "network_by_machine_ids" => store.network_by_machine_ids(cx, &[]).await.map(drop),
        "network_create" => store
            .network_create(cx, network_input(world))
            .await
            .map(drop),
        "network_get" => store.network_get(cx, none.into()).await.map(drop),
        "network_list" => store.network_list(cx, page, None).await.map(drop),
        "rack_by_ids" => store.rack_by_ids(cx, &[]).await.map(drop),
        "rack_create" => store
            .rack_create(cx, world.site.id, "r".to_owned())
            .await
            .map(drop),
        "rack_get" => store.rack_get(cx, none.into()).await.map(drop),
        "rack_list" => store.rack_list(cx, page, None).await.map(drop),
        "reservation_by_ids" => store.reservation_by_ids(cx, &[]).await.map(drop),
        "reservation_by_virtual_machine_ids" => store
            .reservation_by_virtual_machine_ids(cx, &[])
            .await
            .map(drop),
        "reservation_get" => store.reservation_get(cx, none.into()).await.map(drop),
        "storage_pool_by_ids" => store.storage_pool_by_ids(cx, &[]).await.map(drop),
        "storage_pool_by_machine_ids" => store.storage_pool_by_machine_ids(cx, &[]).await.map(drop),
        "storage_pool_get" => store.storage_pool_get(cx, none.into()).await.map(drop),
        "virtual_machine_list" => store
            .virtual_machine_list(cx, page, none.into())
            .await
            .map(drop),
        "webhook_endpoint_create" => {
            let (made, _) = store
                .webhook_endpoint_create(cx, endpoint_input("*"))
                .await?;
            store.webhook_endpoint_delete(cx, made.id).await.map(drop)
        }
        "webhook_endpoint_list" => store.webhook_endpoint_list(cx, page).await.map(drop),
        other => panic!("{other} is listed and not called"),
    }
}

fn enroll_input() -> MachineEnroll {
    MachineEnroll {
        name: "m1".to_owned(),
        uri: "sim:m1".to_owned(),
        rack_id: Uuid::from_u128(7).into(),
        guest_type: GuestType::Qemu,
        storage_pool: "default".to_owned(),
        network_ids: vec![Uuid::from_u128(7).into()],
        vcpu_overcommit_percent: 400,
        memory_reserve_bytes: GIB,
    }
}

fn network_input(world: &World) -> NetworkCreate {
    let range = NetworkRange {
        cidr: "10.1.0.0/24".parse().unwrap(),
        gateway: None,
        first: "10.1.0.2".parse().unwrap(),
        last: "10.1.0.9".parse().unwrap(),
    };
    NetworkCreate {
        site_id: world.site.id,
        name: "n1".to_owned(),
        ipv4: Some(range),
        ipv6: None,
    }
}

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
    for role in Role::ALL {
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
        .chain(WITHOUT_ACTOR.iter().copied())
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
