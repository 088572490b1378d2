//! Identity providers in the API.

use serde_json::json;

use crate::{support::code, world::World};

const FIELDS: &str = "identityProvider { id name enabled storefront { id } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_storefront_has_its_own_and_the_provider_sees_all() {
    let world = World::new().await;
    let query = "{ identityProviders { nodes { id issuer clientId } } }";
    let own = world.api.data(&world.shop_a, query, json!({})).await;
    assert_eq!(
        own["identityProviders"]["nodes"][0]["id"],
        world.ids["IdentityProvider"]
    );
    let others = world.api.data(&world.shop_b, query, json!({})).await;
    assert_eq!(others["identityProviders"]["nodes"], json!([]));
    let input = json!({
        "idempotencyKey": "own", "name": "Staff", "issuer": "https://id.example.net",
        "clientId": "berth", "clientSecret": "x",
    });
    let made = world
        .api
        .make(&world.platform, "identityProviderCreate", input, FIELDS)
        .await;
    assert_eq!(made["identityProvider"]["storefront"], json!(null));
    let all = world.api.data(&world.platform, query, json!({})).await;
    assert_eq!(
        all["identityProviders"]["nodes"].as_array().unwrap().len(),
        2
    );
    let query = "query($id: ID!) { node(id: $id) { ... on Storefront {
                     identityProviders { nodes { name } } } } }";
    let id = json!({ "id": world.ids["Storefront"] });
    let data = world.api.data(&world.shop_a, query, id).await;
    let nodes = &data["node"]["identityProviders"]["nodes"];
    assert_eq!(*nodes, json!([{ "name": "Keycloak" }]));
    let answer = world
        .api
        .ask(
            &world.owner_a,
            "{ identityProviders { nodes { id } } }",
            json!({}),
        )
        .await;
    assert_eq!(code(&answer), "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_or_changes_one_of_another_storefront() {
    let world = World::new().await;
    let id = &world.ids["IdentityProvider"];
    let input = json!({ "idempotencyKey": "1", "identityProviderId": id, "enabled": false });
    for (token, expected) in [(&world.shop_b, "NOT_FOUND"), (&world.owner_a, "FORBIDDEN")] {
        let made = world
            .api
            .try_make(token, "identityProviderUpdate", input.clone(), FIELDS)
            .await;
        assert_eq!(made["userErrors"][0]["code"], expected);
        let gone = json!({ "idempotencyKey": "2", "identityProviderId": id });
        let made = world
            .api
            .try_make(token, "identityProviderDelete", gone, "identityProviderId")
            .await;
        assert_eq!(made["userErrors"][0]["code"], expected);
    }
    let create = json!({
        "idempotencyKey": "3", "storefrontId": world.ids["Storefront"], "name": "X",
        "issuer": "https://id.example.net", "clientId": "x", "clientSecret": "x",
    });
    let made = world
        .api
        .try_make(&world.shop_b, "identityProviderCreate", create, FIELDS)
        .await;
    assert_eq!(made["userErrors"][0]["code"], "NOT_FOUND");
    let again = json!({
        "idempotencyKey": "4", "name": "Again", "issuer": "https://id.example.org",
        "clientId": "x", "clientSecret": "x",
    });
    let made = world
        .api
        .try_make(&world.shop_a, "identityProviderCreate", again, FIELDS)
        .await;
    assert_eq!(made["userErrors"][0]["code"], "ALREADY_EXISTS");
    let changed = world
        .api
        .make(&world.shop_a, "identityProviderUpdate", input, FIELDS)
        .await;
    assert_eq!(changed["identityProvider"]["enabled"], false);
    let gone = json!({ "idempotencyKey": "5", "identityProviderId": id });
    let gone = world
        .api
        .make(
            &world.shop_a,
            "identityProviderDelete",
            gone,
            "identityProviderId",
        )
        .await;
    assert_eq!(gone["identityProviderId"], *id);
}
