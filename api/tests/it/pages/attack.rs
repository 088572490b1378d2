//! What attackers try (RFC 9700, OAuth 2.1 section 7, RFC 6819).

use serde_json::json;

use super::{
    browser::{Browser, PASSWORD, sign_up},
    shop::{REDIRECT, Shop, VERIFIER, client, parameter, storefront},
};
use crate::support;

async fn signed_in(shop: &Shop) -> Browser {
    let mut browser = shop.browser();
    sign_up(
        &mut browser,
        shop.api.store(),
        &shop.base,
        "anna@mail.example",
    )
    .await;
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_comes_twice_ends_what_it_gave() {
    let shop = Shop::new().await;
    let mut browser = signed_in(&shop).await;
    let code = shop.code(&mut browser, "none").await;
    let (_, tokens) = shop.redeem(&code).await;
    let token = tokens["access_token"].as_str().unwrap();
    shop.api.data(token, "{ viewer { kind } }", json!({})).await;
    let (status, answer) = shop.redeem(&code).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]),
        (400, &json!("invalid_grant"))
    );
    let answer = shop.api.ask(token, "{ viewer { kind } }", json!({})).await;
    assert_eq!(support::code(&answer), "UNAUTHENTICATED");
    let (status, _) = shop
        .refresh(tokens["refresh_token"].as_str().unwrap())
        .await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_comes_twice_ends_the_whole_family() {
    let shop = Shop::public().await;
    let mut browser = signed_in(&shop).await;
    let (_, first) = shop.redeem(&shop.code(&mut browser, "none").await).await;
    let (_, other) = shop.redeem(&shop.code(&mut browser, "none").await).await;
    let stolen = first["refresh_token"].as_str().unwrap();
    let (_, second) = shop.refresh(stolen).await;
    let (_, third) = shop
        .refresh(second["refresh_token"].as_str().unwrap())
        .await;
    let (status, answer) = shop.refresh(stolen).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]),
        (400, &json!("invalid_grant"))
    );
    let (status, _) = shop.refresh(third["refresh_token"].as_str().unwrap()).await;
    assert_eq!(
        status, 400,
        "whoever has the newest one can't tell who stole"
    );
    let token = third["access_token"].as_str().unwrap();
    let answer = shop.api.ask(token, "{ viewer { kind } }", json!({})).await;
    assert_eq!(support::code(&answer), "UNAUTHENTICATED");
    // The same person's other sign-in is another family.
    let (status, _) = shop.refresh(other["refresh_token"].as_str().unwrap()).await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_come_with_one_refresh_token_at_once_one_wins() {
    let shop = Shop::new().await;
    let mut browser = signed_in(&shop).await;
    let (_, tokens) = shop.redeem(&shop.code(&mut browser, "none").await).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let all = futures::future::join_all((0..8).map(|_| shop.refresh(token))).await;
    let won = all.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(won, 1, "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_worth_nothing_to_anybody_else() {
    let shop = Shop::new().await;
    let mut browser = signed_in(&shop).await;
    let good = |code: String| {
        vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code),
            ("redirect_uri", REDIRECT.to_owned()),
            ("code_verifier", VERIFIER.to_owned()),
        ]
    };
    let other = "x".repeat(43);
    for (name, value) in [
        ("code_verifier", other.as_str()),
        ("code_verifier", ""),
        ("redirect_uri", "https://shop.example.org/other"),
        ("code", "bc_guess"),
    ] {
        let mut form = good(shop.code(&mut browser, "none").await);
        for field in &mut form {
            if field.0 == name {
                field.1 = value.to_owned();
            }
        }
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let (status, answer) = shop.token(&form).await;
        assert_eq!(status, 400, "{name}={value}: {answer}");
    }
    // Another client, of the same storefront.
    let (id, secret) = client(&shop.api, shop.id, REDIRECT, false).await;
    let form = good(shop.code(&mut browser, "none").await);
    let request = shop.api.http.post(format!("{}/oauth/token", shop.api.url));
    let answer = request
        .basic_auth(&id, secret)
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let code = shop.code(&mut browser, "none").await;
    super::browser::later(&shop.api.database, 60);
    assert_eq!(shop.redeem(&code).await.0, 400, "too late");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_an_address_that_is_not_the_clients() {
    let shop = Shop::new().await;
    let mut browser = shop.browser();
    for uri in [
        "",
        "https://evil.example/callback",
        "https://shop.example.org/callback/",
        "https://shop.example.org/callback?next=https://evil.example",
        "https://shop.example.org/callback#x",
        "https://shop.example.org.evil.example/callback",
        "https://shop.example.org@evil.example/callback",
        "https://shop.example.org%2ecallback",
        "https://SHOP.example.org/callback",
        "//evil.example",
        "javascript:alert(1)",
    ] {
        for extra in [("prompt", "none"), ("response_type", "nonsense")] {
            let page = browser
                .get(&shop.request(&[("redirect_uri", uri), extra]))
                .await;
            assert_eq!(
                (page.status.as_u16(), &page.location),
                (400, &None),
                "{uri}"
            );
        }
    }
    for id in ["", "cli_1", "cli_00000000000070008000000000000009"] {
        let page = browser.get(&shop.request(&[("client_id", id)])).await;
        assert_eq!((page.status.as_u16(), &page.location), (400, &None), "{id}");
    }
    let twice = shop.request(&[]) + "&redirect_uri=https%3A%2F%2Fevil.example";
    assert_eq!(
        browser.get(&twice).await.status,
        400,
        "a parameter that comes twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_in_there_is_no_way_but_back_to_the_request() {
    let shop = Shop::new().await;
    signed_in(&shop).await;
    for query in [
        "next=https://evil.example",
        "return_to=//evil.example",
        "client_id=https://evil.example&redirect_uri=https://evil.example",
    ] {
        let mut browser = shop.browser();
        let at = format!("{}/sign-in?{query}", shop.base);
        let fields = [("email", "anna@mail.example"), ("password", PASSWORD)];
        let page = browser.visit(&at).await;
        let csrf = page.hidden("csrf").unwrap();
        let all = [&[("csrf", csrf.as_str())], &fields[..]].concat();
        let page = browser.post(&at, &all).await;
        let location = page.location.unwrap();
        let inside = location.starts_with("/oauth/authorize?") || location.starts_with("/s/stf_");
        assert!(page.status == 303 && inside, "{location}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_site_can_send_a_form_in_somebodys_name() {
    let shop = Shop::new().await;
    let mut browser = signed_in(&shop).await;
    let request = shop.request(&[]);
    let allow = [("decision", "allow"), ("tenant", "none")];
    let page = browser.post(&request, &allow).await;
    assert_eq!(
        (page.status.as_u16(), &page.location),
        (403, &None),
        "without the secret"
    );
    let mut stranger = shop.browser();
    let theirs = stranger
        .visit(&format!("{}/sign-in", shop.base))
        .await
        .hidden("csrf")
        .unwrap();
    let forged = [("csrf", theirs.as_str()), allow[0], allow[1]];
    let page = browser.post(&request, &forged).await;
    assert_eq!(page.status, 403, "with the secret of another browser");
    let own = browser.visit(&request).await.hidden("csrf").unwrap();
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let cookies: Vec<_> = browser
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let fields = [("csrf", own.as_str()), allow[0], allow[1]];
        let answer = shop
            .api
            .http
            .post(format!("{}{request}", shop.api.url))
            .header("cookie", cookies.join("; "))
            .header(name, value)
            .form(&fields)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403, "{name}: {value}");
    }
    // Signing somebody in as oneself is an attack too.
    let fields = [("email", "anna@mail.example"), ("password", PASSWORD)];
    let page = shop
        .browser()
        .post(&format!("{}/sign-in", shop.base), &fields)
        .await;
    assert_eq!(page.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_there_before_the_sign_in_is_not_the_one_after() {
    let shop = Shop::new().await;
    signed_in(&shop).await;
    let mut browser = shop.browser();
    let at = format!("{}/sign-in", shop.base);
    browser.visit(&at).await;
    let name = browser.cookies.keys().next().unwrap().clone();
    let planted = browser.cookies[&name].clone();
    browser
        .cookies
        .insert(name.replace("browser", "session"), "bk_planted".to_owned());
    let fields = [("email", "anna@mail.example"), ("password", PASSWORD)];
    let page = browser.submit(&at, &at, &fields).await;
    assert!(page.says("Your account"), "{}", page.text);
    assert_ne!(
        browser.cookies[&name], planted,
        "whoever planted it knows nothing"
    );
    let mut attacker = shop.browser();
    attacker.cookies.insert(name.clone(), planted);
    attacker
        .cookies
        .insert(name.replace("browser", "session"), "bk_planted".to_owned());
    let page = attacker.visit(&format!("{}/account", shop.base)).await;
    assert!(page.says("Forgotten"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_storefronts_client_asks_nobody_here() {
    let shop = Shop::new().await;
    let mut browser = signed_in(&shop).await;
    let other = storefront(&shop.api, "Other").await;
    let (id, _) = client(&shop.api, other, REDIRECT, false).await;
    // Its request leads to its own pages, where Anna has no account.
    let page = browser.visit(&shop.request(&[("client_id", &id)])).await;
    assert!(page.says("Other") && page.says("Sign in"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_not_framed_kept_or_scripted() {
    let shop = Shop::new().await;
    let mut browser = shop.browser();
    let page = browser.visit(&format!("{}/sign-in", shop.base)).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("script-src") && !page.says("<script"));
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(page.headers[name], value);
    }
    let mut browser = signed_in(&shop).await;
    let page = browser.visit(&shop.request(&[])).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' https://shop.example.org;"),
        "{policy}"
    );
    assert!(parameter(&page, "code").is_none());
}
