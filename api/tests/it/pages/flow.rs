//! The authorisation code flow, from a storefront's link to an order.

use berth_model::ClientFor;
use serde_json::json;

use super::{
    browser::{PASSWORD, sign_up},
    shop::{REDIRECT, Shop, parameter},
};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_up_begins_a_tenant_and_acts_for_it() {
    let shop = Shop::new().await;
    let mut browser = shop.browser();
    // The storefront's link leads to the sign-in of its own pages, and keeps the request.
    let page = browser.visit(&shop.request(&[("scope", "")])).await;
    assert!(
        page.says("Harbour") && page.says("Sign in"),
        "{}",
        page.text
    );
    sign_up(
        &mut browser,
        shop.api.store(),
        &shop.base,
        "anna@mail.example",
    )
    .await;
    let page = browser.visit(&shop.request(&[("scope", "")])).await;
    assert!(page.says("wants to act in your name"), "{}", page.text);
    let request = shop.request(&[("scope", "")]);
    let page = shop.allow(&mut browser, &request, "none").await;
    assert!(
        page.location
            .as_ref()
            .unwrap()
            .starts_with(&format!("{REDIRECT}?"))
    );
    assert_eq!(parameter(&page, "state").as_deref(), Some("s-1"));
    assert_eq!(parameter(&page, "iss").as_ref(), Some(&shop.api.url));
    let (status, tokens) = shop.redeem(&parameter(&page, "code").unwrap()).await;
    assert_eq!(status, 200, "{tokens}");
    let token = tokens["access_token"].as_str().unwrap();
    let query = "{ viewer { kind account { email name } } }";
    let data = shop.api.data(token, query, json!({})).await;
    let viewer = json!({
        "kind": "ACCOUNT", "account": { "email": "anna@mail.example", "name": "Anna" },
    });
    assert_eq!(data["viewer"], viewer);
    let input = json!({
        "idempotencyKey": "1", "name": "Choir", "ownerName": "Anna",
        "ownerEmail": "anna@mail.example",
    });
    let made = shop
        .api
        .make(token, "tenantCreate", input, "tenant { id }")
        .await;
    let tenant = made["tenant"]["id"].as_str().unwrap().to_owned();
    // Now there is a tenant to act for, as its owner.
    let page = browser.visit(&request).await;
    assert!(page.says("Choir"), "{}", page.text);
    let page = shop.allow(&mut browser, &request, &tenant).await;
    let (_, tokens) = shop.redeem(&parameter(&page, "code").unwrap()).await;
    let token = tokens["access_token"].as_str().unwrap();
    let query = "{ viewer { kind role tenant { id members { nodes { role } } } } }";
    let data = shop.api.data(token, query, json!({})).await;
    let viewer = &data["viewer"];
    assert_eq!(
        (&viewer["kind"], &viewer["role"]),
        (&json!("TENANT"), &json!("OWNER"))
    );
    assert_eq!(viewer["tenant"]["id"], json!(tenant));
    // It was allowed once: the next time nobody is asked.
    let page = browser.visit(&shop.request(&[])).await;
    assert!(parameter(&page, "code").is_some(), "{:?}", page.location);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_asks_each_time_and_needs_no_secret() {
    let shop = Shop::public().await;
    let mut browser = shop.browser();
    sign_up(
        &mut browser,
        shop.api.store(),
        &shop.base,
        "anna@mail.example",
    )
    .await;
    let code = shop.code(&mut browser, "none").await;
    let (status, tokens) = shop.redeem(&code).await;
    assert_eq!(status, 200, "{tokens}");
    let page = browser.visit(&shop.request(&[])).await;
    assert!(page.says("wants to act in your name"), "{}", page.text);
    let grant = [("grant_type", "client_credentials")];
    let (status, answer) = shop.token(&grant).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]),
        (400, &json!("unauthorized_client"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_renewed_narrowed_and_taken_back() {
    let shop = Shop::new().await;
    let mut browser = shop.browser();
    sign_up(
        &mut browser,
        shop.api.store(),
        &shop.base,
        "anna@mail.example",
    )
    .await;
    let code = shop.code(&mut browser, "none").await;
    let (_, tokens) = shop.redeem(&code).await;
    assert_eq!(tokens["scope"], "catalogue:read tenant:read");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("scope", "catalogue:read"),
    ];
    let (_, second) = shop.token(&form).await;
    assert_eq!(second["scope"], "catalogue:read");
    let wide = [
        ("grant_type", "refresh_token"),
        ("refresh_token", second["refresh_token"].as_str().unwrap()),
        ("scope", "tenant:write"),
    ];
    let (status, answer) = shop.token(&wide).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]),
        (400, &json!("invalid_scope"))
    );
    let token = second["access_token"].as_str().unwrap();
    shop.api
        .data(token, "{ plans { nodes { id } } }", json!({}))
        .await;
    // On the account's page it is taken back, and ends at once.
    let page = browser.visit(&format!("{}/account", shop.base)).await;
    assert!(page.says("Harbour&#39;s shop"), "{}", page.text);
    let end = format!("{}/account/applications/end", shop.base);
    let start = page.text.find("applications/end").unwrap();
    let rest = &page.text[start..];
    let id = rest
        .split("name=\"id\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let account = format!("{}/account", shop.base);
    browser.submit(&account, &end, &[("id", id)]).await;
    let answer = shop.api.ask(token, "{ viewer { kind } }", json!({})).await;
    assert_eq!(crate::support::code(&answer), "UNAUTHENTICATED");
    let (status, _) = shop
        .refresh(second["refresh_token"].as_str().unwrap())
        .await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_tenant_acts_for_it_no_longer() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut browser = shop.browser();
    sign_up(&mut browser, store, &shop.base, "anna@mail.example").await;
    let backend = shop.api.token(ClientFor::Storefront(shop.id)).await;
    let input = json!({
        "idempotencyKey": "1", "name": "Choir", "ownerName": "Berta",
        "ownerEmail": "berta@mail.example",
    });
    let made = shop
        .api
        .make(&backend, "tenantCreate", input, "tenant { id }")
        .await;
    let tenant = made["tenant"]["id"].as_str().unwrap();
    let input = json!({
        "idempotencyKey": "2", "tenantId": tenant, "name": "Anna", "email": "anna@mail.example",
        "role": "ADMIN",
    });
    let made = shop
        .api
        .make(&backend, "memberCreate", input, "member { id }")
        .await;
    let member = made["member"]["id"].as_str().unwrap();
    let code = shop.code(&mut browser, tenant).await;
    let (_, tokens) = shop.redeem(&code).await;
    let token = tokens["access_token"].as_str().unwrap();
    let role = "{ viewer { role } }";
    let data = shop.api.data(token, role, json!({})).await;
    assert_eq!(data["viewer"]["role"], "ADMIN");
    // A role is what it is now, not what it was when the token was given.
    let input = json!({ "idempotencyKey": "3", "memberId": member, "role": "VIEWER" });
    shop.api
        .make(&backend, "memberUpdate", input, "member { id }")
        .await;
    let data = shop.api.data(token, role, json!({})).await;
    assert_eq!(data["viewer"]["role"], "VIEWER");
    let input = json!({ "idempotencyKey": "4", "memberId": member });
    shop.api
        .make(&backend, "memberDelete", input, "memberId")
        .await;
    let answer = shop.api.ask(token, role, json!({})).await;
    assert_eq!(crate::support::code(&answer), "UNAUTHENTICATED");
}

