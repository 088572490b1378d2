//! Webhook endpoints: what an owner can do with its own, and what nobody else can.

use berth_model::{ErrorCode, PageRequest, WebhookDisabledReason, WebhookEndpointUpdate};
use berth_store::{Cx, IdempotencyKey, WebhookClaim, WebhookLane};
use chrono::TimeDelta;

use crate::world::{World, endpoint_input};

fn with_key(cx: &Cx, key: &str) -> Cx {
    cx.clone().with_key(IdempotencyKey::parse(key).unwrap())
}

fn update(id: berth_model::WebhookEndpointId) -> WebhookEndpointUpdate {
    WebhookEndpointUpdate {
        id,
        url: None,
        description: None,
        patterns: None,
        enabled: None,
    }
}

/// The secrets that the next delivery is signed with.
async fn signing(world: &World) -> Vec<String> {
    let order = format!("n{}.example.org", world.database.ids.uuid().simple());
    let order = world.order(&world.tenant, &world.small, &order);
    world
        .store()
        .deployment_create(&world.shop, order)
        .await
        .unwrap();
    world.store().webhook_fan_out(100).await.unwrap();
    let request = WebhookClaim {
        lane: WebhookLane::Healthy,
        limit: 1,
        per_endpoint: 100,
        lease: TimeDelta::seconds(60),
    };
    let mut claimed = world.store().webhook_claim(&request).await.unwrap();
    claimed.remove(0).secrets
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_makes_nothing_and_tells_no_secret() {
    let world = World::new().await;
    let store = world.store();
    let cx = with_key(&world.shop, "k");
    let (made, secret) = store
        .webhook_endpoint_create(&cx, endpoint_input("*"))
        .await
        .unwrap();
    assert!(secret.unwrap().starts_with("whsec_"));
    assert_eq!(made.storefront_id, Some(world.storefront));
    let (again, none) = store
        .webhook_endpoint_create(&cx, endpoint_input("*"))
        .await
        .unwrap();
    assert_eq!((again.id, none), (made.id, None));
    let other = store
        .webhook_endpoint_create(&cx, endpoint_input("tenant.*"))
        .await;
    assert_eq!(other.unwrap_err().code(), ErrorCode::IdempotencyKeyReused);
    let (_, rotated) = store
        .webhook_endpoint_secret_rotate(&cx, made.id)
        .await
        .unwrap();
    let (_, none) = store
        .webhook_endpoint_secret_rotate(&cx, made.id)
        .await
        .unwrap();
    assert!(rotated.is_some() && none.is_none());
    assert_eq!(signing(&world).await.len(), 2);
    assert_eq!(
        store.webhook_endpoint_delete(&cx, made.id).await.unwrap(),
        made.id
    );
    assert_eq!(
        store.webhook_endpoint_delete(&cx, made.id).await.unwrap(),
        made.id
    );
    let gone = store.webhook_endpoint_get(&world.shop, made.id).await;
    assert_eq!(gone.unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_both_secrets_sign_for_a_day_and_never_three() {
    let world = World::new().await;
    let store = world.store();
    let (made, first) = store
        .webhook_endpoint_create(&world.shop, endpoint_input("*"))
        .await
        .unwrap();
    let rotate = async || {
        let rotated = store
            .webhook_endpoint_secret_rotate(&world.shop, made.id)
            .await;
        rotated.unwrap().1.unwrap()
    };
    let (first, second) = (first.unwrap(), rotate().await);
    assert_eq!(signing(&world).await, [second.clone(), first]);
    let third = rotate().await;
    assert_eq!(signing(&world).await, [third.clone(), second]);
    world.database.clock.advance(TimeDelta::hours(25));
    assert_eq!(signing(&world).await, [third]);
    assert_eq!(store.webhook_purge(100).await.unwrap().secrets, 1);
    // None of them is in the database as it is.
    let dump =
        "SELECT string_agg(encode(sealed, 'escape'), '') AS line FROM webhook_endpoint_secrets";
    assert!(!world.text(dump).await.contains("whsec_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_on_and_off() {
    let world = World::new().await;
    let store = world.store();
    let made = world.endpoint(&world.shop, "*").await;
    let off = WebhookEndpointUpdate {
        enabled: Some(false),
        description: Some("Paused".to_owned()),
        ..update(made.id)
    };
    let off = store
        .webhook_endpoint_update(&world.shop, off)
        .await
        .unwrap();
    assert_eq!(off.disabled_reason, Some(WebhookDisabledReason::Owner));
    assert_eq!(off.description.as_deref(), Some("Paused"));
    let nothing = store
        .webhook_endpoint_update(&world.shop, update(made.id))
        .await
        .unwrap();
    assert_eq!(
        (&nothing.disabled_reason, &nothing.url),
        (&off.disabled_reason, &made.url)
    );
    let on = WebhookEndpointUpdate {
        enabled: Some(true),
        patterns: Some(vec!["tenant.*".parse().unwrap()]),
        ..update(made.id)
    };
    let on = store
        .webhook_endpoint_update(&world.shop, on)
        .await
        .unwrap();
    assert_eq!((on.disabled_at, on.disabled_reason), (None, None));
    assert_eq!(on.patterns, ["tenant.*"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_say_their_value() {
    let world = World::new().await;
    let store = world.store();
    for _ in 0..20 {
        world.endpoint(&world.shop, "*").await;
    }
    let more = store
        .webhook_endpoint_create(&world.shop, endpoint_input("*"))
        .await;
    let error = more.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LimitExceeded);
    assert!(error.message().contains("20"), "{error}");
    world.endpoint(&world.other_shop, "*").await;
    let mut input = endpoint_input("*");
    input.patterns = Vec::new();
    let none = store
        .webhook_endpoint_create(&world.other_shop, input)
        .await;
    assert_eq!(none.unwrap_err().field(), Some("patterns"));
}

#[tokio::test(flavor = "multi_thread")]
async fn storefronts_see_their_own_endpoints_alone() {
    let world = World::new().await;
    let store = world.store();
    let own = world.endpoint(&world.shop, "*").await;
    world.endpoint(&world.other_shop, "*").await;
    let providers = world.endpoint(&world.platform, "*").await;
    assert_eq!(providers.storefront_id, None);
    let seen = async |cx: &Cx| {
        let page = store
            .webhook_endpoint_list(cx, PageRequest::first(10))
            .await
            .unwrap();
        page.items
            .into_iter()
            .map(|endpoint| endpoint.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(&world.shop).await, [own.id]);
    assert_eq!(seen(&world.platform).await.len(), 3);
    let foreign = store
        .webhook_endpoint_delete(&world.shop, providers.id)
        .await;
    assert_eq!(foreign.unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_ties_a_storefront_to_anothers_tenant() {
    let world = World::new().await;
    let endpoint = world.endpoint(&world.shop, "*").await.id.0;
    // As the owner of the schema, whom no policy holds: the references alone refuse it.
    for (tenant, storefront, owner) in [
        (
            world.other_tenant.id.0,
            world.storefront.0,
            world.storefront.0,
        ),
        (
            world.tenant.id.0,
            world.storefront.0,
            berth_model::TenantId::PLATFORM.0,
        ),
    ] {
        let insert = format!(
            "INSERT INTO webhook_deliveries (id, tenant_id, storefront_id, owner_id, endpoint_id,
                event_type, body, state, next_attempt_at, give_up_at, created_at)
             VALUES (gen_random_uuid(), '{tenant}', '{storefront}', '{owner}', '{endpoint}', 'x', '',
                     'PENDING', now(), now(), now())"
        );
        let mut owner = crate::world::connect(&world.database.owner_url).await;
        let refused = diesel_async::SimpleAsyncConnection::batch_execute(&mut owner, &insert).await;
        assert!(refused.is_err(), "{insert}");
    }
}
