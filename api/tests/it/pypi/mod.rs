//! Programs from PyPI against the API, as those from npm: they lie in tests/pypi, pinned by version and
//! hash.

use serde_json::json;

use crate::{
    npm::Program,
    pages::{
        browser::sign_up,
        shop::{REDIRECT, Shop},
    },
    support,
};

async fn flow(shop: &Shop) {
    let mut browser = shop.browser();
    let email = "anna@mail.example";
    sign_up(&mut browser, shop.api.store(), &shop.base, email).await;
    let secret = shop.secret.clone().unwrap_or_default();
    let variables = [
        ("BERTH_URL", shop.api.url.as_str()),
        ("BERTH_CLIENT_ID", &shop.client_id),
        ("BERTH_CLIENT_SECRET", &secret),
        ("BERTH_REDIRECT_URI", REDIRECT),
        // The server of the test is not on TLS.
        ("AUTHLIB_INSECURE_TRANSPORT", "1"),
    ];
    let mut program = Program::start_in("pypi", "code_flow.py", &variables);
    let told = program.told().await.unwrap();
    let url = told["url"].as_str().unwrap();
    let request = url.strip_prefix(&shop.api.url).unwrap();
    let page = shop.allow(&mut browser, request, "none").await;
    let back = json!({ "url": page.location.unwrap() });
    program.order(back).await;
    let first = program.told().await.unwrap();
    assert_eq!(first["scope"], "catalogue:read tenant:read");
    let second = program.told().await.unwrap();
    let token = second["token"].as_str().unwrap();
    assert_ne!(first["token"], second["token"]);
    if shop.secret.is_some() {
        let told = program.told().await.unwrap();
        let told = (&told["active"], &told["kind"]);
        assert_eq!(told, (&json!(true), &json!("ACCOUNT")));
    }
    let refused = program.told().await.unwrap();
    assert_eq!(refused, json!({ "refused": "invalid_grant" }));
    program.end().await;
    let answer = shop.api.ask(token, "{ viewer { kind } }", json!({})).await;
    assert_eq!(support::code(&answer), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_passes_the_code_flow() {
    flow(&Shop::new().await).await;
    flow(&Shop::public().await).await;
}
