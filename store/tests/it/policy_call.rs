//! The calls of `policy.rs`: each function that nouns offer, with arguments that are good.

use berth_model::{
    AuditFilter, ClientCreate, ClientFor, Error, ErrorCode, FleetMoveAsked, FleetRebalanceApply,
    GuestType, MachineEnroll, MachineUpdate, MemberCreate, NetworkCreate, NetworkRange,
    OffersChanges, PageRequest, Result, Role, StorefrontChanges,
};
use berth_store::{Cx, DeploymentFilter};
use chrono::TimeDelta;
use uuid::Uuid;

use crate::{
    identity_call::{identity_call, provider_input},
    people_call,
    webhook_call::webhook_call,
    world::{GIB, World, endpoint_input, image_input, plan_input, publish_input, tenant_input},
};

/// The ids of what `world.tenant` owns.
pub struct Owned {
    deployment: Uuid,
    vm: Uuid,
    volume: Uuid,
    address: Uuid,
    member: Uuid,
    account: Uuid,
    client: Uuid,
    audit_entry: Uuid,
    webhook_delivery: Uuid,
    invitation: Uuid,
    support_grant: Uuid,
}

pub async fn owned(world: &World) -> Owned {
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
    let (invitation, support_grant) = people_call::owned(world).await;
    Owned {
        invitation,
        support_grant,
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

pub async fn owned_call(world: &World, own: &Owned, cx: &Cx, name: &str) -> Result<()> {
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
        other if other.starts_with("invitation") => {
            people_call::invitation_call(world, own.invitation.into(), cx, other).await
        }
        other if other.starts_with("support_grant") => {
            people_call::support_grant_call(world, own.support_grant.into(), cx, other).await
        }
        other if other.starts_with("audit") => audit_call(world, own, cx, other).await,
        other if other.starts_with("identity") => identity_call(world, cx, other).await,
        other if other.starts_with("webhook") => {
            webhook_call(world, own.webhook_delivery.into(), cx, other).await
        }
        other => deployment_call(world, own, cx, other).await,
    }
}

async fn audit_call(world: &World, own: &Owned, cx: &Cx, name: &str) -> Result<()> {
    let (store, page, tenant) = (world.store(), PageRequest::first(10), world.tenant.id);
    let (id, filter) = (own.audit_entry.into(), AuditFilter::default());
    match name {
        "audit_entry_by_ids" => some(store.audit_entry_by_ids(cx, &[id]).await?),
        "audit_entry_get" => store.audit_entry_get(cx, id).await.map(drop),
        "audit_entry_list" => some(
            store
                .audit_entry_list(cx, page, tenant, &filter)
                .await?
                .items,
        ),
        other => panic!("{other} is listed and not called"),
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
                ..Default::default()
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
    let create = ClientCreate::new("script", ClientFor::PROVIDER);
    let (made, _) = store.client_create(cx, create).await?;
    if name == "client_delete" {
        return store.client_delete(cx, made.id).await.map(drop);
    }
    let rotated = store.client_secret_rotate(cx, made.id, TimeDelta::zero());
    rotated.await.map(drop)
}

pub async fn common_call(world: &World, cx: &Cx, name: &str) -> Result<()> {
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
            .client_create(cx, ClientCreate::new("script", ClientFor::PROVIDER))
            .await
            .map(drop),
        "client_delete" | "client_secret_rotate" => client_call(world, cx, name).await,
        "identity_provider_create" => {
            let issuer = format!("https://{}.example.org", world.database.ids.uuid().simple());
            let input = provider_input(&issuer);
            let made = store.identity_provider_create(cx, input).await?;
            store.identity_provider_delete(cx, made.id).await.map(drop)
        }
        "image_by_ids" => store.image_by_ids(cx, &[]).await.map(drop),
        "image_create" => store
            .image_create(cx, image_input("tiny-2"))
            .await
            .map(drop),
        "image_get" => store.image_get(cx, world.image.id).await.map(drop),
        "image_list" => store.image_list(cx, page).await.map(drop),
        "offers_by_storefront_ids" => store.offers_by_storefront_ids(cx, &[]).await.map(drop),
        "plan_by_ids" => store.plan_by_ids(cx, &[]).await.map(drop),
        "plan_create" => {
            let input = plan_input("another", berth_model::Hosting::Own, 1);
            store.plan_create(cx, input).await.map(drop)
        }
        "plan_get" => store.plan_get(cx, world.small.id).await.map(drop),
        "plan_list" => store.plan_list(cx, page).await.map(drop),
        "reseller_by_storefront_ids" => storefront_call(world, cx, name).await,
        "support_grant_create" => people_call::support_grant_create(world, cx).await,
        "site_by_ids" => store.site_by_ids(cx, &[]).await.map(drop),
        "site_create" => store.site_create(cx, "Bremen".to_owned()).await.map(drop),
        "site_get" => store.site_get(cx, world.site.id).await.map(drop),
        "site_list" => store.site_list(cx, page).await.map(drop),
        other if other.starts_with("storefront") => storefront_call(world, cx, other).await,
        "tenant_create" => store
            .tenant_create(cx, tenant_input("Emil", "e"))
            .await
            .map(drop),
        "tenant_list" => store.tenant_list(cx, page, None).await.map(drop),
        other => fleet_call(world, cx, other).await,
    }
}

async fn storefront_call(world: &World, cx: &Cx, name: &str) -> Result<()> {
    let (store, page) = (world.store(), PageRequest::first(10));
    match name {
        "reseller_by_storefront_ids" => {
            let ids = [world.storefront];
            store.reseller_by_storefront_ids(cx, &ids).await.map(drop)
        }
        "storefront_by_ids" => store.storefront_by_ids(cx, &[]).await.map(drop),
        "storefront_create" => store
            .storefront_create(cx, "New shop".to_owned())
            .await
            .map(drop),
        "storefront_get" => store.storefront_get(cx, world.storefront).await.map(drop),
        "storefront_list" => store.storefront_list(cx, page).await.map(drop),
        "storefront_locale" => store.storefront_locale(cx).await.map(drop),
        "storefront_offers_set" => {
            let set = store.storefront_offers_set(cx, world.storefront, OffersChanges::default());
            set.await.map(drop)
        }
        "storefront_public_token_rotate" => {
            let keep = TimeDelta::zero();
            let rotated = store.storefront_public_token_rotate(cx, world.storefront, keep);
            rotated.await.map(drop)
        }
        "storefront_update" => {
            let changes = StorefrontChanges::default();
            let updated = store.storefront_update(cx, world.storefront, changes);
            updated.await.map(drop)
        }
        other => panic!("{other} is listed and not called"),
    }
}

async fn fleet_call(world: &World, cx: &Cx, name: &str) -> Result<()> {
    let (store, page, none) = (world.store(), PageRequest::first(10), Uuid::from_u128(7));
    match name {
        "audit_entry_list_all" => {
            let filter = AuditFilter::default();
            store
                .audit_entry_list_all(cx, page, &filter)
                .await
                .map(drop)
        }
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
        other => placement_call(world, cx, other).await,
    }
}

async fn placement_call(world: &World, cx: &Cx, name: &str) -> Result<()> {
    let (store, none) = (world.store(), Uuid::from_u128(7));
    match name {
        "fleet_demand" => store.fleet_demand(cx, world.site.id).await.map(drop),
        "fleet_facts" => store.fleet_facts(cx, world.site.id, None).await.map(drop),
        "fleet_move_by_operation_ids" => store.fleet_move_by_operation_ids(cx, &[]).await.map(drop),
        "fleet_rebalance_apply" => {
            let moved = FleetMoveAsked {
                virtual_machine_id: none.into(),
                from_machine_id: none.into(),
                to_machine_id: Uuid::from_u128(8).into(),
            };
            let apply = FleetRebalanceApply {
                site_id: world.site.id,
                waves: vec![vec![moved]],
            };
            store.fleet_rebalance_apply(cx, apply).await.map(drop)
        }
        "placement_policy" => store.placement_policy(cx).await.map(drop),
        "placement_policy_set" => {
            let wanted = berth_model::PlacementPolicy::default();
            store.placement_policy_set(cx, wanted).await.map(drop)
        }
        "placement_question" => {
            let asked = berth_store::PlacementQuestion {
                plan_id: none.into(),
                tenant_id: None,
                application_version_id: None,
            };
            store.placement_question(cx, &asked).await.map(drop)
        }
        "placement_sites_too_small" => store.placement_sites_too_small(cx).await.map(drop),
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
