//! What a storefront sells, and what that means to those who buy there.

use berth_model::{
    Account, Actor, Caller, ErrorCode, Money, OffersChanges, PageRequest, Plan, PlanId, PlanOffer,
    Realm, Role,
};
use berth_store::Cx;

use crate::{
    walls::{as_tenant, attempt, enter, is_walled},
    world::{World, tenant_input, with_key},
};

fn offer(plan: &Plan, minor: i64) -> PlanOffer {
    PlanOffer {
        plan_id: plan.id,
        price: Money {
            minor,
            currency: "CHF".to_owned(),
        },
    }
}

fn plans(offers: Vec<PlanOffer>) -> OffersChanges {
    OffersChanges {
        plans: Some(Some(offers)),
        ..Default::default()
    }
}

async fn set(world: &World, changes: OffersChanges) {
    world
        .store()
        .storefront_offers_set(&world.platform, world.storefront, changes)
        .await
        .unwrap();
}

/// Slugs and prices of the plans that a caller can buy.
async fn seen(world: &World, cx: &Cx) -> Vec<(String, Option<i64>)> {
    let page = world.store().plan_list(cx, PageRequest::first(10)).await;
    let plans = page.unwrap().items.into_iter();
    plans
        .map(|plan| (plan.slug, plan.price.map(|price| price.minor)))
        .collect()
}

fn named(list: &[(&str, i64)]) -> Vec<(String, Option<i64>)> {
    list.iter()
        .map(|(slug, minor)| ((*slug).to_owned(), Some(*minor)))
        .collect()
}

