//! A lost password.

use berth_model::NoticeKind;
use serde_json::json;

use super::{
    browser::{PASSWORD, code, kinds, sign_up},
    shop::Shop,
};
use crate::support;

const NEW: &str = "seven quiet lighthouses";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_all_sessions_and_tokens() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut thief = shop.browser();
    sign_up(&mut thief, store, &shop.base, "anna@mail.example").await;
    let (_, tokens) = shop.redeem(&shop.code(&mut thief, "none").await).await;
    let mut anna = shop.browser();
    let (from, to) = (
        format!("{}/reset", shop.base),
        format!("{}/reset/code", shop.base),
    );
    anna.submit(&from, &from, &[("email", "Anna@mail.example")])
        .await;
    let right = code(store, "anna@mail.example").await;
    let page = anna
        .submit(&to, &to, &[("code", &right), ("password", "1234567890")])
        .await;
    assert!(
        page.says("easily guessed"),
        "the code isn't used up: {}",
        page.text
    );
    let page = anna
        .submit(&to, &to, &[("code", &right), ("password", NEW)])
        .await;
    assert!(page.says("Your account"), "{}", page.text);
    assert!(kinds(store).await.contains(&NoticeKind::PasswordChanged));
    let page = thief.visit(&format!("{}/account", shop.base)).await;
    assert!(page.says("Password"), "{}", page.text);
    let token = tokens["access_token"].as_str().unwrap();
    let answer = shop.api.ask(token, "{ viewer { kind } }", json!({})).await;
    assert_eq!(support::code(&answer), "UNAUTHENTICATED");
    let (status, _) = shop
        .refresh(tokens["refresh_token"].as_str().unwrap())
        .await;
    assert_eq!(status, 400);
    let at = format!("{}/sign-in", shop.base);
    let fields = [("email", "anna@mail.example"), ("password", PASSWORD)];
    let page = thief.submit(&at, &at, &fields).await;
    assert_eq!(page.status, 400, "the old password");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_whether_there_is_an_account() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    sign_up(&mut shop.browser(), store, &shop.base, "anna@mail.example").await;
    let (from, to) = (
        format!("{}/reset", shop.base),
        format!("{}/reset/code", shop.base),
    );
    let mut answers = Vec::new();
    for email in ["anna@mail.example", "nobody@mail.example"] {
        let mut browser = shop.browser();
        for fields in [
            vec![("email", email)],
            vec![("email", email), ("recovery", "yes")],
        ] {
            let page = browser.submit(&from, &from, &fields).await;
            let csrf = page.hidden("csrf").unwrap();
            answers.push((page.status, page.text.replace(&csrf, "")));
            let hashes = store.password_hashes();
            let fields = [("code", "0000-0000"), ("password", NEW)];
            let page = browser.submit(&to, &to, &fields).await;
            assert_eq!(store.password_hashes() - hashes, 1);
            answers.push((page.status, page.text.replace(&csrf, "")));
        }
    }
    assert_eq!(answers[..4], answers[4..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_address_lets_in_who_lost_the_mailbox() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut anna = shop.browser();
    sign_up(&mut anna, store, &shop.base, "anna@mail.example").await;
    let account = format!("{}/account", shop.base);
    let begin = format!("{account}/recovery-email");
    let fields = [("email", "anna@elsewhere.example"), ("password", PASSWORD)];
    anna.submit(&account, &begin, &fields).await;
    let at = format!("{begin}/code");
    let right = code(store, "anna@elsewhere.example").await;
    let page = anna.submit(&at, &at, &[("code", &right)]).await;
    assert!(
        page.says("anna@elsewhere.example") && page.says("Saved"),
        "{}",
        page.text
    );
    let mut browser = shop.browser();
    let (from, to) = (
        format!("{}/reset", shop.base),
        format!("{}/reset/code", shop.base),
    );
    let fields = [("email", "anna@mail.example"), ("recovery", "yes")];
    browser.submit(&from, &from, &fields).await;
    let right = code(store, "anna@elsewhere.example").await;
    let page = browser
        .submit(&to, &to, &[("code", &right), ("password", NEW)])
        .await;
    assert!(page.says("Your account"), "{}", page.text);
}
