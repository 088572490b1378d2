//! The authorisation code flow by oauth4webapi, which knows OAuth 2.1 and is strict about it.

use serde_json::json;

use super::Program;
use crate::{
    pages::{
        browser::sign_up,
        shop::{REDIRECT, Shop},
    },
    support,
};

async fn flow(shop: &Shop) {
    let mut browser = shop.browser();
    sign_up(
        &mut browser,
        shop.api.store(),
        &shop.base,
        "anna@mail.example",
    )
    .await;
    let secret = shop.secret.clone().unwrap_or_default();
    let variables = [
        ("BERTH_URL", shop.api.url.as_str()),
        ("BERTH_CLIENT_ID", &shop.client_id),
        ("BERTH_CLIENT_SECRET", &secret),
        ("BERTH_REDIRECT_URI", REDIRECT),
    ];
    let mut program = Program::start("code_flow.mjs", &variables);
    let told = program.told().await.unwrap();
    let url = told["url"].as_str().unwrap();
    let request = url.strip_prefix(&shop.api.url).unwrap();
    let page = shop.allow(&mut browser, request, "none").await;
    program
        .order(json!({ "url": page.location.unwrap() }))
        .await;
    let told = program.told().await.unwrap();
    assert!(
        told["mixedUp"].as_str().unwrap().contains("\"iss\""),
        "{told}"
    );
    let first = program.told().await.unwrap();
    assert_eq!(first["scope"], "catalogue:read tenant:read");
    let second = program.told().await.unwrap();
    let token = second["token"].as_str().unwrap();
    assert_ne!(first["token"], second["token"]);
    if shop.secret.is_some() {
        let told = program.told().await.unwrap();
        assert_eq!(
            (&told["active"], &told["kind"]),
            (&json!(true), &json!("ACCOUNT"))
        );
        assert!(told["sub"].as_str().unwrap().starts_with("acc_"), "{told}");
    }
    assert_eq!(
        program.told().await.unwrap(),
        json!({ "refused": "invalid_grant" })
    );
    program.end().await;
    let answer = shop.api.ask(token, "{ viewer { kind } }", json!({})).await;
    assert_eq!(
        support::code(&answer),
        "UNAUTHENTICATED",
        "revoked with its family"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn oauth4webapi_passes_the_code_flow() {
    flow(&Shop::new().await).await;
    flow(&Shop::public().await).await;
}
