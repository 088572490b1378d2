//! Which browser code of others may read what the API answers.

use serde_json::json;

use crate::{visitor::public_token, world::World};

const OWN: &str = "https://a.example.org";
const OTHER: &str = "https://b.example.org";

/// Origins that are nobody's, or only look like somebody's.
const STRANGERS: [&str; 8] = [
    "https://evil.example",
    "https://a.example.org.evil.example",
    "https://a.example.org:8443",
    "https://A.example.org",
    "https://a.example.org/",
    "http://a.example.org",
    "null",
    "*",
];

/// Storefront A's code runs at one origin, B's at another.
async fn world() -> World {
    let world = World::new().await;
    for (shop, id, origin) in [
        (&world.shop_a, &world.ids["Storefront"], OWN),
        (&world.shop_b, &world.mine["Storefront"], OTHER),
    ] {
        let input = json!({
            "idempotencyKey": origin, "storefrontId": id, "corsOrigins": [origin],
        });
        world.api.make(shop, "storefrontUpdate", input, "").await;
    }
    world
}

/// The origin that an answer lets read it. Whatever it is, caches must tell origins apart, and no
/// cookie is let along.
fn allowed(answer: &reqwest::Response) -> Option<String> {
    let headers = answer.headers();
    let vary = headers.get_all("vary").iter();
    let vary: Vec<_> = vary.map(|value| value.to_str().unwrap()).collect();
    assert!(vary.join(",").contains("origin"), "{vary:?}");
    assert_eq!(headers.get("access-control-allow-credentials"), None);
    let origin = headers.get("access-control-allow-origin")?;
    Some(origin.to_str().unwrap().to_owned())
}

/// What a browser asks before it sends something.
async fn preflight(world: &World, path: &str, origin: &str) -> Option<String> {
    let url = format!("{}{path}", world.api.url);
    let request = world.api.http.request(reqwest::Method::OPTIONS, url);
    let request = request
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let allowed = allowed(&answer);
    if allowed.is_some() {
        let headers = answer.headers()["access-control-allow-headers"].to_str();
        let headers = headers.unwrap().to_owned();
        assert!(headers.contains("authorization") && headers.contains("content-type"));
    }
    allowed
}

async fn ask(world: &World, token: &str, origin: &str) -> Option<String> {
    let body = json!({ "query": "{ viewer { kind } }" });
    let request = world.api.post(token).header("origin", origin).json(&body);
    allowed(&request.send().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_is_answered_for_the_origins_of_storefronts() {
    let world = world().await;
    let metadata = "/.well-known/oauth-authorization-server";
    for path in ["/graphql", "/oauth/token", "/oauth/revoke", metadata] {
        for origin in [OWN, OTHER] {
            let found = preflight(&world, path, origin).await;
            assert_eq!(found.as_deref(), Some(origin), "{path}");
        }
        for origin in STRANGERS {
            let found = preflight(&world, path, origin).await;
            assert_eq!(found, None, "{path} {origin}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_token_is_good_from_its_own_storefronts_origins_alone() {
    let world = world().await;
    let token = public_token(&world.api, &world.shop_a).await;
    assert_eq!(ask(&world, &token, OWN).await.as_deref(), Some(OWN));
    for origin in STRANGERS.iter().chain([&OTHER]) {
        assert_eq!(ask(&world, &token, origin).await, None, "{origin}");
    }
    // A person's token is the person's, wherever it was got.
    assert_eq!(ask(&world, &world.owner_a, OWN).await.as_deref(), Some(OWN));
    for origin in STRANGERS {
        assert_eq!(ask(&world, &world.owner_a, origin).await, None, "{origin}");
    }
    // That a token has ended must be seen by the code that used it.
    assert_eq!(ask(&world, "bt_ended", OWN).await.as_deref(), Some(OWN));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_token_endpoint_can_be_read_and_introspection_never() {
    let world = world().await;
    for (path, readable) in [
        ("/oauth/token", true),
        ("/oauth/revoke", true),
        ("/oauth/introspect", false),
        ("/sign-in", false),
    ] {
        let request = world.api.http.post(format!("{}{path}", world.api.url));
        let form = [("grant_type", "authorization_code")];
        let answer = request.header("origin", OWN).form(&form).send().await;
        let found = answer
            .unwrap()
            .headers()
            .get("access-control-allow-origin")
            .cloned();
        assert_eq!(found.is_some(), readable, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_no_origin_is_answered_as_ever() {
    let world = world().await;
    let token = public_token(&world.api, &world.shop_a).await;
    let body = json!({ "query": "{ viewer { kind } }" });
    let answer = world.api.post(&token).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(allowed(&answer), None);
}
