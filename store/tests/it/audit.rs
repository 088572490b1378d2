//! The audit log: opened before, completed after, in the right tenant's log, and never changed.

use berth_model::{
    AuditEntry, AuditFilter, AuditResult, Deployment, ErrorCode, GlobalId, PageRequest, Role,
    TenantId,
};
use berth_store::{AuditLine, Cx};
use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;

use crate::{
    deployment::ordered,
    world::{World, connect, lines, tenant_input},
};

async fn open(world: &World, cx: &Cx, action: &str, about: Option<GlobalId>) -> (Cx, AuditLine) {
    let opened = world.store().audit_open(cx, action, about).await;
    let line = opened.unwrap();
    let cx = Cx {
        audit: Some(line.clone()),
        ..cx.clone()
    };
    (cx, line)
}

/// A tenant's lines of one action, as the provider sees them.
async fn log(world: &World, tenant: TenantId, action: &str) -> Vec<AuditEntry> {
    let filter = AuditFilter {
        action: Some(action.to_owned()),
        ..AuditFilter::default()
    };
    let page = PageRequest::first(100);
    let found = world
        .store()
        .audit_entry_list(&world.platform, page, tenant, &filter)
        .await;
    found.unwrap().items
}

fn about(deployment: &Deployment) -> Option<GlobalId> {
    Some(GlobalId::of(deployment.id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_there_before_the_effect_and_completed_with_it() {
    let world = World::new().await;
    let deployment = ordered(&world, "a.example.org").await;
    let caller = Cx {
        remote: Some("192.0.2.7".parse().unwrap()),
        user_agent: Some("shop/1".to_owned()),
        request_id: Some("r1".to_owned()),
        ..world.shop.clone()
    };
    let (cx, line) = open(&world, &caller, "deploymentStop", about(&deployment)).await;
    let [opened] = &log(&world, world.tenant.id, "deploymentStop").await[..] else {
        panic!("not one line");
    };
    assert_eq!(
        (opened.result, opened.completed_at),
        (AuditResult::Unknown, None)
    );
    assert_eq!(opened.remote, caller.remote);
    assert_eq!(opened.user_agent, caller.user_agent);
    assert_eq!(opened.request_id, caller.request_id);
    assert_eq!(opened.subject, Some(deployment.id.to_string()));
    world.database.clock.advance(TimeDelta::seconds(1));
    let store = world.store();
    store.deployment_stop(&cx, deployment.id).await.unwrap();
    // What is said later changes nothing any more.
    for late in [None, Some(ErrorCode::Internal)] {
        store.audit_complete(&caller, &line, late).await.unwrap();
    }
    let [done] = &log(&world, world.tenant.id, "deploymentStop").await[..] else {
        panic!("not one line");
    };
    assert_eq!((done.result, done.error_code), (AuditResult::Ok, None));
    assert_eq!(done.opened_at, opened.opened_at);
    assert_eq!(
        done.completed_at,
        Some(opened.opened_at + TimeDelta::seconds(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_takes_the_effect_back_and_is_completed_as_one() {
    let world = World::new().await;
    let deployment = ordered(&world, "a.example.org").await;
    let (cx, line) = open(&world, &world.shop, "deploymentRestore", about(&deployment)).await;
    let store = world.store();
    let refused = store.deployment_restore(&cx, deployment.id).await;
    let code = refused.unwrap_err().code();
    store.audit_complete(&cx, &line, Some(code)).await.unwrap();
    let [entry] = &log(&world, world.tenant.id, "deploymentRestore").await[..] else {
        panic!("not one line");
    };
    assert_eq!(entry.result, AuditResult::Refused);
    assert_eq!(entry.error_code, Some(ErrorCode::WrongState));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_commit_is_in_doubt_a_completion_waits_for_it() {
    let world = World::new().await;
    for (end, result) in [
        ("COMMIT", AuditResult::Ok),
        ("ROLLBACK", AuditResult::Refused),
    ] {
        let (cx, line) = open(
            &world,
            &world.shop,
            end,
            Some(GlobalId::of(world.tenant.id)),
        )
        .await;
        // The transaction of the effect, whose end the caller was not told.
        let mut effect = connect(&world.database.owner_url).await;
        let outcome = format!(
            "BEGIN; INSERT INTO audit_outcomes (entry_id, tenant_id, at)
             SELECT id, tenant_id, now() FROM audit_log WHERE action = '{end}'"
        );
        effect.batch_execute(&outcome).await.unwrap();
        let store = world.store().clone();
        let completion = tokio::spawn(async move {
            let code = Some(ErrorCode::Internal);
            store.audit_complete(&cx, &line, code).await
        });
        effect.batch_execute(end).await.unwrap();
        completion.await.unwrap().unwrap();
        let [entry] = &log(&world, world.tenant.id, end).await[..] else {
            panic!("not one line");
        };
        assert_eq!(entry.result, result, "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_whose_the_thing_is_that_the_caller_can_see() {
    let world = World::new().await;
    let deployment = ordered(&world, "a.example.org").await;
    let viewer = world.member(&world.tenant, Role::Viewer).await;
    let stranger = world.member(&world.other_tenant, Role::Owner).await;
    let (own, other) = (world.tenant.id, world.other_tenant.id);
    for (cx, name, owner) in [
        (&world.platform, "byProvider", own),
        (&world.shop, "byShop", own),
        (&viewer, "byViewer", own),
        (&stranger, "byStranger", other),
        (&world.other_shop, "byOtherShop", TenantId::PLATFORM),
    ] {
        open(&world, cx, name, about(&deployment)).await;
        for tenant in [own, other, TenantId::PLATFORM] {
            let found = log(&world, tenant, name).await.len();
            assert_eq!(found, usize::from(tenant == owner), "{name} in {tenant}");
        }
    }
    // A storefront adds to the provider's log and reads none of it.
    let filter = AuditFilter::default();
    let read = world
        .store()
        .audit_entry_list(
            &world.shop,
            PageRequest::first(9),
            TenantId::PLATFORM,
            &filter,
        )
        .await;
    assert!(read.unwrap().items.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_tenant_reads_how_it_was_made_and_the_provider_reads_it_once() {
    let world = World::new().await;
    let (cx, _) = open(&world, &world.shop, "tenantCreate", None).await;
    let store = world.store();
    let made = store
        .tenant_create(&cx, tenant_input("Dora", "d-1"))
        .await
        .unwrap();
    let owner = world.member(&made, Role::Owner).await;
    let (page, filter) = (PageRequest::first(100), AuditFilter::default());
    let own = store
        .audit_entry_list(&owner, page, made.id, &filter)
        .await
        .unwrap()
        .items;
    let created = |entries: &[AuditEntry]| -> Vec<AuditResult> {
        let about = |entry: &&AuditEntry| entry.subject == Some(made.id.to_string());
        let of = |entry: &&AuditEntry| entry.action == "tenantCreate";
        let found = entries.iter().filter(of).filter(about);
        found.map(|entry| entry.result).collect()
    };
    assert_eq!(created(&own), [AuditResult::Ok]);
    let all = store
        .audit_entry_list_all(&world.platform, page, &filter)
        .await;
    assert_eq!(created(&all.unwrap().items), [AuditResult::Ok]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_narrowed_by_what_who_and_when() {
    let world = World::new().await;
    let tenant = Some(GlobalId::of(world.tenant.id));
    let command_line = Cx::command_line("anna");
    let start = berth_model::Clock::now(world.database.clock.as_ref());
    for (cx, action) in [
        (&world.shop, "a"),
        (&command_line, "a"),
        (&world.shop, "b"),
        (&command_line, "b"),
    ] {
        world.database.clock.advance(TimeDelta::days(2));
        open(&world, cx, action, tenant).await;
    }
    let day = |days: i64| Some(start + TimeDelta::days(days));
    let none = AuditFilter::default;
    let cases = [
        (
            AuditFilter {
                since: day(1),
                ..none()
            },
            "a a b b",
        ),
        (
            AuditFilter {
                action: Some("b".to_owned()),
                ..none()
            },
            "b b",
        ),
        (
            AuditFilter {
                actor: Some("cli/anna".to_owned()),
                ..none()
            },
            "a b",
        ),
        (
            AuditFilter {
                since: day(4),
                ..none()
            },
            "a b b",
        ),
        (
            AuditFilter {
                since: day(2),
                until: day(6),
                ..none()
            },
            "a a",
        ),
        (
            AuditFilter {
                since: day(9),
                ..none()
            },
            "",
        ),
    ];
    for (filter, wanted) in cases {
        for found in narrowed(&world, &filter).await {
            assert_eq!(found, wanted, "{filter:?}");
        }
    }
}

/// The actions of one letter that a filter leaves: of the tenant's log, and of the provider's.
async fn narrowed(world: &World, filter: &AuditFilter) -> [String; 2] {
    let (store, page) = (world.store(), PageRequest::first(100));
    let own = store.audit_entry_list(&world.shop, page, world.tenant.id, filter);
    let all = store.audit_entry_list_all(&world.platform, page, filter);
    [own.await, all.await].map(|found| {
        let actions = found.unwrap().items.into_iter().map(|entry| entry.action);
        let actions: Vec<String> = actions.filter(|action| action.len() == 1).collect();
        actions.join(" ")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_may_change_or_remove_a_line_or_an_outcome() {
    let world = World::new().await;
    let rights = "
        SELECT rolname || ' ' || c AS line FROM pg_roles
        CROSS JOIN unnest(ARRAY['audit_log', 'audit_outcomes']) c
        WHERE rolname IN ('berth_app', 'berth_auth', 'berth_platform', 'berth_storefront',
                          'berth_tenant', 'berth_worker')
          AND (has_table_privilege(oid, c, 'UPDATE, DELETE, TRUNCATE')
               OR has_any_column_privilege(oid, c, 'UPDATE'))";
    let found = lines(&mut connect(&world.database.owner_url).await, rights).await;
    assert_eq!(found, Vec::<String>::new());
}
