//! Signing up.

use berth_model::NoticeKind;

use super::{
    browser::{PASSWORD, code, kinds, later, sign_up},
    shop::Shop,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_learns_nothing_about_who_has_an_account() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut anna = shop.browser();
    sign_up(&mut anna, store, &shop.base, "anna@mail.example").await;
    let mut answers = Vec::new();
    for email in [
        "anna@mail.example",
        "ANNA@mail.example",
        "berta@mail.example",
    ] {
        let mut browser = shop.browser();
        let from = format!("{}/sign-up", shop.base);
        let fields = [("name", "X"), ("email", email), ("password", PASSWORD)];
        let hashes = store.password_hashes();
        let page = browser.submit(&from, &from, &fields).await;
        assert_eq!(store.password_hashes() - hashes, 1, "the same work");
        let csrf = page.hidden("csrf").unwrap();
        answers.push((page.status, page.text.replace(&csrf, "")));
        let to = format!("{}/sign-up/code", shop.base);
        let page = browser.submit(&to, &to, &[("code", "0000-0000")]).await;
        let csrf = page.hidden("csrf").unwrap();
        answers.push((page.status, page.text.replace(&csrf, "")));
    }
    assert_eq!(answers[0..2], answers[2..4]);
    assert_eq!(answers[0..2], answers[4..6]);
    let told = kinds(store).await;
    let known = told.iter().filter(|kind| **kind == NoticeKind::SignUpKnown);
    assert_eq!(known.count(), 2, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_in_its_browser_for_a_while_and_for_a_few_tries() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let from = format!("{}/sign-up", shop.base);
    let to = format!("{}/sign-up/code", shop.base);
    let fields = [
        ("name", "Anna"),
        ("email", "anna@mail.example"),
        ("password", PASSWORD),
    ];
    let mut browser = shop.browser();
    browser.submit(&from, &from, &fields).await;
    let right = code(store, "anna@mail.example").await;
    let mut other = shop.browser();
    let page = other.submit(&to, &to, &[("code", &right)]).await;
    assert!(page.says("wrong"), "of another browser: {}", page.text);
    for _ in 0..5 {
        let page = browser.submit(&to, &to, &[("code", "0000-0000")]).await;
        assert!(page.says("wrong"), "{}", page.text);
    }
    let page = browser.submit(&to, &to, &[("code", &right)]).await;
    assert!(page.says("wrong"), "tried too often: {}", page.text);
    browser.submit(&from, &from, &fields).await;
    let right = code(store, "anna@mail.example").await;
    later(&shop.api.database, 15 * 60);
    let page = browser.submit(&to, &to, &[("code", &right)]).await;
    assert!(page.says("wrong"), "too late: {}", page.text);
    browser.submit(&from, &from, &fields).await;
    let typed = code(store, "anna@mail.example")
        .await
        .to_lowercase()
        .replace('-', " ");
    let page = browser.submit(&to, &to, &[("code", &typed)]).await;
    assert!(page.says("Your account"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_in_the_readers_language_and_lose_nothing() {
    let shop = Shop::new().await;
    let from = format!("{}/sign-up", shop.base);
    for (language, weak, name) in [
        ("en", "easily guessed", "Give a name"),
        (
            "de-AT,de;q=0.9",
            "leicht zu erraten",
            "Geben Sie einen Namen",
        ),
        ("fr", "facile à deviner", "Donnez un nom"),
    ] {
        let mut browser = shop.browser();
        browser.language = language;
        let email = format!("{}@mail.example", &language[..2]);
        let fields = [
            ("name", "Anna <b>"),
            ("email", email.as_str()),
            ("password", "password12"),
        ];
        let page = browser.submit(&from, &from, &fields).await;
        assert!(page.status == 400 && page.says(weak), "{}", page.text);
        assert!(
            page.says("Anna &#60;b&#62;") && page.says(&email),
            "{}",
            page.text
        );
        assert!(!page.says("password12"));
        let fields = [
            ("name", " "),
            ("email", email.as_str()),
            ("password", PASSWORD),
        ];
        let page = browser.submit(&from, &from, &fields).await;
        assert!(page.says(name), "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_one_storefront_is_none_of_another() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let other = super::browser::base(super::shop::storefront(&shop.api, "Other").await);
    let mut browser = shop.browser();
    sign_up(&mut browser, store, &shop.base, "anna@mail.example").await;
    let page = browser.visit(&format!("{other}/account")).await;
    assert!(page.says("Other") && page.says("Password"), "{}", page.text);
    let sign_in = format!("{other}/sign-in");
    let fields = [("email", "anna@mail.example"), ("password", PASSWORD)];
    let page = browser.submit(&sign_in, &sign_in, &fields).await;
    assert!(
        page.says("The address or the password is wrong"),
        "{}",
        page.text
    );
    // The same address has an account of its own there.
    sign_up(&mut browser, store, &other, "anna@mail.example").await;
}
