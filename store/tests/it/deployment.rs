//! What can be ordered and changed, and what is refused with which words.

use berth_model::{
    Deployment, DesiredState, Error, ErrorCode, Hosting, OperationKind, OperationState,
    OptionValue, PageRequest, Role, SiteId,
};
use chrono::TimeDelta;
use uuid::Uuid;

use crate::world::{GIB, World, image_input, plan_input, publish_input};

fn told(error: &Error) -> (ErrorCode, Option<&str>) {
    (error.code(), error.field())
}

async fn ordered(world: &World, domain_name: &str) -> Deployment {
    let order = world.order(&world.tenant, &world.small, domain_name);
    world
        .store()
        .deployment_create(&world.shop, order)
        .await
        .unwrap()
        .0
}

/// Puts a deployment into a desired state, as the owner of the schema.
async fn put(world: &World, deployment: &Deployment, desired: DesiredState) {
    let until = if desired == DesiredState::Deleted {
        "'2026-02-01'"
    } else {
        "NULL"
    };
    world
        .text(&format!(
            "UPDATE deployments SET desired_state = '{desired}', retain_until = {until}
             WHERE id = '{}' RETURNING 'done' AS line",
            deployment.id.0
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_plans_everything_it_needs() {
    let world = World::new().await;
    let store = world.store();
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    let (deployment, operation) = store.deployment_create(&world.shop, order).await.unwrap();
    assert_eq!(
        deployment.options["open"],
        OptionValue::Boolean(false),
        "defaults are filled in"
    );
    assert_eq!(operation.kind, OperationKind::DeploymentCreate);
    assert_eq!(operation.deployment_id, Some(deployment.id));
    let vm = deployment.virtual_machine_id;
    let vms = store
        .virtual_machine_by_ids(&world.shop, &[vm])
        .await
        .unwrap();
    assert!(vms[&vm].mac.starts_with("52:54:00:"));
    assert_eq!(
        (vms[&vm].site_id, vms[&vm].hosting),
        (world.site.id, Hosting::Own)
    );
    let volumes = store
        .volume_by_virtual_machine_ids(&world.shop, &[vm])
        .await
        .unwrap();
    let mut sizes: Vec<_> = volumes[&vm]
        .iter()
        .map(|v| (v.kind.as_str(), v.size_bytes))
        .collect();
    sizes.sort();
    assert_eq!(
        sizes,
        [
            ("DATA", world.small.data_bytes),
            ("SYSTEM", world.image.virtual_bytes)
        ]
    );
    let data = store
        .volume_by_deployment_ids(&world.shop, &[deployment.id])
        .await
        .unwrap();
    assert_eq!(data[&deployment.id].kind.as_str(), "DATA");
    let handover = store
        .deployment_handover(&world.shop, deployment.id)
        .await
        .unwrap();
    assert_eq!(
        (
            handover.username.as_str(),
            handover.initial_password.unwrap().len()
        ),
        ("anna", 24)
    );
    let log = store
        .audit_entry_list(&world.shop, PageRequest::first(200), world.tenant.id)
        .await;
    let mut actions: Vec<_> = log
        .unwrap()
        .items
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    actions.sort();
    assert_eq!(
        actions,
        ["deploymentCreate", "deploymentHandover", "tenantCreate"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_argument_of_an_order_is_named() {
    let world = World::new().await;
    let store = world.store();
    let image = store
        .image_create(&world.platform, image_input("tiny-2"))
        .await
        .unwrap();
    let mut publish = publish_input(&image);
    (publish.slug, publish.shareable, publish.memory_bytes) = ("alone".to_owned(), false, 2 * GIB);
    let (_, alone) = store
        .application_publish(&world.platform, publish)
        .await
        .unwrap();
    let nothing = Uuid::from_u128(7);
    type Edit<'a> = (
        &'a str,
        ErrorCode,
        &'a dyn Fn(&mut berth_model::DeploymentCreate),
    );
    let cases: &[Edit<'_>] = &[
        ("tenantId", ErrorCode::NotFound, &|o| {
            o.tenant_id = world.other_tenant.id
        }),
        ("tenantId", ErrorCode::NotFound, &|o| {
            o.tenant_id = nothing.into()
        }),
        ("applicationVersionId", ErrorCode::NotFound, &|o| {
            o.application_version_id = nothing.into()
        }),
        ("planId", ErrorCode::NotFound, &|o| {
            o.plan_id = nothing.into()
        }),
        ("planId", ErrorCode::InvalidInput, &|o| {
            o.application_version_id = alone.id
        }),
        ("planId", ErrorCode::InvalidInput, &|o| {
            (o.application_version_id, o.plan_id) = (alone.id, world.shared.id);
        }),
        ("siteId", ErrorCode::NotFound, &|o| {
            o.site_id = Some(SiteId(nothing))
        }),
        ("name", ErrorCode::InvalidInput, &|o| {
            o.name = " ".to_owned()
        }),
        ("name", ErrorCode::InvalidInput, &|o| {
            o.name = "a\nb".to_owned()
        }),
        ("externalId", ErrorCode::InvalidInput, &|o| {
            o.external_id = Some("x".repeat(201))
        }),
        ("administratorUsername", ErrorCode::InvalidInput, &|o| {
            o.administrator_username = "Anna".to_owned();
        }),
    ];
    for (field, code, edit) in cases {
        let mut order = world.order(&world.tenant, &world.small, "a.example.org");
        edit(&mut order);
        let error = store
            .deployment_create(&world.shop, order)
            .await
            .unwrap_err();
        assert_eq!(told(&error), (*code, Some(*field)), "{error}");
    }
    assert_eq!(
        world
            .text("SELECT count(*)::text AS line FROM virtual_machines")
            .await,
        "0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_option_of_an_order_is_named() {
    let world = World::new().await;
    for (name, value) in [
        ("open", OptionValue::Integer(1)),
        ("unknown", OptionValue::Boolean(true)),
    ] {
        let mut order = world.order(&world.tenant, &world.small, "a.example.org");
        order.options.insert(name.to_owned(), value);
        let error = world
            .store()
            .deployment_create(&world.shop, order)
            .await
            .unwrap_err();
        assert_eq!(told(&error), (ErrorCode::InvalidInput, Some("options")));
        assert!(error.message().contains(name), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_name_is_taken_once_whoever_has_it() {
    let world = World::new().await;
    let store = world.store();
    let taken = ordered(&world, "a.example.org").await;
    let own = world.order(&world.tenant, &world.small, "A.Example.org");
    let own = store.deployment_create(&world.shop, own).await.unwrap_err();
    let foreign = world.order(&world.other_tenant, &world.small, "a.example.org");
    let foreign = store
        .deployment_create(&world.other_shop, foreign)
        .await
        .unwrap_err();
    assert_eq!(told(&own), (ErrorCode::AlreadyExists, Some("domainName")));
    assert_eq!(
        (told(&own), own.message()),
        (told(&foreign), foreign.message())
    );
    // Kept while the data is, free when nothing is left.
    put(&world, &taken, DesiredState::Deleted).await;
    let order = || world.order(&world.other_tenant, &world.small, "a.example.org");
    assert!(
        store
            .deployment_create(&world.other_shop, order())
            .await
            .is_err()
    );
    put(&world, &taken, DesiredState::Purged).await;
    store
        .deployment_create(&world.other_shop, order())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_deployments_of_a_tenant_live_together() {
    let world = World::new().await;
    let store = world.store();
    let order = |name: &str| world.order(&world.tenant, &world.shared, name);
    let (first, _) = store
        .deployment_create(&world.shop, order("a.example.org"))
        .await
        .unwrap();
    let (second, _) = store
        .deployment_create(&world.shop, order("b.example.org"))
        .await
        .unwrap();
    assert_eq!(first.virtual_machine_id, second.virtual_machine_id);
    let own = ordered(&world, "c.example.org").await;
    assert_ne!(own.virtual_machine_id, first.virtual_machine_id);
    let other = world.order(&world.other_tenant, &world.shared, "d.example.org");
    let (other, _) = store
        .deployment_create(&world.other_shop, other)
        .await
        .unwrap();
    assert_ne!(other.virtual_machine_id, first.virtual_machine_id);
    let there = store
        .deployment_by_virtual_machine_ids(&world.shop, &[first.virtual_machine_id])
        .await;
    assert_eq!(there.unwrap()[&first.virtual_machine_id].len(), 2);
    // In one whose deployments are all deleted nobody moves in: it is about to go.
    for deployment in [&first, &second] {
        store
            .deployment_delete(&world.shop, deployment.id, None)
            .await
            .unwrap();
    }
    let (later, _) = store
        .deployment_create(&world.shop, order("e.example.org"))
        .await
        .unwrap();
    assert_ne!(later.virtual_machine_id, first.virtual_machine_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_orders_at_once_make_one_virtual_machine() {
    let world = World::new().await;
    let store = world.store();
    let names: Vec<String> = (0..8)
        .map(|number| format!("s{number}.example.org"))
        .collect();
    let orders = names.iter().map(|name| {
        store.deployment_create(&world.shop, world.order(&world.tenant, &world.shared, name))
    });
    futures::future::try_join_all(orders).await.unwrap();
    assert_eq!(
        world
            .text("SELECT count(*)::text AS line FROM virtual_machines")
            .await,
        "1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_done_in_which_state() {
    let world = World::new().await;
    let store = world.store();
    let mut table = String::new();
    for desired in DesiredState::ALL {
        for change in [
            "stop", "start", "restart", "resize", "delete", "restore", "repair", "rebuild",
        ] {
            let deployment = ordered(
                &world,
                &format!("{change}-{desired}.example.org").to_lowercase(),
            )
            .await;
            put(&world, &deployment, *desired).await;
            let (cx, id) = (&world.shop, deployment.id);
            let done = match change {
                "stop" => store.deployment_stop(cx, id).await,
                "start" => store.deployment_start(cx, id).await,
                "restart" => store.deployment_restart(cx, id).await,
                "resize" => store.deployment_resize(cx, id, world.large.id).await,
                "delete" => store.deployment_delete(cx, id, None).await,
                "restore" => store.deployment_restore(cx, id).await,
                "repair" => store.deployment_repair(cx, id).await,
                _ => store.deployment_rebuild(cx, id).await,
            };
            let shown = match done {
                Ok((after, operation)) => format!("{} by {}", after.desired_state, operation.kind),
                Err(error) => {
                    assert_eq!(told(&error), (ErrorCode::WrongState, Some("deploymentId")));
                    error.message().to_owned()
                }
            };
            table += &format!(
                "{desired:8} {change:8} {shown}\n",
                desired = desired.as_str()
            );
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resize_keeps_to_what_is_possible() {
    let world = World::new().await;
    let store = world.store();
    let deployment = ordered(&world, "a.example.org").await;
    let (resized, _) = store
        .deployment_resize(&world.shop, deployment.id, world.large.id)
        .await
        .unwrap();
    assert_eq!(resized.plan_id, world.large.id);
    let mut thin = plan_input("thin", Hosting::Own, 8);
    thin.data_bytes = GIB;
    let thin = store.plan_create(&world.platform, thin).await.unwrap();
    let mut weak = plan_input("weak", Hosting::Own, 8);
    weak.memory_bytes = GIB / 2;
    let weak = store.plan_create(&world.platform, weak).await.unwrap();
    for (plan, words) in [
        (&thin, "can't shrink"),
        (&weak, "memory"),
        (&world.shared, "same hosting"),
    ] {
        let error = store
            .deployment_resize(&world.shop, deployment.id, plan.id)
            .await
            .unwrap_err();
        assert_eq!(told(&error), (ErrorCode::InvalidInput, Some("planId")));
        assert!(error.message().contains(words), "{error}");
    }
    let unknown = Uuid::from_u128(7).into();
    let error = store
        .deployment_resize(&world.shop, deployment.id, unknown)
        .await
        .unwrap_err();
    assert_eq!(told(&error), (ErrorCode::NotFound, Some("planId")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_keeps_the_data_for_its_time() {
    let world = World::new().await;
    let store = world.store();
    let now = berth_model::Clock::now(world.database.clock.as_ref());
    for (days, kept) in [(None, 30), (Some(0), 0), (Some(365), 365)] {
        let deployment = ordered(&world, &format!("d{kept}.example.org")).await;
        let (deleted, _) = store
            .deployment_delete(&world.shop, deployment.id, days)
            .await
            .unwrap();
        assert_eq!(deleted.retain_until, Some(now + TimeDelta::days(kept)));
        let restored = store.deployment_restore(&world.shop, deployment.id).await;
        assert_eq!(restored.is_ok(), kept > 0, "{kept} days");
    }
    let deployment = ordered(&world, "last.example.org").await;
    for days in [-1, 366] {
        let refused = store
            .deployment_delete(&world.shop, deployment.id, Some(days))
            .await
            .unwrap_err();
        assert_eq!(
            told(&refused),
            (ErrorCode::InvalidInput, Some("retentionDays"))
        );
    }
    store
        .deployment_delete(&world.shop, deployment.id, Some(7))
        .await
        .unwrap();
    world.database.clock.advance(TimeDelta::days(7));
    let late = store
        .deployment_restore(&world.shop, deployment.id)
        .await
        .unwrap_err();
    assert!(late.message().contains("retention time is over"), "{late}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_supersedes_what_waits() {
    let world = World::new().await;
    let store = world.store();
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    let (deployment, create) = store.deployment_create(&world.shop, order).await.unwrap();
    let (_, delete) = store
        .deployment_delete(&world.shop, deployment.id, None)
        .await
        .unwrap();
    let found = store
        .operation_by_ids(&world.shop, &[create.id, delete.id])
        .await
        .unwrap();
    assert_eq!(found[&create.id].state, OperationState::Cancelled);
    assert!(found[&create.id].superseded_at.is_some());
    assert_eq!(found[&delete.id].state, OperationState::Pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_and_rebuild_tell_the_virtual_machine() {
    let world = World::new().await;
    let store = world.store();
    let deployment = ordered(&world, "a.example.org").await;
    let vm = deployment.virtual_machine_id;
    let before = store.virtual_machine_get(&world.shop, vm).await.unwrap();
    // A tenant's own client may do it too: it has the right to just these columns.
    let support = world.member(&world.tenant, Role::Support).await;
    store
        .deployment_restart(&support, deployment.id)
        .await
        .unwrap();
    store
        .deployment_rebuild(&support, deployment.id)
        .await
        .unwrap();
    let after = store.virtual_machine_get(&support, vm).await.unwrap();
    assert!(before.restart_requested_at.is_none() && after.restart_requested_at.is_some());
    assert_eq!(after.system_revision, before.system_revision + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_own_client_orders_as_a_storefront_does() {
    let world = World::new().await;
    let store = world.store();
    let owner = world.member(&world.tenant, Role::Owner).await;
    for (plan, name) in [
        (&world.small, "a.example.org"),
        (&world.shared, "b.example.org"),
    ] {
        let order = world.order(&world.tenant, plan, name);
        let (deployment, _) = store.deployment_create(&owner, order).await.unwrap();
        store
            .deployment_handover(&owner, deployment.id)
            .await
            .unwrap();
        store.deployment_stop(&owner, deployment.id).await.unwrap();
        store
            .deployment_resize(&owner, deployment.id, plan.id)
            .await
            .unwrap();
        store
            .deployment_delete(&owner, deployment.id, None)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_can_be_read_in_the_database() {
    let world = World::new().await;
    let deployment = ordered(&world, "a.example.org").await;
    let handover = world
        .store()
        .deployment_handover(&world.shop, deployment.id)
        .await
        .unwrap();
    let password = handover.initial_password.unwrap();
    let hex: String = password.bytes().map(|byte| format!("{byte:02x}")).collect();
    let everything = world
        .text(
            "SELECT query_to_xml('SELECT * FROM ' || quote_ident(relname),
                                 true, false, '')::text AS line
             FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
        )
        .await;
    assert!(
        everything.contains("a.example.org"),
        "the dump shows no deployment"
    );
    assert!(
        everything.contains("administratorPassword"),
        "the dump shows no secret"
    );
    assert!(!everything.contains(&password) && !everything.contains(&hex));
    // Neither does it open in another place.
    world
        .text("UPDATE deployment_secrets SET name = 'other' RETURNING name AS line")
        .await;
    assert!(
        world
            .store()
            .deployment_handover(&world.shop, deployment.id)
            .await
            .is_err()
    );
}
