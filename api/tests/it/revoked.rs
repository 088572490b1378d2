//! A subscription of somebody's token ends with what it stands on: that they are a member, and their leave.

use serde_json::{Value, json};

use crate::{
    pages::{
        browser::{Browser, sign_up},
        shop::Shop,
    },
    subscription::{Socket, bearer, follow, number},
    support::code,
    world::World,
};

const BEN: &str = "ben@mail.example";

/// Follows an operation of tenant A's as one of its members, whose browser does something meanwhile, or whom the
/// storefront's own client removes. What the stream says then, and how the connection ends.
async fn followed(ends: impl AsyncFnOnce(&Shop, &mut Browser, &str, Value)) -> (Value, String) {
    let world = World::new().await;
    let input = json!({
        "idempotencyKey": "no-terms", "storefrontId": world.ids["Storefront"], "termsUrl": null,
        "termsVersion": null,
    });
    let World {
        api, ids, shop_a, ..
    } = world;
    api.make(&shop_a, "storefrontUpdate", input, "").await;
    let id = ids["Storefront"].parse().unwrap();
    let shop = Shop::of(api, id).await;
    let mut ben = shop.browser();
    sign_up(&mut ben, shop.api.store(), &shop.base, BEN).await;
    let input = json!({
        "idempotencyKey": "ben", "tenantId": ids["Tenant"], "name": "Ben", "email": BEN,
        "role": "ADMIN",
    });
    let made = shop
        .api
        .make(&shop_a, "memberCreate", input, "member { id }")
        .await;
    let leave = shop.code(&mut ben, &ids["Tenant"]).await;
    let (_, tokens) = shop.redeem(&leave).await;
    let token = tokens["access_token"].as_str().unwrap();
    let mut socket = Socket::open(&shop.api, bearer(token)).await;
    socket.subscribe("1", &follow(&ids["Operation"], 0)).await;
    assert_eq!(number(&socket.next().await), 1);
    ends(&shop, &mut ben, &shop_a, made["member"]["id"].clone()).await;
    let message = socket.next().await;
    assert_eq!(socket.next().await["type"], "complete");
    (message, socket.closed().await)
}

fn is_over((message, closed): (Value, String)) {
    assert_eq!(message["type"], "next", "{message}");
    assert_eq!(code(&message["payload"]), "UNAUTHENTICATED", "{message}");
    assert!(closed.contains("4403"), "{closed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_is_removed_hears_no_more() {
    is_over(
        followed(async |shop, _, storefront, member| {
            let input = json!({ "idempotencyKey": "gone", "memberId": member });
            shop.api
                .make(storefront, "memberDelete", input, "memberId")
                .await;
        })
        .await,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_new_password_nothing_is_heard() {
    is_over(
        followed(async |shop, ben, _, _| {
            let account = format!("{}/account", shop.base);
            let fields = [
                ("current", crate::pages::browser::PASSWORD),
                ("password", "seven quiet lighthouses"),
            ];
            ben.submit(&account, &format!("{account}/password"), &fields)
                .await;
        })
        .await,
    );
}
