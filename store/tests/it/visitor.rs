//! Visitors of a storefront: what its public token opens, and nothing else.

use berth_model::{
    Caller, ErrorCode, Money, OffersChanges, PageRequest, PlanOffer, StorefrontChanges,
    policy::{Action, allows},
};
use berth_store::Cx;
use chrono::TimeDelta;

use crate::{
    catalogue::TABLES,
    policy_call::common_call,
    walls::{as_storefront, attempt, enter, is_walled},
    world::{World, text, with_key},
};

/// What a visitor may read of.
const READABLE: [&str; 7] = [
    "application_offers",
    "application_versions",
    "applications",
    "plan_offers",
    "plans",
    "sites",
    "storefronts",
];

async fn token(world: &World) -> String {
    let shown = world.store().storefront_get(&world.shop, world.storefront);
    shown.await.unwrap().public_token.unwrap()
}

async fn visitor(world: &World) -> Cx {
    let token = token(world).await;
    Cx::new(world.store().token_actor(&token).await.unwrap())
}

/// Only the small plan, dearer than in the catalogue.
async fn sell_small(world: &World) {
    let offer = PlanOffer {
        plan_id: world.small.id,
        price: Money {
            minor: 900,
            currency: "CHF".to_owned(),
        },
    };
    let changes = OffersChanges {
        plans: Some(Some(vec![offer])),
        ..Default::default()
    };
    let store = world.store();
    let set = store.storefront_offers_set(&world.platform, world.storefront, changes);
    set.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_sees_what_the_storefront_sells_and_shows() {
    let world = World::new().await;
    sell_small(&world).await;
    let (store, cx) = (world.store(), visitor(&world).await);
    assert_eq!(cx.actor.caller, Caller::Visitor(world.storefront));
    let plans = store.plan_list(&cx, PageRequest::first(10)).await.unwrap();
    let [plan] = plans.items.as_slice() else {
        panic!("one plan: {plans:?}");
    };
    assert_eq!(plan.price.as_ref().unwrap().minor, 900);
    let unsold = store.plan_get(&cx, world.large.id).await.unwrap_err();
    assert_eq!(unsold.code(), ErrorCode::NotFound);
    let shops = store.storefront_list(&cx, PageRequest::first(10)).await;
    let shops: Vec<_> = shops
        .unwrap()
        .items
        .into_iter()
        .map(|shop| shop.id)
        .collect();
    assert_eq!(shops, [world.storefront]);
    let page = PageRequest::first(10);
    let versions = store.application_version_list(&cx, page, world.version.application_id);
    assert_eq!(versions.await.unwrap().items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_a_visitors() {
    let world = World::new().await;
    let cx = visitor(&world).await;
    for (name, action) in crate::policy::COMMON {
        let got = common_call(&world, &cx, name).await.err();
        let code = got.map(|error| error.code());
        let may = allows(&cx.actor.caller, *action);
        let expected = (!may).then_some(ErrorCode::Forbidden);
        assert_eq!(code, expected, "{name}");
    }
    assert!(!allows(&cx.actor.caller, Action::TenantRead));
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_sql_reaches_no_further() {
    let world = World::new().await;
    sell_small(&world).await;
    let scope = as_storefront(world.storefront);
    let mut connection = enter(&world, "berth_visitor", &scope).await;
    for (table, _) in TABLES {
        let read = format!("SELECT count({}) FROM {table}", first_column(table));
        let seen = attempt(&mut connection, &read).await;
        assert_eq!(seen.is_ok(), READABLE.contains(table), "{table}: {seen:?}");
        for write in [
            format!("INSERT INTO {table} DEFAULT VALUES"),
            format!("DELETE FROM {table}"),
        ] {
            let done = attempt(&mut connection, &write).await;
            assert!(is_walled(&done), "{write}: {done:?}");
        }
    }
    for (query, seen) in [
        ("SELECT string_agg(slug, ' ') AS line FROM plans", "small"),
        (
            "SELECT string_agg(name, ' ') AS line FROM storefronts",
            "Shop",
        ),
        ("SELECT count(*)::text AS line FROM plan_offers", "1"),
        (
            "SELECT count(*)::text AS line FROM application_versions",
            "1",
        ),
    ] {
        assert_eq!(text(&mut connection, query).await, seen, "{query}");
    }
    for hidden in ["reseller_id", "previous_public_token"] {
        let query = format!("SELECT {hidden} FROM storefronts");
        let read = attempt(&mut connection, &query).await;
        assert!(is_walled(&read), "{hidden}: {read:?}");
    }
    // Without a storefront there is nothing to visit.
    let mut nowhere = enter(&world, "berth_visitor", "berth.storefront_id = ''").await;
    for table in READABLE.iter().filter(|table| **table != "sites") {
        let column = first_column(table);
        let query = format!("SELECT count({column})::text AS line FROM {table}");
        assert_eq!(text(&mut nowhere, &query).await, "0", "{table}");
    }
}

fn first_column(table: &str) -> &'static str {
    match table {
        "plan_offers" | "application_offers" => "storefront_id",
        "account_passwords" | "account_authenticators" | "known_browsers" => "account_id",
        "storefronts" | "plans" | "sites" => "id",
        _ => "*",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_replaced_is_taken_as_long_as_was_said() {
    let world = World::new().await;
    let store = world.store();
    let first = token(&world).await;
    let key = with_key(&world.shop, "rotate");
    let rotate = async |keep| {
        let rotated = store.storefront_public_token_rotate(&key, world.storefront, keep);
        rotated.await.unwrap().public_token.unwrap()
    };
    let hour = TimeDelta::hours(1);
    let second = rotate(hour).await;
    assert_ne!(first, second);
    assert_eq!(rotate(hour).await, second, "a replay makes nothing");
    for token in [&first, &second] {
        let actor = store.token_actor(token).await.unwrap();
        assert_eq!(actor.caller, Caller::Visitor(world.storefront));
    }
    world.database.clock.advance(hour);
    let ended = store.token_actor(&first).await.unwrap_err();
    assert_eq!(ended.code(), ErrorCode::Unauthenticated);
    let at_once =
        store.storefront_public_token_rotate(&world.platform, world.storefront, TimeDelta::zero());
    at_once.await.unwrap();
    assert!(store.token_actor(&second).await.is_err());
    let foreign = store.storefront_public_token_rotate(
        &world.other_shop,
        world.storefront,
        TimeDelta::zero(),
    );
    assert_eq!(foreign.await.unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_is_a_storefronts_own_letter_by_letter() {
    let world = World::new().await;
    let store = world.store();
    let changes = StorefrontChanges {
        cors_origins: Some(vec!["https://shop.example.org".parse().unwrap()]),
        ..Default::default()
    };
    let set = store.storefront_update(&world.shop, world.storefront, changes);
    set.await.unwrap();
    let own = token(&world).await;
    let other = world.other_tenant.storefront_id.unwrap();
    let other = store
        .storefront_get(&world.other_shop, other)
        .await
        .unwrap();
    let other = other.public_token.unwrap();
    for (origin, token, known) in [
        ("https://shop.example.org", None, true),
        ("https://shop.example.org", Some(own.as_str()), true),
        ("https://shop.example.org", Some(other.as_str()), false),
        ("https://shop.example.org", Some("bp_unknown"), false),
        ("https://shop.example.org:443", None, false),
        ("https://SHOP.example.org", None, false),
        ("https://shop.example.org.evil.example", None, false),
        ("http://shop.example.org", Some(own.as_str()), false),
        ("null", None, false),
        ("*", None, false),
        ("", None, false),
    ] {
        let found = store.storefront_has_origin(origin, token).await.unwrap();
        assert_eq!(found, known, "{origin} {token:?}");
    }
}