/// The owner of `world.tenant` as a person who acts for no tenant.
async fn person(world: &World) -> Cx {
    let page = world
        .store()
        .member_list(&world.shop, PageRequest::first(1), world.tenant.id)
        .await;
    let Account { id, .. } = page.unwrap().items.remove(0).account;
    let realm = Realm(Some(world.storefront));
    Cx::new(Actor {
        account_id: Some(id),
        ..Actor::new(Caller::Account(id, realm))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storefront_its_tenants_and_its_people_see_its_prices_and_nobody_else_does() {
    let world = World::new().await;
    let catalogue = named(&[("small", 500), ("large", 2000), ("shared", 500)]);
    let owner = world.member(&world.tenant, Role::Owner).await;
    let customers = [&world.shop, &owner, &person(&world).await];
    for cx in customers {
        assert_eq!(seen(&world, cx).await, catalogue, "{}", cx.actor.name());
    }
    set(&world, plans(vec![offer(&world.small, 900)])).await;
    for cx in customers {
        assert_eq!(seen(&world, cx).await, named(&[("small", 900)]));
        // The catalogue's price is not shown either of what they don't buy.
        let large = world.store().plan_get(cx, world.large.id).await.unwrap();
        assert_eq!(large.price, None);
    }
    let other_owner = world.member(&world.other_tenant, Role::Owner).await;
    for cx in [&world.platform, &world.other_shop, &other_owner] {
        assert_eq!(seen(&world, cx).await, catalogue, "{}", cx.actor.name());
    }
    let all = OffersChanges {
        plans: Some(None),
        ..Default::default()
    };
    set(&world, all).await;
    assert_eq!(seen(&world, &world.shop).await, catalogue);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sold_is_refused_and_what_runs_goes_on() {
    let world = World::new().await;
    let store = world.store();
    let owner = world.member(&world.tenant, Role::Owner).await;
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    let (running, _) = store.deployment_create(&world.shop, order).await.unwrap();
    set(
        &world,
        plans(vec![offer(&world.small, 900), offer(&world.large, 990)]),
    )
    .await;
    set(&world, plans(vec![offer(&world.large, 1000)])).await;
    for (index, cx) in [&world.shop, &owner].into_iter().enumerate() {
        let name = format!("b{index}.example.org");
        let order = world.order(&world.tenant, &world.small, &name);
        let refused = store.deployment_create(cx, order).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::NotOffered);
        assert_eq!(refused.field(), Some("planId"));
        // It was bought at this price.
        let price = store.plan_get(cx, running.plan_id).await.unwrap().price;
        assert_eq!(price.unwrap().minor, 900);
    }
    store.deployment_restart(&owner, running.id).await.unwrap();
    let same = store.deployment_resize(&owner, running.id, running.plan_id);
    same.await.unwrap();
    let larger = store.deployment_resize(&owner, running.id, world.large.id);
    larger.await.unwrap();
    let back = store
        .deployment_resize(&owner, running.id, world.small.id)
        .await;
    assert_eq!(back.unwrap_err().code(), ErrorCode::NotOffered);
    // The provider orders whatever it has, for whom it likes.
    let order = world.order(&world.tenant, &world.small, "c.example.org");
    store
        .deployment_create(&world.platform, order)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_is_not_sold_is_neither_listed_nor_ordered() {
    let world = World::new().await;
    let store = world.store();
    let mut input = crate::world::publish_input(&world.image);
    input.slug = "mastodon".to_owned();
    let (mastodon, _) = store
        .application_publish(&world.platform, input)
        .await
        .unwrap();
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    let (running, _) = store.deployment_create(&world.shop, order).await.unwrap();
    let changes = OffersChanges {
        application_ids: Some(Some(vec![mastodon.id])),
        ..Default::default()
    };
    set(&world, changes).await;
    let owner = world.member(&world.tenant, Role::Owner).await;
    for (index, cx) in [&world.shop, &owner].into_iter().enumerate() {
        let page = store.application_list(cx, PageRequest::first(10)).await;
        let slugs: Vec<_> = page
            .unwrap()
            .items
            .into_iter()
            .map(|item| item.slug)
            .collect();
        assert_eq!(slugs, ["mastodon"]);
        let name = format!("b{index}.example.org");
        let order = world.order(&world.tenant, &world.small, &name);
        let refused = store.deployment_create(cx, order).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::NotOffered);
        assert_eq!(refused.field(), Some("applicationVersionId"));
    }
    // What runs can still grow.
    let larger = store.deployment_resize(&owner, running.id, world.large.id);
    larger.await.unwrap();
    let page = store.application_list(&world.other_shop, PageRequest::first(10));
    assert_eq!(page.await.unwrap().items.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_offer_is_named_and_nothing_is_set() {
    let world = World::new().await;
    let store = world.store();
    let unknown = PlanOffer {
        plan_id: PlanId(uuid::Uuid::max()),
        ..offer(&world.small, 1)
    };
    let foreign = PlanOffer {
        price: Money {
            minor: 1,
            currency: "euro".to_owned(),
        },
        ..offer(&world.small, 1)
    };
    let small = || offer(&world.small, 1);
    for (offers, field, code) in [
        (vec![], "plans", ErrorCode::InvalidInput),
        (vec![small(), small()], "plans", ErrorCode::InvalidInput),
        (vec![small(), unknown], "plans", ErrorCode::NotFound),
        (
            vec![offer(&world.small, -1)],
            "plans.price",
            ErrorCode::InvalidInput,
        ),
        (vec![foreign], "plans.price", ErrorCode::InvalidInput),
    ] {
        let error = store.storefront_offers_set(&world.platform, world.storefront, plans(offers));
        let error = error.await.unwrap_err();
        assert_eq!((error.code(), error.field()), (code, Some(field)));
    }
    let ids = [world.storefront];
    let offers = store
        .offers_by_storefront_ids(&world.shop, &ids)
        .await
        .unwrap();
    assert_eq!(offers[&world.storefront].plans, None);
    let own = store.storefront_offers_set(&world.shop, world.storefront, plans(vec![small()]));
    assert_eq!(own.await.unwrap_err().code(), ErrorCode::Forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reseller_sets_prices_and_buys_at_the_providers() {
    let world = World::new().await;
    let store = world.store();
    let tenant = store.tenant_create(&world.platform, tenant_input("Rita", "r"));
    let tenant = tenant.await.unwrap();
    let owner = world.member(&tenant, Role::Owner).await;
    let offers = || plans(vec![offer(&world.small, 900)]);
    let refused = store.storefront_offers_set(&owner, world.storefront, offers());
    assert_eq!(refused.await.unwrap_err().code(), ErrorCode::NotFound);
    let changes = berth_model::StorefrontChanges {
        reseller_id: Some(Some(tenant.id)),
        ..Default::default()
    };
    let given = store.storefront_update(&world.platform, world.storefront, changes);
    given.await.unwrap();
    let key = with_key(&owner, "offers");
    for _ in 0..2 {
        let set = store.storefront_offers_set(&key, world.storefront, offers());
        set.await.unwrap();
    }
    assert_eq!(seen(&world, &world.shop).await, named(&[("small", 900)]));
    assert_eq!(seen(&world, &owner).await.len(), 3);
    // By plain SQL it reaches no other storefront's.
    let mut connection = enter(&world, "berth_tenant", &as_tenant(tenant.id)).await;
    let other = world.other_tenant.storefront_id.unwrap().0;
    let plan = world.small.id.0;
    let foreign =
        format!("INSERT INTO plan_offers VALUES ('{other}', '{plan}', 1, 'EUR', true, now())");
    let done = attempt(&mut connection, &foreign).await;
    assert!(is_walled(&done), "{done:?}");
    // Nor does a customer set what it pays.
    let mut connection = enter(&world, "berth_tenant", &as_tenant(world.tenant.id)).await;
    for sql in [
        "UPDATE plan_offers SET price_minor = 0".to_owned(),
        "DELETE FROM plan_offers".to_owned(),
        format!(
            "INSERT INTO application_offers VALUES ('{}', '{}')",
            world.storefront.0, world.version.application_id.0
        ),
    ] {
        let done = attempt(&mut connection, &sql).await;
        assert!(is_walled(&done), "{sql}: {done:?}");
    }
}
