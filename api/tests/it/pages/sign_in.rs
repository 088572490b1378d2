//! Signing in and out.

use berth_model::{NoticeBody, NoticeKind};
use serde_json::json;

use super::{
    browser::{Browser, PASSWORD, kinds, later, mail, sign_up},
    shop::Shop,
};

async fn sign_in(
    browser: &mut Browser,
    base: &str,
    email: &str,
    password: &str,
) -> super::browser::Page {
    let at = format!("{base}/sign-in");
    let fields = [("email", email), ("password", password)];
    browser.submit(&at, &at, &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_accounts_take_the_same_work_and_look_the_same() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    sign_up(&mut shop.browser(), store, &shop.base, "anna@mail.example").await;
    let mut answers = Vec::new();
    for email in ["anna@mail.example", "nobody@mail.example"] {
        let mut browser = shop.browser();
        let hashes = store.password_hashes();
        let page = sign_in(&mut browser, &shop.base, email, "wrong").await;
        assert_eq!(store.password_hashes() - hashes, 1);
        let csrf = page.hidden("csrf").unwrap();
        answers.push(page.text.replace(&csrf, "").replace(email, ""));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_guess_keep_out_nobody_who_was_there_before() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut anna = shop.browser();
    sign_up(&mut anna, store, &shop.base, "anna@mail.example").await;
    let out = format!("{}/sign-out", shop.base);
    anna.submit(&format!("{}/account", shop.base), &out, &[])
        .await;
    let mut stranger = shop.browser();
    let mut hashes = store.password_hashes();
    for _ in 0..10 {
        let page = sign_in(&mut stranger, &shop.base, "anna@mail.example", "guess").await;
        assert_eq!(page.status, 400);
    }
    assert_eq!(store.password_hashes() - hashes, 10);
    hashes = store.password_hashes();
    // From another browser as well: it is the account that they guess at.
    for mut browser in [stranger, shop.browser()] {
        let page = sign_in(&mut browser, &shop.base, "Anna@mail.example", PASSWORD).await;
        assert!(
            page.status == 429 && page.says("Too many tries"),
            "{}",
            page.text
        );
    }
    assert_eq!(
        store.password_hashes(),
        hashes,
        "nothing is hashed for them"
    );
    let page = sign_in(&mut anna, &shop.base, "anna@mail.example", PASSWORD).await;
    assert!(page.says("Your account"), "{}", page.text);
    later(&shop.api.database, 60);
    let page = sign_in(
        &mut shop.browser(),
        &shop.base,
        "anna@mail.example",
        PASSWORD,
    )
    .await;
    assert!(
        page.says("Your account"),
        "a minute later one more try: {}",
        page.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_browser_is_told_by_mail_and_a_session_can_be_ended_from_another() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut phone = shop.browser();
    sign_up(&mut phone, store, &shop.base, "anna@mail.example").await;
    let mut desk = shop.browser();
    sign_in(&mut desk, &shop.base, "anna@mail.example", PASSWORD).await;
    match mail(store, "anna@mail.example").await {
        NoticeBody::SignedInElsewhere { from, .. } => assert_eq!(from, "127.0.0.1"),
        other => panic!("{other:?}"),
    }
    let account = format!("{}/account", shop.base);
    let page = desk.visit(&account).await;
    assert_eq!(
        page.text.matches("account/sessions/end\"").count(),
        1,
        "one other"
    );
    let end = format!("{}/account/sessions/end-others", shop.base);
    desk.submit(&account, &end, &[]).await;
    let page = phone.visit(&account).await;
    assert!(page.says("Password"), "{}", page.text);
    assert!(desk.visit(&account).await.says("Your account"));
    // A browser that is known isn't news.
    let told = kinds(store).await.len();
    sign_in(&mut phone, &shop.base, "anna@mail.example", PASSWORD).await;
    assert_eq!(kinds(store).await.len(), told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_it_is_not_used_and_in_any_case() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let account = format!("{}/account", shop.base);
    let day = 24 * 3600;
    let mut browser = shop.browser();
    sign_up(&mut browser, store, &shop.base, "anna@mail.example").await;
    for _ in 0..6 {
        later(&shop.api.database, 13 * day);
        assert!(browser.visit(&account).await.says("Your account"));
    }
    later(&shop.api.database, 12 * day);
    assert!(
        browser.visit(&account).await.says("Password"),
        "ninety days"
    );
    sign_in(&mut browser, &shop.base, "anna@mail.example", PASSWORD).await;
    later(&shop.api.database, 14 * day);
    assert!(
        browser.visit(&account).await.says("Password"),
        "two weeks unused"
    );
    let removed = store.expired_remove().await.unwrap();
    assert!(removed.sessions >= 2, "{removed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_storefront_named_as_owner_signs_up_into_that_account() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let backend = shop
        .api
        .token(berth_model::ClientFor::Storefront(shop.id))
        .await;
    let input = json!({
        "idempotencyKey": "1", "name": "Choir", "ownerName": "A.", "ownerEmail": "anna@mail.example",
    });
    shop.api
        .make(&backend, "tenantCreate", input, "tenant { id }")
        .await;
    let mut browser = shop.browser();
    let page = sign_in(&mut browser, &shop.base, "anna@mail.example", "").await;
    assert_eq!(page.status, 400, "there is no password to be right");
    sign_up(&mut browser, store, &shop.base, "anna@mail.example").await;
    let page = browser.visit(&format!("{}/account", shop.base)).await;
    assert!(page.says("Choir") && page.says("Owner"), "{}", page.text);
    assert!(!kinds(store).await.contains(&NoticeKind::SignUpKnown));
}
