//! What can be ordered, and what is refused with which words.

use berth_model::{
    AuditFilter, Deployment, DesiredState, Error, ErrorCode, Hosting, OperationKind, OptionValue,
    PageRequest, SiteId,
};
use uuid::Uuid;

use crate::world::{GIB, World, image_input, publish_input};

pub fn told(error: &Error) -> (ErrorCode, Option<&str>) {
    (error.code(), error.field())
}

pub async fn ordered(world: &World, domain_name: &str) -> Deployment {
    let order = world.order(&world.tenant, &world.small, domain_name);
    world
        .store()
        .deployment_create(&world.shop, order)
        .await
        .unwrap()
        .0
}

/// Puts a deployment into a desired state, as the owner of the schema.
pub async fn put(world: &World, deployment: &Deployment, desired: DesiredState) {
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
    let (page, all) = (PageRequest::first(200), AuditFilter::default());
    let log = store.audit_entry_list(&world.shop, page, world.tenant.id, &all);
    let entries = log.await.unwrap().items.into_iter();
    let mut actions: Vec<_> = entries.map(|entry| entry.action).collect();
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