/// Whether it may be an `error_description` (RFC 6749 section 4.1.2.1).
pub fn is_plain(description: &str) -> bool {
    let allowed = |letter| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
    !description.is_empty() && description.chars().all(allowed)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_told_where_it_is_safe() {
    let shop = Shop::new().await;
    let mut browser = shop.browser();
    let cases = [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("scope", "everything"), "invalid_scope"),
        (("scope", "fleet:admin"), "invalid_scope"),
        (("scope", "\"é\\"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("prompt", "none"), "login_required"),
        (("prompt", "maybe"), "invalid_request"),
        (
            ("request_uri", "https://evil.example"),
            "request_not_supported",
        ),
        (("response_mode", "fragment"), "invalid_request"),
        (("tenant", "acc_1"), "invalid_request"),
    ];
    for (parameter_given, error) in cases {
        let page = browser.get(&shop.request(&[parameter_given])).await;
        assert_eq!(page.status, 303, "{parameter_given:?}: {}", page.text);
        assert_eq!(
            parameter(&page, "error").as_deref(),
            Some(error),
            "{parameter_given:?}"
        );
        assert_eq!(parameter(&page, "state").as_deref(), Some("s-1"));
        assert_eq!(parameter(&page, "iss").as_ref(), Some(&shop.api.url));
        let description = parameter(&page, "error_description").unwrap();
        assert!(is_plain(&description), "{description}");
    }
    sign_up(
        &mut browser,
        shop.api.store(),
        &shop.base,
        "anna@mail.example",
    )
    .await;
    for (given, error) in [
        (("prompt", "none"), "interaction_required"),
        (
            ("tenant", "ten_00000000000070008000000000000009"),
            "access_denied",
        ),
    ] {
        let page = browser.get(&shop.request(&[given])).await;
        assert_eq!(
            parameter(&page, "error").as_deref(),
            Some(error),
            "{given:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_can_say_no_and_a_client_can_want_a_fresh_sign_in() {
    let shop = Shop::new().await;
    let mut browser = shop.browser();
    sign_up(
        &mut browser,
        shop.api.store(),
        &shop.base,
        "anna@mail.example",
    )
    .await;
    let request = shop.request(&[]);
    let page = browser
        .submit(&request, &request, &[("decision", "deny")])
        .await;
    assert_eq!(parameter(&page, "error").as_deref(), Some("access_denied"));
    let page = browser.visit(&shop.request(&[("prompt", "login")])).await;
    assert!(
        page.says("wants to act"),
        "a sign-in of this minute is fresh: {}",
        page.text
    );
    super::browser::later(&shop.api.database, 61);
    let page = browser.visit(&shop.request(&[("prompt", "login")])).await;
    assert!(page.says("Password"), "{}", page.text);
    let (from, query) = ("/sign-in", shop.request(&[("prompt", "login")]));
    let query = query.split_once('?').unwrap().1;
    let sign_in = format!("{}{from}?{query}", shop.base);
    let fields = [("email", "anna@mail.example"), ("password", PASSWORD)];
    let page = browser.submit(&sign_in, &sign_in, &fields).await;
    assert!(page.says("wants to act"), "{}", page.text);
}
