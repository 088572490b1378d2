//! What is set of a storefront, and by whom.

use berth_model::{
    Brand, Caller, ClientCreate, ClientFor, ErrorCode, Locale, PageRequest, Role,
    StorefrontChanges, StorefrontCreate,
};
use berth_store::Cx;

use crate::world::{World, tenant_input, with_key};

/// Everything that a storefront's own client may set.
fn changes() -> StorefrontChanges {
    StorefrontChanges {
        name: Some("Harbour".to_owned()),
        accent_color: Some("#1A4B8C".parse().ok()),
        background_color: Some("#ffffff".parse().ok()),
        logo_url: Some("https://shop.example.org/logo.png".parse().ok()),
        support_email: Some("help@shop.example.org".parse().ok()),
        support_url: Some("https://shop.example.org/help".parse().ok()),
        terms_url: Some("https://shop.example.org/terms".parse().ok()),
        terms_version: Some(Some("2026-01".to_owned())),
        privacy_url: Some("https://shop.example.org/privacy".parse().ok()),
        imprint_url: Some("https://shop.example.org/imprint".parse().ok()),
        locale: Some(Locale::De),
        cors_origins: Some(vec!["https://shop.example.org".parse().unwrap()]),
        ..Default::default()
    }
}

fn host(name: &str) -> StorefrontChanges {
    StorefrontChanges {
        host: Some(name.parse().ok()),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_is_set_and_what_is_not_stays() {
    let world = World::new().await;
    let store = world.store();
    let set = store
        .storefront_update(&world.shop, world.storefront, changes())
        .await
        .unwrap();
    assert_eq!(
        (set.brand.name.as_str(), set.locale),
        ("Harbour", Locale::De)
    );
    assert_eq!(set.brand.accent_color.unwrap().to_string(), "#1a4b8c");
    assert_eq!(set.cors_origins[0].as_str(), "https://shop.example.org");
    let fewer = StorefrontChanges {
        logo_url: Some(None),
        terms_version: Some(None),
        cors_origins: Some(Vec::new()),
        ..Default::default()
    };
    let left = store.storefront_update(&world.shop, world.storefront, fewer);
    let left = left.await.unwrap();
    let brand = Brand {
        logo_url: None,
        terms_version: None,
        ..set.brand
    };
    assert_eq!((left.brand, left.locale), (brand, Locale::De));
    assert_eq!(left.cors_origins, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_changes_once() {
    let world = World::new().await;
    let store = world.store();
    let cx = with_key(&world.shop, "k");
    let renamed = |name: &str| StorefrontChanges {
        name: Some(name.to_owned()),
        ..Default::default()
    };
    let update = async |cx: &Cx, name: &str| {
        let changes = renamed(name);
        store.storefront_update(cx, world.storefront, changes).await
    };
    update(&cx, "Harbour").await.unwrap();
    update(&world.shop, "Pier").await.unwrap();
    let again = update(&cx, "Harbour").await.unwrap();
    assert_eq!(again.brand.name, "Pier");
    let other = update(&cx, "Quay").await.unwrap_err();
    assert_eq!(other.code(), ErrorCode::IdempotencyKeyReused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_a_sender_and_a_reseller_are_the_providers_to_set() {
    let world = World::new().await;
    let store = world.store();
    let reseller = store.tenant_create(&world.platform, tenant_input("Rita", "r"));
    let reseller = reseller.await.unwrap();
    let given = [
        ("host", host("login.shop.example.org")),
        (
            "senderEmail",
            StorefrontChanges {
                sender_email: Some("shop@example.org".parse().ok()),
                ..Default::default()
            },
        ),
        (
            "resellerId",
            StorefrontChanges {
                reseller_id: Some(Some(reseller.id)),
                ..Default::default()
            },
        ),
    ];
    for (field, changes) in given {
        let update = async |cx: &Cx| {
            let changes = changes.clone();
            store.storefront_update(cx, world.storefront, changes).await
        };
        let refused = update(&world.shop).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Forbidden, "{field}");
        assert_eq!(refused.field(), Some(field));
        update(&world.platform).await.unwrap();
        if field == "resellerId" {
            let owner = world.member(&reseller, Role::Owner).await;
            assert_eq!(update(&owner).await.unwrap_err().field(), Some(field));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_one_storefronts() {
    let world = World::new().await;
    let store = world.store();
    let name = "login.shop.example.org";
    let first = store.storefront_update(&world.platform, world.storefront, host(name));
    let first = first.await.unwrap();
    assert_eq!(first.host.unwrap().as_str(), name);
    let second = StorefrontCreate {
        name: "Second".to_owned(),
        settings: host(name),
    };
    let taken = store.storefront_create(&world.platform, second).await;
    let taken = taken.unwrap_err();
    assert_eq!(taken.code(), ErrorCode::AlreadyExists);
    assert_eq!(taken.field(), Some("host"));
    let shops = store.storefront_list(&world.platform, PageRequest::first(10));
    assert_eq!(
        shops.await.unwrap().items.len(),
        2,
        "nothing of it was made"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_argument_is_named() {
    let world = World::new().await;
    let store = world.store();
    let many = (0..21).map(|n| format!("https://s{n}.example.org").parse().unwrap());
    let wrong = [
        (
            "name",
            StorefrontChanges {
                name: Some(" ".to_owned()),
                ..Default::default()
            },
        ),
        (
            "termsVersion",
            StorefrontChanges {
                terms_version: Some(Some("2026-01".to_owned())),
                ..Default::default()
            },
        ),
        (
            "corsOrigins",
            StorefrontChanges {
                cors_origins: Some(many.collect()),
                ..Default::default()
            },
        ),
    ];
    for (field, changes) in wrong {
        let error = store.storefront_update(&world.shop, world.storefront, changes);
        let error = error.await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidInput);
        assert_eq!(error.field(), Some(field));
    }
    let set = store.storefront_update(&world.shop, world.storefront, changes());
    set.await.unwrap();
    let without = StorefrontChanges {
        terms_url: Some(None),
        ..Default::default()
    };
    let error = store.storefront_update(&world.shop, world.storefront, without);
    assert_eq!(error.await.unwrap_err().field(), Some("termsUrl"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storefront_sees_its_own_clients_and_makes_none() {
    let world = World::new().await;
    let store = world.store();
    let page = store.client_list(&world.shop, PageRequest::first(10), None);
    let seen: Vec<_> = page.await.unwrap().items;
    let own = world.shop.actor.client_id.unwrap();
    assert_eq!(
        seen.iter().map(|client| client.id).collect::<Vec<_>>(),
        [own]
    );
    let acts_for = ClientFor::Storefront(world.storefront);
    let made = store.client_create(&world.shop, ClientCreate::new("more", acts_for));
    assert_eq!(made.await.unwrap_err().code(), ErrorCode::Forbidden);
    let gone = store.client_delete(&world.shop, own).await;
    assert_eq!(gone.unwrap_err().code(), ErrorCode::Forbidden);
    assert!(matches!(world.shop.actor.caller, Caller::Storefront(_)));
}
