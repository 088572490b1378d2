//! Support grants: the provider's people act for a tenant only by one, and the tenant sees it.

use berth_model::{
    AuditFilter, Caller, ErrorCode, NoticeBody, PageRequest, PlatformRole, Role, SupportGrant,
    SupportGrantCreate, TenantId,
};
use berth_store::Cx;
use chrono::TimeDelta;

use crate::world::{World, staff, with_key};

fn input(tenant_id: TenantId) -> SupportGrantCreate {
    SupportGrantCreate {
        tenant_id,
        role: Role::Support,
        reason: "Ticket 7: it doesn't start".to_owned(),
        minutes: 60,
    }
}

async fn opened(world: &World, cx: &Cx) -> (SupportGrant, String) {
    let made = world
        .store()
        .support_grant_create(cx, input(world.tenant.id))
        .await;
    let (grant, token) = made.unwrap();
    (grant, token.unwrap().token)
}

#[tokio::test(flavor = "multi_thread")]
async fn support_acts_for_one_tenant_for_a_while_and_is_seen() {
    let world = World::new().await;
    let store = world.store();
    let cx = with_key(&staff(&world, Role::PlatformSupport).await, "once");
    let (grant, token) = opened(&world, &cx).await;
    let replay = store
        .support_grant_create(&cx, input(world.tenant.id))
        .await;
    assert_eq!(replay.unwrap(), (grant.clone(), None));
    let actor = store.token_actor(&token).await.unwrap();
    assert_eq!(actor.caller, Caller::Tenant(world.tenant.id, Role::Support));
    assert_eq!(actor.account_id, cx.actor.account_id);
    let acting = Cx::new(actor);
    assert_eq!(
        store.tenant_get(&acting, world.tenant.id).await.unwrap(),
        world.tenant
    );
    let other = store
        .tenant_get(&acting, world.other_tenant.id)
        .await
        .unwrap_err();
    assert_eq!(other.code(), ErrorCode::NotFound);
    let order = world.order(&world.tenant, &world.small, "new.example.org");
    let order = store.deployment_create(&acting, order).await.unwrap_err();
    assert_eq!(order.code(), ErrorCode::Forbidden);
    // The tenant sees who was there and why, in its list, its log and a mail.
    let owner = world.member(&world.tenant, Role::Owner).await;
    let page = PageRequest::first(10);
    let seen = store
        .support_grant_list(&owner, page, world.tenant.id)
        .await
        .unwrap();
    assert_eq!(seen.items.as_slice(), std::slice::from_ref(&grant));
    assert_eq!(grant.staff_name, "platform_support");
    let filter = AuditFilter {
        action: Some("supportGrantCreate".to_owned()),
        ..AuditFilter::default()
    };
    let log = store
        .audit_entry_list(&owner, page, world.tenant.id, &filter)
        .await
        .unwrap();
    assert_eq!(log.items.len(), 1);
    let told = world.told().await;
    let body = &told[0].body;
    assert!(
        matches!(body, NoticeBody::SupportGrantOpened { until, .. } if *until == grant.expires_at)
    );
    world
        .database
        .clock
        .advance(grant.expires_at - grant.created_at);
    let late = store.token_actor(&token).await.unwrap_err();
    assert_eq!(late.code(), ErrorCode::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_support_does_is_in_the_tenants_log_under_its_grant() {
    let world = World::new().await;
    let store = world.store();
    let cx = staff(&world, Role::PlatformSupport).await;
    let (grant, token) = opened(&world, &cx).await;
    let acting = Cx::new(store.token_actor(&token).await.unwrap());
    let line = store
        .audit_open(&acting, "deploymentRestart", None)
        .await
        .unwrap();
    store.audit_complete(&acting, &line, None).await.unwrap();
    let owner = world.member(&world.tenant, Role::Owner).await;
    let filter = AuditFilter {
        action: Some("deploymentRestart".to_owned()),
        ..AuditFilter::default()
    };
    let page = PageRequest::first(10);
    let log = store
        .audit_entry_list(&owner, page, world.tenant.id, &filter)
        .await
        .unwrap();
    assert!(!log.items.is_empty());
    for entry in log.items {
        assert!(
            entry.actor.contains(&grant.id.to_string()),
            "{}",
            entry.actor
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_ends_a_grant_at_once() {
    let world = World::new().await;
    let store = world.store();
    let cx = staff(&world, Role::PlatformSupport).await;
    let (grant, token) = opened(&world, &cx).await;
    let other = world.member(&world.other_tenant, Role::Owner).await;
    let hidden = store.support_grant_end(&other, grant.id).await.unwrap_err();
    assert_eq!(hidden.code(), ErrorCode::NotFound);
    let owner = world.member(&world.tenant, Role::Owner).await;
    let ended = store.support_grant_end(&owner, grant.id).await.unwrap();
    assert_eq!(ended.ended_at, Some(world.store_now()));
    let gone = store.token_actor(&token).await.unwrap_err();
    assert_eq!(gone.code(), ErrorCode::Unauthenticated);
    world.database.clock.advance(TimeDelta::minutes(1));
    assert_eq!(
        store.support_grant_end(&owner, grant.id).await.unwrap(),
        ended
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_longer_of_the_provider_acts_for_nobody() {
    let world = World::new().await;
    let store = world.store();
    let cx = staff(&world, Role::PlatformSupport).await;
    let (_, token) = opened(&world, &cx).await;
    let page = PageRequest::first(10);
    let staff = store
        .member_list(&world.platform, page, TenantId::PLATFORM)
        .await
        .unwrap();
    let changed = store.member_update(&world.platform, staff.items[0].id, Role::PlatformBilling);
    changed.await.unwrap();
    let gone = store.token_actor(&token).await.unwrap_err();
    assert_eq!(gone.code(), ErrorCode::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_tenants_and_too_much_are_refused() {
    let world = World::new().await;
    let store = world.store();
    let cx = staff(&world, Role::PlatformSupport).await;
    let program = {
        let mut cx = cx.clone();
        cx.actor.account_id = None;
        cx
    };
    let mut billing = cx.clone();
    billing.actor.caller = Caller::Platform(PlatformRole::Billing);
    let owner = world.member(&world.tenant, Role::Owner).await;
    for cx in [&program, &billing, &owner, &world.shop] {
        let refused = store.support_grant_create(cx, input(world.tenant.id)).await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
    }
    let tenant = world.tenant.id;
    let wrong = [
        SupportGrantCreate {
            role: Role::Owner,
            ..input(tenant)
        },
        SupportGrantCreate {
            role: Role::Admin,
            ..input(tenant)
        },
        SupportGrantCreate {
            role: Role::PlatformAdmin,
            ..input(tenant)
        },
        SupportGrantCreate {
            minutes: 0,
            ..input(tenant)
        },
        SupportGrantCreate {
            minutes: 481,
            ..input(tenant)
        },
        SupportGrantCreate {
            reason: " ".to_owned(),
            ..input(tenant)
        },
    ];
    for input in wrong {
        let refused = store.support_grant_create(&cx, input).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidInput);
    }
    let platform = store
        .support_grant_create(&cx, input(TenantId::PLATFORM))
        .await;
    assert_eq!(platform.unwrap_err().code(), ErrorCode::NotFound);
}
